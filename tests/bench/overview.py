"""What the overview dashboard asks over a span of time, and how long two servers take to answer it."""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping
from dataclasses import dataclass

import requests

from tests.rules import dashboards
from tests.rules.dashboards import BOARDS

UID = "llmmon-overview"
# As many points as Grafana wants of a graph.
_POINTS = 1000
_LEAST_STEP = 15


@dataclass(frozen=True)
class Question:
    """One of a panel's."""

    expression: str
    now: bool

    def ask(self, session: requests.Session, url: str, end: float, seconds: int) -> float:
        """Seconds until the whole answer is there."""
        step = max(_LEAST_STEP, seconds // _POINTS)
        path, span = "query_range", {"start": end - seconds, "end": end, "step": float(step)}
        if self.now:
            path, span = "query", {"time": end}
        asked: dict[str, str | float] = {"query": self.expression, **span}
        begun = time.monotonic()
        answer = session.get(f"{url}/api/v1/{path}", params=asked, timeout=300)
        taken = time.monotonic() - begun
        assert answer.ok, f"{url} {self.expression}: {answer.text[:500]}"
        assert not answer.json().get("warnings"), answer.json()["warnings"]
        return taken


def questions(seconds: int) -> list[Question]:
    return [
        Question(dashboards.filled_in(target["expr"].replace("$__range", f"{seconds}s")), bool(target.get("instant")))
        for panel in dashboards.panels(BOARDS[UID])
        for target in panel["targets"]
    ]


@dataclass(frozen=True)
class Times:
    """What the questions took."""

    seconds: list[float]

    @property
    def p95(self) -> float:
        return statistics.quantiles(self.seconds, n=20)[-1]

    @property
    def whole(self) -> float:
        """All, one after the other."""
        return sum(self.seconds)


def compare(urls: Mapping[str, str], end: float, seconds: int, runs: int) -> dict[str, Times]:
    """Each question to each server in turn, so that all meet the same load; the first round only warms them up."""
    taken: dict[str, list[float]] = {name: [] for name in urls}
    with requests.Session() as session:
        for run in range(runs + 1):
            for question in questions(seconds):
                for name, url in urls.items():
                    needed = question.ask(session, url, end, seconds)
                    if run:
                        taken[name].append(needed)
    return {name: Times(each) for name, each in taken.items()}
