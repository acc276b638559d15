"""What is wrong with thresholds, objectives and floors."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.thresholds import (
    threshold_problems,
)

DEFAULTS = {
    "burn_rate_1h": 14.4,
    "burn_rate_6h": 6,
    "burn_rate_1d": 3,
    "burn_rate_3d": 1,
    "availability": 0.99,
    "latency": 0.95,
    "minimum_requests": 100,
    "budget_used_ratio": 0.8,
    "budget_nearly_used_ratio": 0.95,
}


def thresholds(**given: Any) -> list[str]:
    return threshold_problems(given, {}, {}, DEFAULTS)


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
    assert problem.startswith(
        "llmmon_thresholds: failure_rate is unknown; known are backup_age_hours, budget_forecast_ratio, "
    )
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
        "llmmon_slo.availability is 0.93 and llmmon_thresholds.burn_rate_1h is 14.4: the alert would wait for a"
        " ratio of 1.008, but a ratio is never above 1, so it could never fire"
    )
    assert threshold_problems({"burn_rate_1h": 14}, {"availability": 0.93}, {}, DEFAULTS) == []
    (problem,) = threshold_problems({"burn_rate_3d": "20"}, {}, {}, DEFAULTS)
    assert "llmmon_slo.latency is 0.95 and llmmon_thresholds.burn_rate_3d is 20" in problem


def test_shares_of_a_budget_are_told_in_their_order() -> None:
    assert thresholds(budget_used_ratio=0.9, budget_nearly_used_ratio="0.91") == []
    assert thresholds(budget_used_ratio=0.95) == [
        "llmmon_thresholds.budget_used_ratio is 0.95 and budget_nearly_used_ratio is 0.95: the first is told first, so"
        " it must be the lower one"
    ]
