"""What the board "LLM overview" shows of the demo's gateway, asked of its Prometheus by the board's own queries."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ansible_collections.llmmon.stack.plugins.module_utils.clients.http import HttpClient

from tests.testbed.sinks import Entry
from tests.testbed.state import REPOSITORY

# How far back the lines of the view go, and how often they look.
MINUTES, STEP_SECONDS = 5, 10

_BOARD = REPOSITORY / "collections" / "llmmon" / "roles" / "grafana" / "files" / "dashboards" / "llmmon-overview.json"
_NUMBERS = ("Requests", "Failed", "P95 of the slowest model", "Tokens")
_MODELS = "Models"
COST = "Cost per hour"
COLUMNS = ("Requests", "Failed", "P95", COST)
# It always fires: it shows that alerting works.
_HEARTBEAT = "Watchdog"


@dataclass(frozen=True)
class Number:
    """A number of the board and what it was before, oldest first; None where there is none."""

    title: str
    history: tuple[float | None, ...]

    @property
    def now(self) -> float | None:
        return self.history[-1]


@dataclass(frozen=True)
class Model:
    """A row of the board's table: what each column has, None where there is nothing."""

    name: str
    values: dict[str, float | None]


@dataclass(frozen=True)
class Alert:
    """An alert that is pending or fires; ``holds_seconds`` is how long it is pending first."""

    name: str
    severity: str
    job: str
    model: str
    is_firing: bool
    since: float
    holds_seconds: float
    description: str


@dataclass(frozen=True)
class Message:
    """What Alertmanager sent, in Slack's form."""

    received: float
    title: str
    text: str

    @property
    def is_firing(self) -> bool:
        return self.title.startswith("[FIRING")


def numbers(prometheus: HttpClient, moment: int) -> list[Number]:
    """The first numbers of the board, at this moment and in the minutes before."""
    board = _panels()
    queries = {title: _all(board[title]["targets"][0]["expr"]) for title in _NUMBERS}
    # The board has it by model.
    queries[COST] = _columns(board[_MODELS])[COST]
    return [Number(title, _history(prometheus, query, moment)) for title, query in queries.items()]


def models(prometheus: HttpClient) -> list[Model]:
    """The board's table of models, as it is sorted there: the one that fails most comes first."""
    queries = _columns(_panels()[_MODELS])
    rows: dict[str, dict[str, float | None]] = {}
    for column in COLUMNS:
        for sample in prometheus.get("/api/v1/query", query=queries[column])["data"]["result"]:
            row = rows.setdefault(sample["metric"]["model"], dict.fromkeys(COLUMNS))
            row[column] = _known(sample["value"][1])
    found = [Model(name, values) for name, values in rows.items()]
    return sorted(found, key=lambda model: (-(model.values["Failed"] or 0), model.name))


def alerts(prometheus: HttpClient) -> list[Alert]:
    """All that fire, but for the one that always does, or are about to."""
    groups = prometheus.get("/api/v1/rules", type="alert")["data"]["groups"]
    return [
        _alert(rule, alert)
        for group in groups
        for rule in group["rules"]
        for alert in rule["alerts"]
        if rule["name"] != _HEARTBEAT
    ]


def last_message(records: Sequence[Entry], model: str) -> Message | None:
    """The newest that a receiver of Slack's kind got about a model."""
    return next((message for message in _messages(reversed(records)) if model in message.text), None)


def _messages(records: Iterator[Entry]) -> Iterator[Message]:
    for record in records:
        content = record.get("json")
        for attachment in content.get("attachments", []) if isinstance(content, dict) else []:
            yield Message(record["time"], str(attachment.get("title", "")), str(attachment.get("text", "")))


def _alert(rule: dict[str, Any], alert: dict[str, Any]) -> Alert:
    labels = alert["labels"]
    return Alert(
        name=rule["name"],
        severity=labels.get("severity", ""),
        job=labels.get("job", ""),
        model=labels.get("model", ""),
        is_firing=alert["state"] == "firing",
        since=datetime.fromisoformat(alert["activeAt"]).timestamp(),
        holds_seconds=rule["duration"],
        description=alert["annotations"].get("description", ""),
    )


def _panels() -> dict[str, Any]:
    board = json.loads(_BOARD.read_text(encoding="utf-8"))
    return {panel["title"]: panel for panel in board["panels"] if panel.get("targets")}


def _columns(table: dict[str, Any]) -> dict[str, str]:
    """Heading to query."""
    (headings,) = (
        step["options"]["renameByName"] for step in table["transformations"] if "renameByName" in step["options"]
    )
    return {headings.get(f"Value #{target['refId']}", ""): _all(target["expr"]) for target in table["targets"]}


def _all(query: str) -> str:
    """The query with all gateways and all models chosen."""
    return query.replace("$job", ".*").replace("$model", ".*")


def _history(prometheus: HttpClient, query: str, moment: int) -> tuple[float | None, ...]:
    """Its values, oldest first; where it gives a series for each model, their sum."""
    start = moment - MINUTES * 60
    answer = prometheus.get("/api/v1/query_range", query=query, start=start, end=moment, step=STEP_SECONDS)
    found: dict[int, float] = {}
    for series in answer["data"]["result"]:
        for at, text in series["values"]:
            value = _known(text)
            if value is not None:
                place = round((at - start) / STEP_SECONDS)
                found[place] = found.get(place, 0.0) + value
    return tuple(found.get(place) for place in range(MINUTES * 60 // STEP_SECONDS + 1))


def _known(text: str) -> float | None:
    value = float(text)
    return None if math.isnan(value) else value
