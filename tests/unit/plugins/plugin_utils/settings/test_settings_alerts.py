"""What is wrong with thresholds, tuned alerts and the user's own rule files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.llmmon.stack.plugins.filter.settings import (
    alert_problems,
    regex_problem,
    relabeling_problems,
    rule_file_problems,
    threshold_problems,
)

from tests.conftest import REPOSITORY

DEFAULTS = {
    "burn_rate_1h": 14.4,
    "burn_rate_6h": 6,
    "burn_rate_1d": 3,
    "burn_rate_3d": 1,
    "availability": 0.99,
    "latency": 0.95,
    "minimum_requests": 100,
}
KNOWN = ["LLMTargetDown", "LLMTokenSurge", "Watchdog"]


def thresholds(**given: Any) -> list[str]:
    return threshold_problems(given, {}, {}, DEFAULTS)


# -- numbers


@pytest.mark.parametrize(
    "good",
    [
        {},
        {"failure_ratio": 1, "slow_request_ratio": 0.001},
        {"latency_p95_seconds": 0.3, "request_surge_ratio": 1.01, "head_series": 5_000_000},
        # As --extra-vars gives them.
        {"failure_ratio": "0.5", "series_per_target": "1e5"},
    ],
)
def test_thresholds_that_can_be_compared_with_pass(good: dict[str, Any]) -> None:
    assert thresholds(**good) == []


@pytest.mark.parametrize(
    ("threshold", "value", "words"),
    [
        ("failure_ratio", 0, "is 0, but must be above 0 and at most 1"),
        ("failure_ratio", 20, "is 20, but must be above 0 and at most 1"),
        ("failure_ratio", -0.2, "is -0.2, but must be above 0"),
        ("failure_ratio", "20%", "is '20%', which is not a number"),
        ("failure_ratio", True, "is True, which is not a number"),
        ("failure_ratio", None, "is None, which is not a number"),
        ("failure_ratio", "nan", "is 'nan', which is not a number"),
        ("failure_ratio", "1_0", "is '1_0', which is not a number"),
        ("failure_ratio", "0.2\n", "which is not a number"),
        ("failure_ratio", [0.2], "which is not a number"),
        ("request_surge_ratio", 1, "must be above 1"),
        ("token_surge_ratio", 0.5, "must be above 1"),
        ("latency_p95_seconds", 0, "must be above 0"),
        ("kv_cache_usage_ratio", 95, "at most 1"),
    ],
)
def test_thresholds_that_make_no_sense_are_named(threshold: str, value: Any, words: str) -> None:
    (problem,) = thresholds(**{threshold: value})
    assert problem.startswith(f"llmmon_thresholds.{threshold} ")
    assert words in problem


def test_an_unknown_threshold_is_told_the_known_ones() -> None:
    (problem,) = thresholds(failure_rate=0.2)
    assert problem.startswith("llmmon_thresholds: failure_rate is unknown; known are backup_age_hours, burn_rate_1d, ")
    assert "failure_ratio" in problem


def test_every_number_is_looked_at() -> None:
    found = threshold_problems({"failure_ratio": 2}, {"latency": 1}, {"tokens_per_second": 0}, DEFAULTS)
    assert [problem.split(" is ")[0] for problem in found] == [
        "llmmon_thresholds.failure_ratio",
        "llmmon_slo.latency",
        "llmmon_surge_floors.tokens_per_second",
    ]


def test_a_burn_rate_that_nothing_can_reach_is_refused() -> None:
    (problem,) = threshold_problems({}, {"availability": 0.93}, {}, DEFAULTS)
    assert problem == (
        "llmmon_slo.availability is 0.93 and llmmon_thresholds.burn_rate_1h is 14.4: that asks for a ratio of 1.008,"
        " and none exceeds 1, so the alert could never fire"
    )
    assert threshold_problems({"burn_rate_1h": 14}, {"availability": 0.93}, {}, DEFAULTS) == []
    (problem,) = threshold_problems({"burn_rate_3d": "20"}, {}, {}, DEFAULTS)
    assert "llmmon_slo.latency is 0.95 and llmmon_thresholds.burn_rate_3d is 20" in problem


# -- what is tuned


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"enabled": False},
        {"for": "90s"},
        {"for": "1h30m"},
        {"for": "2d"},
        {"for": 0},
        {"severity": "info", "labels": {"team": "ops"}, "annotations": {"summary": "Ours"}},
    ],
)
def test_alerts_that_can_be_tuned_so_pass(changes: dict[str, Any]) -> None:
    assert alert_problems({"LLMTargetDown": changes}, KNOWN) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (None, "must be a dictionary with some of enabled, for, severity"),
        ("10m", "must be a dictionary"),
        ({"if": "10m"}, ": if is unknown; known are enabled, for, severity, labels, annotations"),
        ({"enabled": "no"}, ".enabled is 'no', but must be true or false"),
        ({"for": "5 minutes"}, ".for is '5 minutes', but must be a duration such as 90s, 5m or 1h30m"),
        ({"for": 300}, ".for is 300, but"),
        ({"for": ""}, ".for is '', but"),
        ({"for": None}, ".for is None, but"),
        ({"for": "30m1h"}, ".for is '30m1h', but"),
        ({"severity": "critcal"}, ".severity is 'critcal', but must be one of critical, warning, info, none"),
        ({"labels": ["team"]}, ".labels must be a dictionary"),
        ({"labels": {"my-team": "x"}}, ".labels must be a dictionary whose keys consist of"),
        ({"annotations": {"": "x"}}, ".annotations must be"),
    ],
)
def test_what_an_alert_does_not_know_is_named(changes: Any, words: str) -> None:
    (problem,) = alert_problems({"LLMTargetDown": changes}, KNOWN)
    assert problem.startswith("llmmon_alerts.LLMTargetDown")
    assert words in problem


def test_an_unknown_alert_is_told_the_known_ones() -> None:
    (problem,) = alert_problems({"LLMTargetsDown": {"enabled": False}}, KNOWN)
    assert problem == (
        "llmmon_alerts: there is no alert LLMTargetsDown; there are LLMTargetDown, LLMTokenSurge, Watchdog"
    )


# -- regular expressions


@pytest.mark.parametrize("expression", ["a|b", r"2(\.0)?", "(?i)x", "(?P<n>x)", r"\pL+", r"\Qa.b\E", "", "[[:alpha:]]"])
def test_expressions_that_prometheus_takes_pass(expression: str) -> None:
    assert regex_problem(expression) is None


@pytest.mark.parametrize("expression", ["a(b", "a)b", "[a-", "*a", "(?!a)b", "(?<=a)b", "[z-a]"])
def test_expressions_that_it_does_not_take_are_found(expression: str) -> None:
    assert regex_problem(expression)


def test_relabeling_is_looked_at() -> None:
    fine = {"name": "fine", "metric_relabel_configs": [{"action": "drop", "regex": "go_.*"}, {"target_label": "x"}]}
    broken = {"name": "broken", "metric_relabel_configs": [{"regex": "go_(.*"}]}
    assert relabeling_problems([fine, {"name": "plain"}]) == []
    (problem,) = relabeling_problems([fine, broken])
    assert problem.startswith(
        "llmmon_gateways: the regex 'go_(.*' in metric_relabel_configs of broken does not compile: "
    )


# -- rule files


def rule_file(folder: Path, *rules: dict[str, Any], group: str = "mine", name: str = "mine.yml") -> str:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(yaml.safe_dump({"groups": [{"name": group, "rules": list(rules)}]}))
    return str(path)


OURS: dict[str, dict[str, Any]] = {name: {"severity": "warning"} for name in KNOWN}


def test_rules_beside_ours_pass(tmp_path: Path) -> None:
    path = rule_file(
        tmp_path, {"alert": "Mine", "expr": r'up{job=~"a|b\\.c", x!~\'y\'} == 0'}, {"record": "a:b", "expr": "up"}
    )
    assert rule_file_problems([path], OURS) == []


def test_a_rule_of_the_same_name_is_refused_unless_ours_is_off(tmp_path: Path) -> None:
    path = rule_file(tmp_path, {"alert": "LLMTokenSurge", "expr": "up"})
    (problem,) = rule_file_problems([path], OURS)
    assert problem == (
        f"llmmon_prometheus_rule_files: duplicate rule name LLMTokenSurge in {path}; rename it, or switch llmmon's off"
        " with llmmon_alerts: {LLMTokenSurge: {enabled: false}}"
    )
    assert rule_file_problems([path], {**OURS, "LLMTokenSurge": {"enabled": False}}) == []


def test_a_group_of_ours_is_refused(tmp_path: Path) -> None:
    (problem,) = rule_file_problems([rule_file(tmp_path, group="llmmon_alerts")], OURS)
    assert "duplicate rule group llmmon_alerts in" in problem


def test_files_that_would_be_one_on_the_host_are_refused(tmp_path: Path) -> None:
    paths = [rule_file(tmp_path / "a"), rule_file(tmp_path / "b")]
    (problem,) = rule_file_problems(paths, OURS)
    assert "two files are called mine.yml" in problem


@pytest.mark.parametrize("quote", ['"', "'"])
def test_a_matcher_that_does_not_compile_is_named(tmp_path: Path, quote: str) -> None:
    path = rule_file(tmp_path, {"alert": "Mine", "expr": f"up{{job=~{quote}a(b{quote}}} == 0"})
    (problem,) = rule_file_problems([path], OURS)
    assert f"the matcher {quote}a(b{quote} of Mine in {path} does not compile: missing )" in problem


@pytest.mark.parametrize(
    "content", ["", "groups: [", "groups: 1", "[]", "groups: [{rules: [1]}]", "groups: [{name: x}]"]
)
def test_what_promtool_will_find_is_left_to_promtool(tmp_path: Path, content: str) -> None:
    path = tmp_path / "odd.yml"
    path.write_text(content)
    assert rule_file_problems([str(path), str(tmp_path / "missing.yml")], OURS) == []


def test_the_role_looks_at_all_of_it() -> None:
    tasks = (REPOSITORY / "roles" / "prometheus" / "tasks" / "check_settings.yml").read_text()
    for name in ("threshold_problems", "alert_problems", "relabeling_problems", "rule_file_problems"):
        assert f"llmmon.stack.{name}" in tasks
