# SPDX-License-Identifier: Apache-2.0
"""What is wrong with the numbers that alerts compare with: llmmon_thresholds, llmmon_slo, llmmon_surge_floors."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.shapes import dictionary_problems, shown

# What a threshold may be: the test, and its words. A ratio of 0 is always exceeded, a surge of 1 would not be one.
Range = tuple[Callable[[float], bool], str]
_RATIO: Range = (lambda value: 0 < value <= 1, "above 0 and at most 1")
_TIMES: Range = (lambda value: value > 1, "above 1")
_POSITIVE: Range = (lambda value: value > 0, "above 0")
THRESHOLDS: dict[str, Range] = {
    "failure_ratio": _RATIO,
    "deployment_failure_ratio": _RATIO,
    "fallback_ratio": _RATIO,
    "slow_request_ratio": _RATIO,
    "latency_p95_seconds": _POSITIVE,
    "request_surge_ratio": _TIMES,
    "token_surge_ratio": _TIMES,
    "burn_rate_1h": _POSITIVE,
    "burn_rate_6h": _POSITIVE,
    "burn_rate_1d": _POSITIVE,
    "burn_rate_3d": _POSITIVE,
    "team_budget_hourly_share": _RATIO,
    "team_budget_forecast_ratio": _POSITIVE,
    "waiting_requests": _POSITIVE,
    "kv_cache_usage_ratio": _RATIO,
    "series_per_target": _POSITIVE,
    "series_growth_ratio": _TIMES,
    "sample_limit_ratio": _RATIO,
    "failed_notifications_ratio": _RATIO,
    "head_series": _POSITIVE,
    "storage_days_left": _POSITIVE,
    "backup_age_hours": _POSITIVE,
}
_OBJECTIVE: Range = (lambda value: 0 < value < 1, "between 0 and 1")
OBJECTIVES: dict[str, Range] = {"availability": _OBJECTIVE, "latency": _OBJECTIVE, "minimum_requests": _POSITIVE}
SURGE_FLOORS: dict[str, Range] = {"requests_per_second": _POSITIVE, "tokens_per_second": _POSITIVE}

_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?")


def threshold_problems(
    thresholds: dict[str, Any], slo: dict[str, Any], surge_floors: dict[str, Any], defaults: dict[str, Any]
) -> list[str]:
    """What is wrong with the numbers that alerts compare with.

    ``defaults`` is thresholds and slo in one, with what the user leaves out.
    """
    found = number_problems("llmmon_thresholds", thresholds, THRESHOLDS)
    found += number_problems("llmmon_slo", slo, OBJECTIVES)
    found += number_problems("llmmon_surge_floors", surge_floors, SURGE_FLOORS)
    if found:
        return found
    numbers = {name: float(value) for name, value in {**defaults, **thresholds, **slo}.items()}
    for objective in ("availability", "latency"):
        for window in ("1h", "6h", "1d", "3d"):
            factor, ratio = numbers[f"burn_rate_{window}"], 1 - numbers[objective]
            if factor * ratio >= 1:
                found.append(
                    f"llmmon_slo.{objective} is {numbers[objective]:g} and llmmon_thresholds.burn_rate_{window} is"
                    f" {factor:g}: the alert would wait for a ratio of {factor * ratio:g}, but a ratio is never above"
                    " 1, so it could never fire"
                )
    return found


def number_problems(variable: str, values: dict[str, Any], ranges: dict[str, Range]) -> list[str]:
    """Which of a variable's numbers are unknown, not numbers, or out of range."""
    found = dictionary_problems(variable, values)
    for name, value in () if found else values.items():
        if name not in ranges:
            found.append(f"{variable}: {name} is unknown; known are {', '.join(sorted(ranges))}")
            continue
        allowed, words = ranges[name]
        # A number out of --extra-vars is a string. True is a number to Python only.
        if isinstance(value, bool) or not _NUMBER.fullmatch(str(value).removeprefix("-")):
            found.append(f"{variable}.{name} is {shown(value)}, which is not a number")
        elif not allowed(float(value)):
            found.append(f"{variable}.{name} is {value}, but must be {words}")
    return found
