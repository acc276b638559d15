"""What every alert owes to whoever is woken by it."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import yaml
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.thresholds import THRESHOLDS

from tests.rules import catalogue, scenarios
from tests.rules.promql import metric_names
from tests.support import rendering

RUNBOOKS = rendering.REPOSITORY / "docs" / "runbooks"
SECTIONS = ["Meaning", "Impact", "Diagnosis", "Mitigation"]
ALERTS = set(rendering.role_variables()["__llmmon_alert_defaults"])
FIRST_CHECKS: dict[str, str] = rendering.role_variables()["__llmmon_first_checks"]
DEFAULTS: dict[str, dict[str, Any]] = rendering.role_variables()["__llmmon_alert_defaults"]
# Alerts about tokens and money open the dashboard of these.
BUDGETS = {name for name in ALERTS if name.startswith("LLMCost")}
OF_MONEY = dict.fromkeys(("LLMTokenSurge", *BUDGETS), "cost")
# So that there is every alert that there can be.
EVERYTHING: dict[str, Any] = {
    "llmmon_gateways": [{**gateway, "bearer_token": "made-up"} for gateway in rendering.GATEWAYS],
    "llmmon_budgets": {key: {"litellm": {"month": 720, "day": 50}} for key in ("teams", "gateways")}
    | {"all": {"month": 720, "day": 50}},
    "llmmon_slo": {"latency": 0.95},
    "llmmon_backup_schedule": "daily",
    "llmmon_backup_restic_repository": "/mnt/backups",
    "llmmon_remote_write": [{"name": "central", "url": "https://engine.example/api/v1/write"}],
    "llmmon_thanos_components": ["sidecar", "store", "compact", "query"],
    "llmmon_canaries": scenarios.CANARIES,
    "llmmon_hosts": scenarios.HOSTS,
}
# What an alert is about, by how its name begins, and the dashboard that it opens.
COMPONENTS = {"LLM": "llm", "Host": "hosts", "GPU": "hosts"}
OPENED = {"llm": "operations", "hosts": "hosts", "monitoring": "stack"}
# A row of the table: the name with its runbook, when it fires, how long that must last, and how bad it is.
ROW = re.compile(r"^\| \[(\w+)\]\((\w+)\.md\) \| .+ \| (\S+) \| (\w+) \|$", re.MULTILINE)


@cache
def everything() -> list[dict[str, Any]]:
    return alerts()


def alerts(**variables: Any) -> list[dict[str, Any]]:
    return catalogue.alerts(rendering.render_rules(**{**EVERYTHING, **variables}))


def test_the_alerts_are_these() -> None:
    assert {alert["alert"] for alert in alerts()} == ALERTS


def test_every_alert_says_how_bad_it_is_and_where_to_look() -> None:
    for alert in alerts(
        llmmon_runbook_base_url="https://wiki.example/llm/", llmmon_grafana_url="https://grafana.example/"
    ):
        name, labels, annotations = alert["alert"], alert["labels"], alert["annotations"]
        assert labels["severity"] == ("none" if name == "Watchdog" else labels["severity"]), name
        assert labels["severity"] in {"critical", "warning", "info", "none"}, name
        assert (labels["severity"], alert.get("for")) == (DEFAULTS[name]["severity"], DEFAULTS[name].get("for")), name
        assert alert.get("keep_firing_for") == DEFAULTS[name].get("keep_firing_for"), name
        assert labels["component"] == component_of(name), name
        # A title: the same for every instance of the alert, and short enough for a chat message's first line.
        assert 0 < len(annotations["summary"]) <= 80, name
        assert "{{" not in annotations["summary"], name
        assert annotations["description"], name
        assert annotations["runbook_url"] == f"https://wiki.example/llm/{name}.md"
        dashboard = OF_MONEY.get(name, OPENED[component_of(name)])
        assert annotations["dashboard_url"].partition("?")[0] == f"https://grafana.example/d/llmmon-{dashboard}", name
        # A gateway's alert opens its dashboard, a team's the team's.
        about = {"team": "team", "gateway": "job", "own": "job", "all": None}.get(labels.get("scope", "gateway"))
        narrowed = re.findall(r"[?&]var-(\w+)={{ \$labels\.(\w+) \| urlquery }}", annotations["dashboard_url"])
        assert all(variable == label for variable, label in narrowed), name
        if about and name.startswith("LLM"):
            assert about in dict(narrowed), name


def component_of(name: str) -> str:
    return next((component for begins, component in COMPONENTS.items() if name.startswith(begins)), "monitoring")


def test_no_value_becomes_a_label() -> None:
    # It would make a new alert of every evaluation.
    for alert in alerts():
        assert "$value" not in yaml.safe_dump(alert["labels"]), alert["alert"]


def test_every_alert_has_a_runbook_and_every_runbook_an_alert() -> None:
    assert {path.stem for path in RUNBOOKS.glob("*.md")} - {"README"} == ALERTS


def test_runbooks_are_linked_where_the_repository_is() -> None:
    galaxy = yaml.safe_load((rendering.REPOSITORY / "collections" / "llmmon" / "galaxy.yml").read_text("utf-8"))
    place = RUNBOOKS.relative_to(rendering.REPOSITORY)
    assert runbooks() == {f"{galaxy['repository']}/blob/main/{place}"}


def test_runbooks_are_linked_where_the_stack_serves_them() -> None:
    assert runbooks(llmmon_docs=True) == {"http://localhost:9099/runbooks"}
    assert runbooks(llmmon_docs=True, llmmon_docs_url="https://docs.example") == {"https://docs.example/runbooks"}
    # Somebody's own are theirs.
    own = "https://wiki.example/llm"
    assert runbooks(llmmon_docs=True, llmmon_runbook_base_url=own) == {own}


def runbooks(**variables: Any) -> set[str]:
    """The folder that the links of all alerts lead to."""
    return {alert["annotations"]["runbook_url"].rpartition("/")[0] for alert in alerts(**variables)}


def test_every_runbook_has_the_same_sections() -> None:
    for name in ALERTS:
        text = (RUNBOOKS / f"{name}.md").read_text(encoding="utf-8")
        assert text.startswith(f"# {name}\n"), name
        assert re.findall(r"^## (.+)$", text, re.MULTILINE) == SECTIONS, name


def test_every_alert_says_what_to_look_at_first_as_its_runbook_does() -> None:
    assert set(FIRST_CHECKS) == ALERTS
    for name, line in FIRST_CHECKS.items():
        assert len(line) <= 120, name
        text = (RUNBOOKS / f"{name}.md").read_text(encoding="utf-8")
        assert f"\n## Diagnosis\n\nFirst: {line}\n" in text, name
    assert {alert["alert"]: alert["annotations"]["first_check"] for alert in everything()} == FIRST_CHECKS


def test_alerts_of_models_can_be_sorted_and_say_how_many_there_are() -> None:
    for alert in everything():
        annotations = alert["annotations"]
        of_models = "var-model=" in annotations["dashboard_url"]
        assert ("sort_key" in annotations) == of_models, alert["alert"]
        # Of deployments there are several to a model, and of models that a canary asks only some.
        counted = of_models and not alert["alert"].startswith(("LLMDeploymentFailing", "LLMCanary"))
        assert ("models_in_all" in annotations) == counted


def test_alerts_read_only_what_is_recorded_or_declared(rendered: dict[str, dict[str, str]]) -> None:
    known = (
        catalogue.recorded_names(rendered["alerts"])
        | catalogue.recorded_names(rendered["default"])
        | catalogue.RAW_METRICS
    )
    for alert in alerts():
        assert metric_names(alert["expr"]) <= known, alert["alert"]


def test_the_table_of_alerts_is_true() -> None:
    rows = {row[0]: row[1:] for row in ROW.findall((RUNBOOKS / "README.md").read_text(encoding="utf-8"))}
    assert rows == {
        name: (name, str(defaults.get("for", "-")), defaults["severity"]) for name, defaults in DEFAULTS.items()
    }


def test_every_alert_can_be_tuned() -> None:
    numbered = {name: number for number, name in enumerate(sorted(ALERTS), start=1)}
    changes = {
        name: {
            "for": f"{number}m",
            "keep_firing_for": f"{number}s",
            "severity": "info",
            "labels": {"number": number},
            "annotations": {"summary": f"Summary {number}", "more": "{{ $value }}"},
        }
        for name, number in numbered.items()
    }
    changed = alerts(llmmon_alerts=changes)
    assert {alert["alert"] for alert in changed} == ALERTS
    for alert in changed:
        number, annotations = numbered[alert["alert"]], alert["annotations"]
        assert (alert["for"], alert["keep_firing_for"]) == (f"{number}m", f"{number}s")
        assert (alert["labels"]["severity"], alert["labels"]["number"]) == ("info", str(number))
        assert (annotations["summary"], annotations["more"]) == (f"Summary {number}", "{{ $value }}")
        assert annotations["description"]


def test_every_alert_can_be_switched_off() -> None:
    one_half = set(sorted(ALERTS)[::2])
    for off in (one_half, ALERTS - one_half):
        left = alerts(llmmon_alerts={name: {"enabled": False} for name in off})
        assert {alert["alert"] for alert in left} == ALERTS - off


def test_without_a_prober_nothing_waits_for_its_metrics() -> None:
    names = {alert["alert"] for alert in alerts(llmmon_prober_enabled=False)}
    assert names == ALERTS - {"LLMMetricsAuthFailure", "LLMMetricsExposedWithoutAuth"}
    assert "prober" not in "".join(alert["expr"] for alert in alerts(llmmon_prober_enabled=False))


def test_services_elsewhere_are_not_missed() -> None:
    alone = alerts(llmmon_services=["prometheus"], llmmon_prometheus_alertmanagers=[])
    assert {alert["alert"] for alert in alone} == ALERTS - {
        "PrometheusNotConnectedToAlertmanagers",
        "PrometheusErrorSendingAlerts",
        "AlertmanagerFailedReload",
        "AlertNotificationsFailing",
    }
    assert "alertmanager" not in "".join(alert["expr"] for alert in alone)


def test_without_budgets_nobody_is_over_one() -> None:
    canonical = rendering.GATEWAYS[:1]
    assert not BUDGETS & {alert["alert"] for alert in alerts(llmmon_budgets={}, llmmon_gateways=canonical)}
    # LiteLLM may have budgets of its own.
    left = {alert["alert"] for alert in alerts(llmmon_budgets={}, llmmon_gateways=rendering.GATEWAYS)} & BUDGETS
    assert left == {"LLMCostBudgetRunningLow", "LLMCostBudgetNearlyUsed", "LLMCostBudgetUsedUp"}


def test_only_what_has_a_budget_is_watched() -> None:
    def scopes(budgets: dict[str, Any]) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        for alert in alerts(llmmon_budgets=budgets):
            if alert["alert"] in BUDGETS and alert["labels"]["scope"] != "own":
                found.setdefault(alert["labels"]["scope"], set()).add(alert["alert"])
        return found

    of_days = {"LLMCostDayLimitReached"}
    assert scopes({"teams": {"search": 5}, "all": {"day": 5}}) == {"team": BUDGETS - of_days, "all": of_days}
    assert scopes({"gateways": {"litellm": {"day": 5, "month": 9}}, "teams": {}}) == {"gateway": BUDGETS}


def test_an_alert_that_is_off_leaves_its_part_to_the_one_before() -> None:
    def highest(*off: str) -> str:
        chosen = alerts(
            llmmon_gateways=rendering.GATEWAYS[:1],
            llmmon_budgets={"all": 5},
            llmmon_alerts={f"LLMCostBudget{name}": {"enabled": False} for name in off},
        )
        (low,) = [alert["expr"] for alert in chosen if alert["alert"] == "LLMCostBudgetRunningLow"]
        return str(low.partition(">= ")[2])

    assert highest() == "0.8 < 0.95"
    assert highest("NearlyUsed") == "0.8 < 1"
    assert highest("NearlyUsed", "UsedUp") == "0.8"


def test_slow_answers_burn_a_budget_only_where_one_was_set() -> None:
    of_latency = {"LLMLatencyBudgetBurnFast", "LLMLatencyBudgetBurnSlow"}
    assert {alert["alert"] for alert in alerts(llmmon_slo={})} == ALERTS - of_latency
    own = alerts(llmmon_slo={}, llmmon_threshold_overrides=[{"gateway": "litellm", "slo": {"latency": 0.9}}])
    selected = {alert["alert"]: alert["expr"] for alert in own if alert["alert"] in of_latency}
    assert set(selected) == of_latency
    assert all(
        re.findall(r"ratio_rate\w+\{(.+?)\}", expression) == ['job=~"litellm"'] * 2 for expression in selected.values()
    )


def test_counted_slow_answers_are_quiet_only_while_the_percentile_tells() -> None:
    def quiet(**variables: Any) -> bool:
        (counted,) = [one["expr"] for one in alerts(**variables) if one["alert"] == "LLMSlowRequestsOver5Percent"]
        return "\nunless on (job, model) round(job_model:llm_response_latency_seconds:p95_rate5m, 0.001)" in counted

    assert quiet()
    assert quiet(llmmon_thresholds={"slow_request_ratio": 0.1})
    assert not quiet(llmmon_thresholds={"slow_request_ratio": 0.025})
    assert not quiet(llmmon_threshold_overrides=[{"model": "m", "slow_request_ratio": 0.025}])
    assert not quiet(llmmon_alerts={"LLMHighLatencyP95": {"enabled": False}})


def test_without_a_schedule_no_backup_is_missed() -> None:
    backups = {"MonitoringBackupTooOld", "MonitoringBackupCopyTooOld"}
    assert {alert["alert"] for alert in alerts(llmmon_backup_schedule="")} == ALERTS - backups


def test_without_a_repository_no_copy_is_missed() -> None:
    found = {alert["alert"] for alert in alerts(llmmon_backup_restic_repository="")}
    assert found == ALERTS - {"MonitoringBackupCopyTooOld"}


def test_without_thanos_nothing_is_told_of_it() -> None:
    found = {alert["alert"] for alert in alerts(llmmon_thanos_components=[])}
    assert found == ALERTS - {"ThanosBucketFailing", "ThanosUploadLate", "ThanosCompactorHalted"}
    watched = alerts(llmmon_thanos_components=[], llmmon_thanos_watched=["query-1:10912"])
    assert {alert["alert"] for alert in watched} == ALERTS
    down = next(alert for alert in watched if alert["alert"] == "MonitoringTargetDown")
    assert "thanos" in down["expr"]


def test_without_an_engine_nothing_is_late_for_it() -> None:
    found = {alert["alert"] for alert in alerts(llmmon_remote_write=[])}
    assert found == ALERTS - {"PrometheusRemoteWriteBehind", "PrometheusRemoteWriteLosing"}


def test_without_hosts_nobody_watches_machines() -> None:
    found = {alert["alert"] for alert in alerts(llmmon_hosts=[])}
    assert found == {name for name in ALERTS if component_of(name) != "hosts"}
    assert "hosts.yml" not in rendering.render_rules(llmmon_hosts=[])
    # Files that nobody wrote cannot be read, either.
    single = {alert["alert"] for alert in alerts(llmmon_hosts=scenarios.HOSTS[:1])}
    assert single == ALERTS - {"HostFileUnreadable"}


def test_without_a_canary_nobody_asks() -> None:
    found = {alert["alert"] for alert in alerts(llmmon_canaries=[])}
    assert found == {name for name in ALERTS if not name.startswith("LLMCanary")}


def test_what_canaries_find_is_asked_often_enough_to_be_told_within_two_minutes() -> None:
    (content,) = (text for name, text in rendering.render_rules(**EVERYTHING).items() if name == "llm_alerts.yml")
    (group,) = (one for one in catalogue.groups(content) if one["name"] == "llmmon_canary_alerts")
    assert group["interval"] == "15s"
    assert "for" not in next(rule for rule in group["rules"] if rule["alert"] == "LLMCanaryFailing")


def test_where_the_configuration_alone_is_scheduled_any_backup_counts() -> None:
    for scope, selector in (("full", 'scope="full"'), ("config", 'scope=~".+"')):
        found = [
            a["expr"] for a in alerts(llmmon_backup_schedule_scope=scope) if a["alert"].startswith("MonitoringBackup")
        ]
        assert [expression.count(selector) for expression in found] == [2, 2]


def test_every_gateway_has_its_own_sample_limit() -> None:
    gateways = [
        {"name": "small", "targets": ["a:1"], "sample_limit": 1000},
        {"name": "usual", "targets": ["b:1"]},
        {"name": "unlimited", "targets": ["c:1"], "sample_limit": 0},
    ]
    found = alerts(llmmon_gateways=gateways)
    hit = {alert["labels"]["job"] for alert in found if alert["alert"] == "LLMSampleLimitHit"}
    assert hit == {"small", "usual"}
    near = [alert["expr"] for alert in found if alert["alert"] == "LLMSampleLimitNear"]
    assert near == [
        'scrape_samples_post_metric_relabeling{job="small"} > 800 <= 1000',
        'scrape_samples_post_metric_relabeling{job="usual"} > 40000 <= 50000',
    ]


# A threshold, an alert that compares with it, what its expression says, and by what the threshold is multiplied there.
COMPARED: dict[str, tuple[str, str, float]] = {
    "failure_ratio": ("LLMHighFailureRatio", "0.0001) > {}\n", 1),
    "slow_request_ratio": ("LLMSlowRequestsOver5Percent", "0.0001) > {}\n", 1),
    "latency_p95_seconds": ("LLMHighLatencyP95", "0.001) > {}\n", 1),
    "request_surge_ratio": ("LLMRequestSurge", ">= {}\n", 1),
    "token_surge_ratio": ("LLMTokenSurge", ">= {}\n", 1),
    "burn_rate_1h": ("LLMErrorBudgetBurnFast", "ratio_rate1h, 0.0001) > {}\n", 0.01),
    "burn_rate_6h": ("LLMErrorBudgetBurnFast", "ratio_rate6h, 0.0001) > {}\n", 0.01),
    "burn_rate_1d": ("LLMLatencyBudgetBurnSlow", "ratio_rate1d, 0.0001) > {}\n", 0.05),
    "burn_rate_3d": ("LLMLatencyBudgetBurnSlow", "ratio_rate3d, 0.0001) > {}\n", 0.05),
    "budget_hourly_share": ("LLMCostBudgetBurnFast", "> on (scope, team, job) {} *", 1),
    "budget_forecast_ratio": ("LLMCostBudgetForecastOver", "> on (scope, team, job) {} *", 1),
    "waiting_requests": ("LLMRequestsWaiting", "> {}", 1),
    "kv_cache_usage_ratio": ("LLMKVCacheNearlyFull", "> {}", 1),
    "series_per_target": ("LLMCardinalityHigh", "> {}", 1),
    "series_growth_ratio": ("LLMCardinalityGrowth", "> {} *", 1),
    "sample_limit_ratio": ("LLMSampleLimitNear", "> {}", 50000),
    "failed_notifications_ratio": ("AlertNotificationsFailing", "> {}", 1),
    "head_series": ("PrometheusHeadSeriesHigh", "> {}", 1),
    "storage_days_left": ("PrometheusStorageFillingUp", ", {} * 86400)", 1),
    "backup_age_hours": ("MonitoringBackupTooOld", "> {}\n", 3600),
    "deployment_failure_ratio": ("LLMDeploymentFailing", "_failures:ratio_rate5m > {}\n", 1),
    "fallback_ratio": ("LLMFallbacksInUse", "llm_fallbacks:ratio_rate5m > {}\n", 1),
    "latency_degraded_ratio": ("LLMLatencyDegraded", "times_usual >= {}\n", 1),
    "latency_degraded_floor_seconds": ("LLMLatencyDegraded", "p95_rate5m > {}\n", 1),
    "failures_unusual_ratio": ("LLMFailuresUnusual", "times_usual >= {}\n", 1),
    "failures_unusual_floor_ratio": ("LLMFailuresUnusual", "ratio_rate5m > {}\n", 1),
    "budget_used_ratio": ("LLMCostBudgetRunningLow", ">= {} <", 1),
    "budget_nearly_used_ratio": ("LLMCostBudgetNearlyUsed", ">= {} <", 1),
    "host_disk_ratio": ("HostDiskFull", "0.0001) > {}", 1),
    "host_memory_ratio": ("HostMemoryLow", "0.0001) > {}", 1),
    "gpu_memory_ratio": ("GPUMemoryFull", "0.0001) > {}", 1),
    "gpu_throttled_ratio": ("GPUThrottled", "0.0001) > {}", 1),
}


def test_every_threshold_reaches_its_alert() -> None:
    assert set(COMPARED) == set(rendering.role_variables()["__llmmon_threshold_defaults"]) == set(THRESHOLDS)
    # No two alike, so that none is taken for another.
    values = {name: (11 + number) / 100 for number, name in enumerate(COMPARED)}
    changed = alerts(llmmon_thresholds=values)
    for threshold, (name, words, factor) in COMPARED.items():
        comparison = words.format(f"{values[threshold] * factor:g}")
        assert all(comparison in alert["expr"] for alert in changed if alert["alert"] == name), threshold
        assert not any(comparison in alert["expr"] for alert in everything()), threshold


def test_the_objectives_reach_their_alerts() -> None:
    expressions = {
        alert["alert"]: alert["expr"]
        for alert in alerts(llmmon_slo={"availability": 0.999, "latency": 0.98, "minimum_requests": 7})
    }
    assert "ratio_rate1h, 0.0001) > 0.0144" in expressions["LLMErrorBudgetBurnFast"]
    assert "ratio_rate3d, 0.0001) > 0.02" in expressions["LLMLatencyBudgetBurnSlow"]
    assert all(
        text.count(" >= 7") == 2 for name, text in expressions.items() if "BudgetBurn" in name and "Cost" not in name
    )
