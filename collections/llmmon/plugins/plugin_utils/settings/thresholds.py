# SPDX-License-Identifier: Apache-2.0
"""What is wrong with the numbers that alerts compare with: llmmon_thresholds, llmmon_slo, llmmon_surge_floors."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.shapes import dictionary_problems, shown

# What a threshold may be: the test, and its words. A ratio of 0 is always exceeded, a surge of 1 would not be one.
Range = tuple[Callable[[float], bool], str]
_RATIO: Range = (lambda value: 0 < value <= 1, "above 0 and at most 1")
_BELOW_ALL: Range = (lambda value: 0 < value < 1, "between 0 and 1")
_TIMES: Range = (lambda value: value > 1, "above 1")
POSITIVE: Range = (lambda value: value > 0, "above 0")
THRESHOLDS: dict[str, Range] = {
    "failure_ratio": _RATIO,
    "deployment_failure_ratio": _RATIO,
    "fallback_ratio": _RATIO,
    "slow_request_ratio": _RATIO,
    "latency_p95_seconds": POSITIVE,
    "latency_degraded_ratio": _TIMES,
    "latency_degraded_floor_seconds": POSITIVE,
    "failures_unusual_ratio": _TIMES,
    "failures_unusual_floor_ratio": _RATIO,
    "request_surge_ratio": _TIMES,
    "token_surge_ratio": _TIMES,
    "burn_rate_1h": POSITIVE,
    "burn_rate_6h": POSITIVE,
    "burn_rate_1d": POSITIVE,
    "burn_rate_3d": POSITIVE,
    "budget_hourly_share": _RATIO,
    "budget_forecast_ratio": POSITIVE,
    "budget_used_ratio": _BELOW_ALL,
    "budget_nearly_used_ratio": _BELOW_ALL,
    "waiting_requests": POSITIVE,
    "kv_cache_usage_ratio": _RATIO,
    "series_per_target": POSITIVE,
    "series_growth_ratio": _TIMES,
    "sample_limit_ratio": _RATIO,
    "failed_notifications_ratio": _RATIO,
    "head_series": POSITIVE,
    "storage_days_left": POSITIVE,
    "backup_age_hours": POSITIVE,
    "host_disk_ratio": _BELOW_ALL,
    "host_memory_ratio": _BELOW_ALL,
    "gpu_memory_ratio": _BELOW_ALL,
    "gpu_throttled_ratio": _BELOW_ALL,
}
_OBJECTIVE = _BELOW_ALL
OBJECTIVES: dict[str, Range] = {"availability": _OBJECTIVE, "latency": _OBJECTIVE, "minimum_requests": POSITIVE}
SURGE_FLOORS: dict[str, Range] = {"requests_per_second": POSITIVE, "tokens_per_second": POSITIVE}

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
    numbers = {**defaults, **thresholds}
    return _out_of_order(numbers) + unreachable("llmmon_slo", slo, numbers)


def _out_of_order(numbers: Mapping[str, Any]) -> list[str]:
    """Shares of a budget that would be told in the wrong order, which is not at all."""
    low, nearly = float(numbers["budget_used_ratio"]), float(numbers["budget_nearly_used_ratio"])
    if low < nearly:
        return []
    return [
        f"llmmon_thresholds.budget_used_ratio is {low:g} and budget_nearly_used_ratio is {nearly:g}: the first is told"
        " first, so it must be the lower one"
    ]


def unreachable(subject: str, slo: Mapping[str, Any], defaults: Mapping[str, Any]) -> list[str]:
    """Burn rates that together with an objective ask for a ratio above 1; ``defaults`` has what ``slo`` leaves out."""
    found = []
    numbers = {name: float(value) for name, value in {**defaults, **slo}.items()}
    for objective in ("availability", "latency"):
        for window in ("1h", "6h", "1d", "3d") if objective in numbers else ():
            factor, ratio = numbers[f"burn_rate_{window}"], 1 - numbers[objective]
            if factor * ratio >= 1:
                found.append(
                    f"{subject}.{objective} is {numbers[objective]:g} and llmmon_thresholds.burn_rate_{window} is"
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
