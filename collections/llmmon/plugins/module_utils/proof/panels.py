# SPDX-License-Identifier: Apache-2.0
"""Whether each panel of the dashboards has data, through Grafana, or why it has none."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Optional

from ansible_collections.llmmon.stack.plugins.module_utils.alive.judging import Found
from ansible_collections.llmmon.stack.plugins.module_utils.alive.reading import Rules
from ansible_collections.llmmon.stack.plugins.module_utils.clients.grafana import GrafanaApi
from ansible_collections.llmmon.stack.plugins.module_utils.clients.http import HttpClient, HttpError
from ansible_collections.llmmon.stack.plugins.module_utils.dashboards.files import read_text
from ansible_collections.llmmon.stack.plugins.module_utils.dashboards.parse import load, unwrapped
from ansible_collections.llmmon.stack.plugins.module_utils.host.parallel import parallel_map
from ansible_collections.llmmon.stack.plugins.module_utils.host.waiting import wait_for
from ansible_collections.llmmon.stack.plugins.module_utils.proof.alerts import judge_of, own_rules
from ansible_collections.llmmon.stack.plugins.module_utils.proof.errors import NotProved, sentence_list
from ansible_collections.llmmon.stack.plugins.module_utils.proof.grafana import sample_count

# What Grafana fills in for the last hour, with everything chosen.
_FILLED_IN = {r"\$__rate_interval": "5m", r"\$__interval": "1m", r"\$__range": "1h"}
# "$1" is what label_replace found.
_VARIABLE = re.compile(r"\$\{[a-z_]\w*(?::\w+)?\}|\$[a-z_]\w*")
# Prometheus answers twenty queries at once, and those of its rules and of people come first.
_QUERIES_AT_ONCE = 8
NOTHING_NOW = "what it asks for does not happen now"


@dataclasses.dataclass(frozen=True)
class Panel:
    """A panel by its dashboard and title, and what it asks."""

    name: str
    expressions: tuple[str, ...]


def panels_of(directory: Path) -> list[Panel]:
    """The panels of all dashboards of a directory that ask Prometheus something, also in rows that are closed."""
    found = []
    for path in sorted((*directory.glob("*.json"), *directory.glob("*/*.json"))):
        board = unwrapped(path.name, load(path.name, read_text(path, path.name)))
        for panel in _everything(board.get("panels") or []):
            asked = [filled_in(target["expr"]) for target in panel.get("targets") or [] if target.get("expr")]
            if asked:
                found.append(Panel(f"{board.get('title')}: {panel.get('title')}", tuple(asked)))
    return found


def _everything(panels: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    for panel in panels:
        yield panel
        yield from panel.get("panels") or ()


def filled_in(expression: str) -> str:
    """An expression as Grafana sends it where all is chosen."""
    for placeholder, value in _FILLED_IN.items():
        expression = re.sub(placeholder, value, expression)
    return _VARIABLE.sub(".*", expression)


def verify_panels(
    grafana: GrafanaApi, prometheus: HttpClient, parameters: Mapping[str, Any], timeout: float
) -> dict[str, Any]:
    """Ask what all panels ask until each has data or a reason to have none; raises NotProved.

    ``parameters`` are the options ``grafana`` and ``alerts``.
    """
    shown = panels_of(Path(parameters["grafana"]["dashboards_directory"]))
    source = parameters["grafana"]["data_source_uid"]
    latest: dict[str, Any] = {}
    silence: list[str] = []

    def look() -> Optional[bool]:
        try:
            counts = parallel_map(_QUERIES_AT_ONCE, lambda panel: _samples(grafana, source, panel), shown)
            empty = [panel for panel, count in zip(shown, counts) if not count]
            found = _why(prometheus, parameters["alerts"], empty)
        except HttpError as error:
            silence[:] = [str(error)]
            return None
        silence.clear()
        latest.update(_summary(shown, empty, found))
        return None if latest["problems"] else True

    wait_for(look, timeout, interval=2.0)
    if silence:
        raise NotProved(f"Grafana cannot be asked what its panels show: {silence[0]}")
    if latest["problems"]:
        raise NotProved(f"panels without data: {len(latest['problems'])}. {sentence_list(latest['problems'])}", latest)
    return latest


def _samples(grafana: GrafanaApi, source: str, panel: Panel) -> int:
    """What a panel has to show; nothing more is asked once there is something."""
    for expression in panel.expressions:
        count = sample_count(grafana.query(source, expression))
        if count:
            return count
    return 0


def _why(prometheus: HttpClient, alerts: Mapping[str, Any], empty: Sequence[Panel]) -> list[Found]:
    """What the panels without data read, judged as alerts of ours would be."""
    groups = prometheus.get("/api/v1/rules", exclude_alerts="true")["data"]["groups"]
    asked = [
        {"type": "alerting", "name": panel.name, "query": expression}
        for panel in empty
        for expression in panel.expressions
    ]
    recording = [rule for group in groups for rule in group["rules"] if rule["type"] == "recording"]
    rules = Rules([{"rules": recording}, {"file": f"{own_rules(alerts)}panels", "rules": asked}])
    judge = judge_of(prometheus, rules, alerts)
    return [found for question in rules.alerts for found in judge.judge(question)]


def _summary(shown: Sequence[Panel], empty: Sequence[Panel], found: Sequence[Found]) -> dict[str, Any]:
    """All of it as facts.

    What a gateway should count is a problem. Anything else that is not there, such as what only some engines expose, is
    the reason that there is nothing to show; one question of a panel with such a reason is enough.
    """
    notes: dict[str, str] = {}
    problems: dict[str, str] = {}
    for one in found:
        is_problem = one.problem and one.job
        said = f"{one.job}: {one.problem}" if is_problem else one.problem or one.note
        (problems if is_problem else notes).setdefault(one.alert, said)
    reasons = {panel.name: notes.get(panel.name, NOTHING_NOW) for panel in empty}
    empty_rightly = [name for name in reasons if name not in problems]
    return {
        "total": len(shown),
        "line": f"panels: {len(shown) - len(empty)} have data, {len(empty_rightly)} rightly have none",
        "notes": [f"{name}: {reasons[name]}" for name in empty_rightly],
        "problems": [f"{name}: {why}" for name, why in problems.items()],
    }
