"""A real Prometheus says when an alert began, answers for a row of which a table knows one number only, and draws the
lines that are worth it.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ansible_collections.llmmon.stack.plugins.module_utils.host.waiting import wait_for

from dashboards import frame
from tests.rules import dashboards, promtool
from tests.rules.boards import reading
from tests.rules.boards.world import World
from tests.rules.dashboards import BOARDS
from tests.support import prometheus

ENOUGH_SECONDS = 60
CONFIGURATION = """
global: {evaluation_interval: 1s}
rule_files: [rules.yml]
"""
RULES = """
groups:
  - name: one
    rules:
      - {record: "job_model:llm_requests:rate5m", expr: vector(1), labels: {job: gateway, model: served}}
      - {record: "job_model:llm_requests_failed:rate5m", expr: vector(0.5), labels: {job: gateway, model: served}}
      - {record: "job_team:llm_tokens_used:rate5m", expr: vector(1), labels: {job: gateway, team: None}}
      - {record: "job_team:llm_tokens_used:rate5m", expr: vector(1), labels: {job: gateway, team: search}}
      - {record: "llmmon:gateway", expr: vector(1), labels: {job: gateway}}
      - {record: "llmmon:gateway", expr: vector(1), labels: {job: other}}
      - {record: "llmmon:threshold", expr: vector(0.2), labels: {name: failure_ratio}}
      - {record: "llmmon:threshold", expr: vector(10), labels: {name: waiting_requests}}
      - alert: Fires
        expr: vector(1)
        for: 2s
        labels: {component: llm, job: gateway, severity: critical}
      - alert: Waits
        expr: vector(1)
        for: 1h
        labels: {component: llm, job: gateway, severity: warning}
"""
# A dozen models, each fails more than the one before.
FAILING = "".join(
    f"""      - record: job_model:llm_requests_failed:ratio_rate5m
        expr: vector({number / 20})
        labels: {{job: gateway, model: model-{number}}}
"""
    for number in range(12)
)


def test_strokes_tables_and_lines(tmp_path: Path) -> None:
    """All versions at once, since they mostly wait."""
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda version: check(version, tmp_path / version), promtool.VERSIONS))


def check(version: str, folder: Path) -> None:
    release = folder / "current"
    release.mkdir(parents=True)
    (release / "prometheus.yml").write_text(CONFIGURATION, encoding="utf-8")
    (release / "rules.yml").write_text(RULES + FAILING, encoding="utf-8")
    began = time.time()
    with prometheus.running(version, folder) as server:
        strokes = dashboards.filled_in(frame.fired('component="llm", job=~"$job|"'))
        found = wait_for(lambda: server.query(strokes) or None, ENOUGH_SECONDS)
        assert found, version
        ((labels, milliseconds),) = found
        # Not the one that is only pending; and the time at which its condition was met, not that of the sample.
        assert labels["alertname"] == "Fires"
        assert began - 1 <= milliseconds / 1000 <= time.time() - 2
        time_of_a_later_sample = wait_for(
            lambda: [value for _, value in server.query(strokes)] if time.time() > began + 8 else None, ENOUGH_SECONDS
        )
        assert time_of_a_later_sample == [milliseconds]
        (alerts,) = panel("llmmon-overview", "Alerts that fire now")
        ((row, seconds),) = server.query(alerts)
        assert (row["alertname"], row["severity"], set(row) & {"alertstate", "component"}) == ("Fires", "1", set())
        assert 2 <= seconds <= time.time() - began + 1
        for uid in ("llmmon-overview", "llmmon-operations"):
            numbers = panel(uid, "Models")
            assert len(numbers) > 1
            for expression in numbers:
                answered = [labels for labels, _ in server.query(expression)]
                assert {"job": "gateway", "model": "served"} in answered
        lines, threshold, _ = panel("llmmon-overview", "Failure ratio by model")
        # The same ones at each time, however often others were among those that failed most.
        drawn = server.get("query_range", query=lines, start=str(began - 60), end=str(time.time()), step="1")["result"]
        assert {line["metric"]["model"] for line in drawn} == {f"model-{number}" for number in range(7, 12)}
        # Behind each line its gateway, since there are two.
        assert {line["metric"]["of"] for line in drawn} == {"(gateway)"}
        assert server.query(threshold) == [({}, 0.2)]
        assert offered(server, "several", "gateway|other") == [(".+", ".+")]
        assert offered(server, "several", "gateway") == []
        (one,) = server.query(panel("llmmon-overview", "Busiest models", several="")[0])
        (of_two,) = server.query(panel("llmmon-overview", "Busiest models")[0])
        assert (one[0]["bar"].strip(), of_two[0]["bar"]) == ("served", "served (gateway)")
        assert offered(server, "team", "gateway") == [("no team", "None"), ("search", "search")]
        # What fails more often than was set is red, and only that.
        within, beyond = panel("llmmon-overview", "Failed")
        assert wait_for(lambda: server.query(beyond) or None, ENOUGH_SECONDS) == [({}, 0.5)]
        assert server.query(within) == []
        within, beyond = (asked.replace("failure_ratio", "waiting_requests") for asked in (within, beyond))
        assert (server.query(within), server.query(beyond)) == ([({}, 0.5)], [])
        waiting, threshold, _ = panel("llmmon-operations", "Requests waiting by model")
        assert server.query(waiting) == server.query(threshold) == []


def panel(uid: str, title: str, several: str = ".+") -> list[str]:
    """What a panel asks, all of it."""
    (found,) = [panel for panel in dashboards.panels(BOARDS[uid]) if panel["title"] == title]
    asked = [target["expr"].replace("$several", several) for target in found["targets"]]
    return [dashboards.filled_in(expression, rate_interval="1s") for expression in asked]


def offered(server: prometheus.Server, name: str, chosen: str) -> list[tuple[str, str]]:
    """What a variable offers where these gateways are chosen."""
    (variable,) = [entry for entry in BOARDS["llmmon-cost"]["templating"]["list"] if entry["name"] == name]
    query = dashboards.filled_in(variable["query"]["query"].replace("$job", chosen))
    world = World(server, int(time.time()), {}, [])
    return sorted(reading.offered(world, query, variable["regex"]))
