"""How the variables change the rules."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.errors import AnsibleError

from tests.rules import catalogue
from tests.support import rendering


def rules(**variables: Any) -> list[dict[str, Any]]:
    return catalogue.rules(rendering.render_rules(**variables))


def expression(record: str, **variables: Any) -> str:
    return next(str(rule["expr"]) for rule in rules(**variables) if rule.get("record") == record)


def test_without_gateways_only_the_stack_is_watched() -> None:
    assert set(rendering.render_rules(llmmon_gateways=[])) == {"stack_alerts.yml"}


def test_files_say_that_they_are_not_to_be_edited() -> None:
    for name, content in rendering.render_rules().items():
        assert content.startswith("# Managed by llmmon, changes are overwritten.\n"), name


def test_only_kinds_in_use_are_recorded() -> None:
    used = rules(llmmon_gateways=[{"name": "one", "kind": "litellm", "targets": ["a:1"]}])
    assert {rule["labels"]["source"] for rule in used if rule.get("labels", {}).get("source")} == {"litellm"}


def test_a_kind_without_a_preset_is_an_error() -> None:
    with pytest.raises(AnsibleError, match="unheard_of"):
        rendering.render_rules(llmmon_gateways=[{"name": "one", "kind": "unheard_of", "targets": ["a:1"]}])


def test_a_preset_that_maps_nothing_is_an_error_that_names_its_file(tmp_path: Path) -> None:
    (tmp_path / "empty.yml").write_text("---\nlabels: {}\n")
    with pytest.raises(AnsibleError, match=r"empty\.yml maps nothing"):
        rendering.render_rules(
            llmmon_gateways=[{"name": "one", "kind": "empty", "targets": ["a:1"]}],
            __llmmon_presets_directory=str(tmp_path),
        )


def test_prices_and_budgets_are_recorded() -> None:
    recorded = {
        (rule["record"], *rule["labels"].values()): rule["expr"]
        for rule in rules(
            llmmon_token_prices={"m": {"input": 2.5e-06, "output": 1}},
            llmmon_budgets={"teams": {"R&D: east": 0.5}, "gateways": {"litellm": {"day": 3}}, "all": 9},
        )
        if rule.get("record") in {"llmmon:token_price_usd", "llmmon:budget_usd"} and rule["expr"].startswith("vector")
    }
    assert recorded == {
        ("llmmon:token_price_usd", "m", "input"): "vector(2.5e-06)",
        ("llmmon:token_price_usd", "m", "output"): "vector(1)",
        ("llmmon:budget_usd", "team", "R&D: east", "month"): "vector(0.5)",
        ("llmmon:budget_usd", "gateway", "litellm", "day"): "vector(3)",
        ("llmmon:budget_usd", "all", "month"): "vector(9)",
    }


def test_prices_of_a_list_are_recorded_with_its_date(tmp_path: Path) -> None:
    prices = tmp_path / "prices.json"
    prices.write_text('{"gpt-x": {"input_cost_per_token": 2.5e-06}, "other": {"input_cost_per_token": 1e-06}}')
    os.utime(prices, (1764000000, 1764000000))
    given = {"llmmon_token_price_file": "prices.json", "llmmon_token_price_models": ["gpt-*"]}
    recorded = {
        (rule["record"], *rule.get("labels", {}).values()): rule["expr"]
        for rule in rules(**given, __llmmon_inventory_folder=str(tmp_path / "inventory"))
        if rule.get("record", "").startswith("llmmon:token_price")
    }
    assert recorded == {
        ("llmmon:token_price_usd", "gpt-x", "input"): "vector(2.5e-06)",
        ("llmmon:token_price_file_timestamp_seconds",): "vector(1764000000)",
    }


def test_teams_cost_nothing_where_there_are_none() -> None:
    plain = {"name": "one", "kind": "vllm", "targets": ["a:1"]}
    assert not [
        rule
        for rule in rules(llmmon_gateways=[plain])
        if rule.get("labels", {}).get("source") and "job_team" in rule["record"]
    ]
    labelled = rules(llmmon_gateways=[plain, {**plain, "name": "two", "labels": {"team": "search"}}])
    assert {
        rule["record"] for rule in labelled if rule.get("labels", {}).get("source") and "job_team" in rule["record"]
    } == {
        "job_team:llm_requests:rate5m",
        "job_team_model_type:llm_tokens_used:rate5m",
    }


@pytest.mark.parametrize(
    ("name", "record_or_alert"),
    [
        ("failure_ratio", "LLMHighFailureRatio"),
        ("latency_p95_seconds", "LLMHighLatencyP95"),
        ("slow_request_ratio", "LLMSlowRequestsOver5Percent"),
        ("request_surge_ratio", "LLMRequestSurge"),
        ("token_surge_ratio", "LLMTokenSurge"),
    ],
)
def test_a_threshold_reaches_its_alert_and_the_dashboards(name: str, record_or_alert: str) -> None:
    changed = rules(llmmon_thresholds={name: 0.125})
    recorded = {rule["labels"]["name"]: rule["expr"] for rule in changed if rule.get("record") == "llmmon:threshold"}
    assert recorded[name] == "vector(0.125)"
    assert sorted(recorded.values()).count("vector(0.125)") == 1
    alert = next(rule for rule in changed if rule.get("alert") == record_or_alert)
    assert alert["expr"].splitlines()[0].endswith(" 0.125")


def test_the_minimum_of_requests_reaches_the_alerts() -> None:
    guarded = [rule["alert"] for rule in rules(llmmon_alert_minimum_requests=7) if ":increase5m >= 7" in rule["expr"]]
    assert guarded == [
        *("LLMHighFailureRatio", "LLMHighLatencyP95", "LLMSlowRequestsOver5Percent"),
        # Where there are not so many.
        "LLMLowTrafficFailing",
        "LLMLatencyThresholdUnfit",
    ]


@pytest.mark.parametrize(
    ("seconds", "edge"),
    [(2, r"2(\\.0)?"), ("2", r"2(\\.0)?"), (2.0, r"2(\\.0)?"), (10, r"10(\\.0)?"), (2.5, r"2\\.5"), (0.3, r"0\\.3")],
)
def test_the_latency_threshold_becomes_an_edge(seconds: float | str, edge: str) -> None:
    slow = expression(
        "job_model:llm_response_latency_seconds_slow:rate5m", llmmon_thresholds={"latency_p95_seconds": seconds}
    )
    assert f'le=~"{edge}"' in slow


@pytest.mark.parametrize(
    ("duration", "offset"),
    [("5m", "15m"), ("0s", "10m"), ("90s", "12m"), ("1h30m", "100m"), ("10m", "20m"), ("1w", "10090m")],
)
def test_the_baseline_ends_before_the_surge_began(duration: str, offset: str) -> None:
    waits = {"llmmon_alerts": {"LLMRequestSurge": {"for": duration}}}
    assert f"offset {offset})" in expression("job:llm_requests:rate5m_baseline_recent", **waits)
    assert "offset 15m)" in expression("job:llm_tokens_used:rate5m_baseline_recent", **waits)


def test_numbers_that_came_as_text_are_numbers() -> None:
    """As --extra-vars gives them."""
    chosen = {"latency_p95_seconds": 3, "burn_rate_1h": 9, "sample_limit_ratio": 0.5, "backup_age_hours": 50}
    as_text = {name: str(value) for name, value in chosen.items()}
    schedule = {"llmmon_backup_schedule": "daily"}
    assert rules(llmmon_thresholds=as_text, **schedule) == rules(llmmon_thresholds=chosen, **schedule)


def test_floors_and_the_interval_can_be_changed() -> None:
    floors = {"requests_per_second": 0.02, "tokens_per_second": 7}
    assert ", 0.02)" in expression("job:llm_requests:surge_ratio", llmmon_surge_floors=floors)
    assert ", 7)" in expression("job:llm_tokens_used:surge_ratio", llmmon_surge_floors=floors)
    files = rendering.render_rules(llmmon_prometheus_rule_interval="20s")
    intervals = {
        group["name"]: group["interval"] for content in files.values() for group in yaml.safe_load(content)["groups"]
    }
    # What counts samples keeps its own, and so does what is worth less.
    assert intervals.pop("llmmon_surge") == "1m"
    assert intervals.pop("llmmon_latencies") == "1m"
    assert intervals.pop("llmmon_costs") == "2m"
    assert set(intervals.values()) == {"20s"}
