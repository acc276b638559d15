"""What is wrong with what a board shows, and why it shows nothing where it shows nothing."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby

from tests.rules.boards.reading import Answer
from tests.rules.boards.world import MANY, World
from tests.rules.promql import metric_names

MOST_LINES = 8
# Grafana shows numbers of these as they are; a rate or a share is something else.
PLAIN = {"none", "short"}
_PER_SECOND = re.compile(r":rate\d|\brate\(")
# A rate divided by a rate, and one that is added up, are rates no more.
_NO_RATE = re.compile(r"/|_over_time|increase|count\(|ratio|histogram_quantile|p\d+_|_baseline_")
_NO_TRAFFIC = "No traffic"


@dataclass(frozen=True)
class Fault:
    """A rule that a panel breaks, and how."""

    rule: str
    place: str
    gateway: str
    text: str


# -- why there is nothing


def why_empty(world: World, gateway: str, query: str) -> str:
    """What the gateway does not have, so that this query can find nothing; "" if it should find something."""
    for name in sorted(metric_names(query) - world.had(gateway)):
        if found := _why_missing(world, gateway, name, ()):
            return found
    return ""


def _why_missing(world: World, gateway: str, name: str, above: tuple[str, ...]) -> str:
    kind = world.kinds[gateway]
    if name in {"ALERTS", "ALERTS_FOR_STATE"}:
        return "no alert of it fires"
    rules = [rule for rule in world.rules if rule.get("record") == name]
    own = [rule for rule in rules if rule.get("labels", {}).get("source", kind) == kind]
    if not own:
        return f"{kind} has no {name}"
    reasons = []
    for rule in own:
        missing = metric_names(str(rule["expr"])) - world.had(gateway) - {name, *above}
        reasons.append(next(filter(None, (_why_missing(world, gateway, one, (*above, name)) for one in missing)), ""))
    return sorted(reasons)[0]


# -- what is wrong


def faults(world: World, gateway: str, answers: Iterable[Answer]) -> Iterator[Fault]:
    """Of one board for one gateway."""
    for place, of_panel in groupby(answers, key=lambda answer: answer.place):
        panel = list(of_panel)
        for rule, text in _of_panel(world, gateway, panel):
            yield Fault(rule, place, gateway, text)


def _of_panel(world: World, gateway: str, panel: list[Answer]) -> Iterator[tuple[str, str]]:
    shown = [series for answer in panel for series in answer.series]
    wanted = [answer for answer in panel if not answer.threshold]
    empty = [answer for answer in wanted if not answer.series]
    for answer in empty:
        if not why_empty(world, gateway, answer.query):
            yield "empty", f"finds nothing although it could: {answer.query}"
    if wanted and len(empty) == len(wanted):
        if shown:
            yield "only a threshold", "draws a threshold and nothing that could be above it"
        if panel[0].when_empty == _NO_TRAFFIC:
            yield "says no traffic", why_empty(world, gateway, wanted[0].query)
    names = Counter(series.name for series in shown)
    for name, times in sorted(names.items()):
        if not name or "{" in name:
            yield "name", f"a series is called {name!r}"
        elif times > 1:
            yield "name", f"{times} series are called {name!r}"
    for answer in panel:
        for series in answer.series:
            if not series.unit:
                yield "unit", f"{series.name} has no unit"
                break
            if series.unit in PLAIN and _PER_SECOND.search(answer.query) and not _NO_RATE.search(answer.query):
                yield "unit", f"{series.name} is per second, and {series.unit!r} does not say so"
                break
    if gateway == MANY and panel[0].type == "timeseries" and len(shown) > MOST_LINES:
        yield "lines", f"{len(shown)} lines"
