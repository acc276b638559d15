"""What is wrong with what a board shows, and why it shows nothing where it shows nothing."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations, groupby
from typing import Any

from tests.rules.boards.reading import Answer
from tests.rules.boards.world import MANY, World
from tests.rules.promql import metric_names

# What a panel must not do.
RULES = ("empty", "only a threshold", "says no traffic", "name", "unit", "lines", "lines of all gateways")
MOST_LINES = 8
# Grafana shows numbers of these as they are; a rate or a share is something else.
PLAIN = {"none", "short"}
_PER_SECOND = re.compile(r":rate\d|\brate\(")
# A rate divided by a rate, and one that is added up, are rates no more.
_NO_RATE = re.compile(r"/|_over_time|increase|count\(|ratio|histogram_quantile|p\d+_|_baseline_")
# Of a file of the host.
_PATH = re.compile(r"(?:^|\s)/\w")
_CHOICE = re.compile(r"\s(?:and|unless|or)\s")
_UNLESS = " unless "
# What chooses one of two numbers by the recorded threshold.
_BEYOND = re.compile(r"\)? > on \(\) max\(llmmon:threshold\{.+ @ end\(\)\)")
_SELECTOR = re.compile(r"([a-zA-Z_:][\w:]*)\{([^{}]+)\}")
_MATCHER = re.compile(r'\b(\w+)="([^"]*)"')
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
    names = metric_names(query)
    for name in sorted(names - world.had(gateway)):
        if found := _why_missing(world, gateway, name, (), query):
            return found
    # That it can find something, too, some other gateway has to show.
    if _BEYOND.search(query) and _UNLESS not in query:
        return "it is not beyond its threshold"
    return "all of it is in what comes after unless" if _UNLESS in query else _why_apart(world, gateway, names)


def _why_missing(world: World, gateway: str, name: str, above: tuple[str, ...], asked: str) -> str:
    kind = world.kinds[gateway]
    if name in {"ALERTS", "ALERTS_FOR_STATE"}:
        return "no alert of it fires"
    rules = [rule for rule in world.rules if rule.get("record") == name and _applies(rule, gateway, kind, asked)]
    if not rules:
        return f"{kind} has no {name}"
    return min(_why_without(world, gateway, str(rule["expr"]), (*above, name)) for rule in rules)


def _applies(rule: dict[str, Any], gateway: str, kind: str, asked: str) -> bool:
    """Whether a rule may record series of the gateway that are asked for."""
    labels = rule.get("labels", {})
    wanted = {**dict(_MATCHER.findall(asked)), "source": kind, "job": gateway}
    return all(wanted.get(name, value) == value for name, value in labels.items())


def _why_without(world: World, gateway: str, expression: str, above: tuple[str, ...]) -> str:
    """Why a rule records nothing of a gateway."""
    names = metric_names(expression)
    for name in sorted(names - world.had(gateway) - set(above)):
        if found := _why_missing(world, gateway, name, above, expression):
            return found
    for name, matchers in _SELECTOR.findall(expression):
        if name in world.had(gateway) and not world.has(gateway, f'{name}{{{matchers}, job="{gateway}"}}'):
            return f"{world.kinds[gateway]} has no {name} with {matchers}"
    return _why_apart(world, gateway, names)


def _why_apart(world: World, gateway: str, names: set[str]) -> str:
    """Whether what is divided or multiplied by each other is never of the same model."""
    models = {name: found for name in sorted(names) if (found := world.models(gateway, name))}
    for one, other in combinations(models, 2):
        if not models[one] & models[other]:
            return f"{one} and {other} are of different models"
    return ""


# -- what is wrong


def faults(world: World, gateway: str, answers: Iterable[Answer]) -> Iterator[Fault]:
    """Of one board for one gateway."""
    for place, of_panel in groupby(answers, key=lambda answer: answer.place):
        panel = list(of_panel)
        for rule, text in _of_panel(world, gateway, panel):
            yield Fault(rule, place, gateway, text)


def _is_rate(query: str) -> bool:
    # What only chooses among the series, or stands in for them, is not what is shown.
    shown = _CHOICE.split(query)[0]
    return bool(_PER_SECOND.search(shown) and not _NO_RATE.search(shown))


def faults_of_all(answers: Iterable[Answer]) -> Iterator[Fault]:
    """Of one board when no gateway is chosen, but all of them."""
    for place, of_panel in groupby(answers, key=lambda answer: answer.place):
        if text := _too_many(list(of_panel)):
            yield Fault("lines of all gateways", place, "all", text)


def _too_many(panel: list[Answer]) -> str:
    lines = sum(len(answer.series) for answer in panel)
    return f"{lines} lines" if panel[0].type == "timeseries" and lines > MOST_LINES else ""


def _of_panel(world: World, gateway: str, panel: list[Answer]) -> Iterator[tuple[str, str]]:
    shown = [series for answer in panel for series in answer.series]
    wanted = [answer for answer in panel if not answer.threshold]
    empty = [answer for answer in wanted if not answer.series]
    for answer in empty:
        if not why_empty(world, gateway, answer.query):
            yield "empty", f"finds nothing although it could: {answer.query}"
    if wanted and len(empty) == len(wanted) and shown:
        yield "only a threshold", "draws a threshold and nothing that could be above it"
    # A table says it in each cell.
    nothing = empty if panel[0].type == "table" or len(empty) == len(wanted) else []
    if nothing and panel[0].when_empty == _NO_TRAFFIC:
        yield "says no traffic", why_empty(world, gateway, nothing[0].query)
    names = Counter(series.name for series in shown)
    for name, times in sorted(names.items()):
        if not name or "{" in name or _PATH.search(name):
            yield "name", f"a series is called {name!r}"
        elif times > 1:
            yield "name", f"{times} series are called {name!r}"
    for answer in panel:
        for series in answer.series:
            if not series.unit:
                yield "unit", f"{series.name} has no unit"
                break
            if series.unit in PLAIN and _is_rate(answer.query):
                yield "unit", f"{series.name} is per second, and {series.unit!r} does not say so"
                break
    if gateway == MANY and (text := _too_many(panel)):
        yield "lines", text
