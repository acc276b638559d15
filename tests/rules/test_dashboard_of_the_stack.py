"""The stack's own health is read from what a real Prometheus and a real Alertmanager say of themselves."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.rules import dashboards
from tests.rules.boards import judging, monitoring, reading
from tests.rules.boards.monitoring import STACK
from tests.rules.dashboards import BOARDS
from tests.support import versions

VERSIONS = versions.together()
QUERIES = [
    dashboards.filled_in(expression, rate_interval="10s") for expression in dashboards.expressions(BOARDS[STACK])
]
NEVER_ANSWERED = "prometheus_no_such_metric"
ENOUGH_SECONDS = 240


def test_every_query_finds_something(tmp_path: Path) -> None:
    """All versions at once, since they mostly wait."""
    with ThreadPoolExecutor() as pool:
        results = [pool.submit(problems_of, *pair, tmp_path / "-".join(pair)) for pair in VERSIONS]
        # That one is reported, so would any other be.
        assert [result.result() for result in results] == [[NEVER_ANSWERED]] * len(VERSIONS)


def problems_of(version: str, alertmanager_version: str, folder: Path) -> list[str]:
    """Queries to which a Prometheus of this version has no answer, and panels that nobody can read."""
    with monitoring.monitored(version, alertmanager_version, folder) as server:
        found = monitoring.unanswered(server, [*QUERIES, NEVER_ANSWERED], ENOUGH_SECONDS, but=1)
        shown = reading.answers(world := monitoring.world(server), reading.boards()[STACK])
        return found + [
            f"{fault.rule}: {fault.place}: {fault.text}"
            for fault in judging.faults(world, "monitoring", shown)
            if fault.rule in {"name", "unit"}
        ]
