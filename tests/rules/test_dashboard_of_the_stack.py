"""The stack's own health is read from what a real Prometheus and a real Alertmanager say of themselves."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ansible_collections.llmmon.stack.plugins.module_utils.host.places import GENERATED

from tests.rules import catalogue, dashboards
from tests.rules.boards import judging, monitoring, reading
from tests.rules.boards.monitoring import STACK
from tests.rules.dashboards import BOARDS
from tests.support import prometheus, versions

VERSIONS = versions.together()
QUERIES = [
    dashboards.filled_in(expression, rate_interval="10s") for expression in dashboards.expressions(BOARDS[STACK])
]
NEVER_ANSWERED = "prometheus_no_such_metric"
ENOUGH_SECONDS = 240


def test_what_stays_at_zero_has_an_axis_of_its_own() -> None:
    """Grafana's would end at 100."""
    panels = {panel["title"]: panel["fieldConfig"]["defaults"] for panel in dashboards.panels(BOARDS[STACK])}
    for title in (
        "Evaluations that failed",
        "Evaluations left out",
        "Scrapes above their limit",
        "Trouble with storage",
    ):
        assert 0 < panels[title]["custom"]["axisSoftMax"] <= 1, title


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
        assert set() < rule_groups(server) <= rule_groups_of(folder)
        shown = reading.answers(world := monitoring.world(server), reading.boards()[STACK])
        return found + [
            f"{fault.rule}: {fault.place}: {fault.text}"
            for fault in judging.faults(world, "monitoring", shown)
            if fault.rule in {"name", "unit"}
        ]


def rule_groups(server: prometheus.Server) -> set[str]:
    """How panels call them: Prometheus itself begins with the path of the file."""
    return {labels["group"] for query in QUERIES if "rule_group" in query for labels, _ in server.query(query)}


def rule_groups_of(folder: Path) -> set[str]:
    files = [*(folder / "current" / "rules").glob("*.yml"), *(folder / GENERATED).glob("*.yml")]
    return {group["name"] for path in files for group in catalogue.groups(path.read_text(encoding="utf-8"))}
