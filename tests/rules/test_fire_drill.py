"""Fire drills with the real programs: every alert of a deployment fires and arrives, and one that cannot is found."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.llmmon.stack.plugins.module_utils.drill.loaded import MARK, Loaded
from ansible_collections.llmmon.stack.plugins.module_utils.drill.own_series import own_cases
from ansible_collections.llmmon.stack.plugins.module_utils.drill.plan import BY_ROUTE, plan_of
from ansible_collections.llmmon.stack.plugins.module_utils.drill.report import Row
from ansible_collections.llmmon.stack.plugins.module_utils.drill.running import Drill

from tests.routing import rendering as routing
from tests.routing import running
from tests.rules.scenarios import SCENARIOS
from tests.support import prometheus, rendering
from tests.support.drilling import Processes
from tests.support.loopback import Answer, Server
from tests.support.versions import together

BAR_SECONDS = 90
# Nothing is waited for any longer where something is to be missing.
SHORT_SECONDS = 5
RECEIVERS = {
    "slack": {"webhook_url": "http://127.0.0.1:9/slack"},
    "email": {"to": "a@example.org", "from": "b@example.org", "smarthost": "127.0.0.1:9", "tls": "none"},
}
NEWEST = together()[-1]
MODEL_IN_TEXT = 'model "drill-failing" at llm-auth-proxy'
# Everything that can be set.
EVERYTHING = SCENARIOS["options"]


def groups_of(folder: Path, version: str, files: dict[str, str]) -> list[dict[str, Any]]:
    """The rules as a Prometheus of this version says that it has loaded them."""
    for path, content in files.items():
        file = folder / "current" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
    (folder / "current" / "prometheus.yml").write_text("rule_files: [rules/*, rules.d/*]\n")
    with prometheus.running(version, folder) as server:
        return list(server.get("rules")["groups"])


def rules_of(variables: dict[str, Any]) -> dict[str, str]:
    return {f"rules/{name}": content for name, content in rendering.render_rules(**variables).items()}


def drilled(
    folder: Path,
    variables: dict[str, Any],
    files: dict[str, str],
    versions: tuple[str, str] = NEWEST,
    *,
    timeout: float = 60,
    only: list[str] | None = None,
    real: bool = False,
    receivers: dict[str, Any] = RECEIVERS,
    tests: dict[str, Any] | None = None,
) -> dict[str, Row]:
    """A drill of a deployment with these variables that has loaded these rule files."""
    groups = groups_of(folder / "live", versions[0], files)
    gateways = [{"kind": "canonical", "sample_limit": 50000, **gateway} for gateway in variables["llmmon_gateways"]]
    settings = {
        "failure_definition": variables.get("llmmon_failure_definition", "all"),
        "minimum_requests": variables.get("llmmon_alert_minimum_requests", 20),
    }
    plan = plan_of(groups, gateways, rendering.presets(), settings, only or [], own_cases([tests or {}]))
    release = routing.lay_out(folder / "alertmanager" / "current", llmmon_receivers=receivers)
    (release.folder / "templates" / "defaults.tmpl").write_text(running.DEFAULT_TEMPLATES)
    drill = Drill(plan, Loaded(groups), release.content(), str(release.folder), {}, real)
    return {row.alert: row for row in drill.hold(Processes(folder / "drill", *versions), timeout)}


@pytest.mark.parametrize("versions", [together()[0], NEWEST])
def test_every_alert_of_every_setting_fires_and_arrives(versions: tuple[str, str], tmp_path: Path) -> None:
    """Seven gateways of five kinds, budgets, canaries, Thanos, an engine, backups."""
    began = time.monotonic()
    rows = drilled(tmp_path, EVERYTHING, rules_of(EVERYTHING), versions)
    assert {row.alert: row.problem for row in rows.values() if row.problem} == {}
    assert time.monotonic() - began < BAR_SECONDS
    alerts = {
        rule["alert"]
        for content in rules_of(EVERYTHING).values()
        for group in yaml.safe_load(content)["groups"]
        for rule in group["rules"]
        if "alert" in rule
    }
    assert set(rows) == alerts
    assert all(row.fired_after is not None and row.arrived_after is not None for row in rows.values())


def test_every_kind_of_gateway_can_fire_what_it_has_signals_for(tmp_path: Path) -> None:
    began = time.monotonic()
    variables = SCENARIOS["every_kind"]
    rows = drilled(tmp_path, variables, rules_of(variables))
    assert {row.alert: row.problem for row in rows.values() if row.problem} == {}
    assert time.monotonic() - began < BAR_SECONDS


def test_texts_and_routes_are_the_deployed_ones(tmp_path: Path) -> None:
    variables = SCENARIOS["one_gateway"]
    rows = drilled(tmp_path, variables, rules_of(variables))
    failing = rows["LLMHighFailureRatio"]
    assert failing.receivers == ["email", "slack"]
    assert failing.title.startswith("[FIRING:1] LLMHighFailureRatio llm-auth-proxy (critical)")
    assert MODEL_IN_TEXT in failing.text
    assert MARK not in failing.text
    assert rows["Watchdog"].receivers == ["nobody"]


def test_a_rule_whose_metric_is_called_otherwise_is_reported_with_what_is_missing(tmp_path: Path) -> None:
    variables = SCENARIOS["one_gateway"]
    renamed = {
        path: content.replace("llm_kv_cache_usage_ratio{", "llm_renamed{")
        for path, content in rules_of(variables).items()
    }
    assert renamed != rules_of(variables)
    rows = drilled(tmp_path, variables, renamed, timeout=SHORT_SECONDS, only=["LLMKVCacheNearlyFull"])
    assert {row.alert: row.problem for row in rows.values()} == {
        "LLMKVCacheNearlyFull": "never fired for llm-auth-proxy: it reads what is not there, "
        "job_model:llm_kv_cache_usage_ratio records nothing of llm_renamed"
    }


def test_alerts_of_the_users_own_fire_on_the_series_of_their_tests(tmp_path: Path) -> None:
    """Of one metric they would be in each other's way."""
    variables = SCENARIOS["no_gateway"]
    severity = {"severity": "critical"}
    rules = [
        {"alert": "DiskFull", "expr": "disk_free < 1", "for": "5m", "labels": severity},
        {"alert": "DisksVanished", "expr": "absent(disk_free)", "labels": severity},
        {"alert": "ErrorsGrow", "expr": 'rate(errors_total{app="a"}[5m]) > 1', "labels": severity},
        {"alert": "NeverTested", "expr": "vector(0) > 1", "labels": severity},
    ]
    series = {
        "DiskFull": [{"series": "disk_free", "values": "5x3 0.5x9"}],
        "ErrorsGrow": [
            {"series": 'errors_total{app="a"}', "values": "0+600x10"},
            {"series": "disk_free", "values": "9x10"},
        ],
        "DisksVanished": [{"series": "disk_free", "values": "9 stale"}],
    }
    tests = {
        "tests": [
            {
                "interval": "1m",
                "input_series": given,
                "alert_rule_test": [{"eval_time": "10m", "alertname": alert, "exp_alerts": [{"exp_labels": {}}]}],
            }
            for alert, given in series.items()
        ]
    }
    files = {"rules.d/own.yml": yaml.safe_dump({"groups": [{"name": "own", "rules": rules}]})}
    rows = drilled(tmp_path, variables, files, tests=tests)
    assert {row.alert: row.problem for row in rows.values() if row.problem} == {}
    assert {alert for alert, row in rows.items() if row.fired_after is not None} == set(series)
    assert rows["NeverTested"].how == BY_ROUTE


def test_an_alert_of_the_users_own_goes_by_its_route_alone(tmp_path: Path) -> None:
    variables = SCENARIOS["no_gateway"]
    rule = {"alert": "DiskFull", "expr": "disk_free < 1", "for": "5m", "labels": {"severity": "critical"}}
    own = {"groups": [{"name": "own", "rules": [{**rule, "annotations": {"summary": "No room"}}]}]}
    files = {**rules_of(variables), "rules.d/disk.yml": yaml.safe_dump(own)}
    rows = drilled(tmp_path, variables, files, only=["DiskFull", "MonitoringTargetDown"])
    assert set(rows) == {"DiskFull", "MonitoringTargetDown"}
    assert (rows["DiskFull"].how, rows["DiskFull"].problem, rows["DiskFull"].fired_after) == (BY_ROUTE, "", None)
    assert "No room" in rows["DiskFull"].text


def test_people_are_told_that_it_is_a_drill_and_that_it_is_over(tmp_path: Path) -> None:
    variables = SCENARIOS["no_gateway"]
    with Server() as chat:
        chat.answers["POST /"] = Answer(body=b"ok", content_type="text/plain")
        receivers = {"slack": {"webhook_url": f"{chat.url}/"}}
        rows = drilled(
            tmp_path, variables, rules_of(variables), only=["MonitoringTargetDown"], real=True, receivers=receivers
        )
        texts = [request.json["attachments"][0]["text"] for request in chat.requests]
    assert rows["MonitoringTargetDown"].problem == ""
    assert len(texts) == 2, texts
    assert all(MARK.strip() in text for text in texts)
