# SPDX-License-Identifier: Apache-2.0
"""Requests that fail more often than is usual for their model, for long, though below its threshold."""

from __future__ import annotations

from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.model import Rule, record
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.overrides import compared
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.settings import RuleSettings

_RATIO = "job_model:llm_requests_failed:ratio_rate5m"
_HALF_HOUR = "job_model:llm_requests_failed:ratio_rate30m"
_USUAL, _TIMES = f"{_HALF_HOUR}_usual", f"{_HALF_HOUR}_times_usual"
# Half an hour each, and not the last one, which may be what is unusual.
_HALF_HOURS = f"{_HALF_HOUR}[1d:30m] offset 1h"
# Failures in half an hour below which chance alone can triple them.
_FAILURES = 10


def usual_failures() -> list[Rule]:
    """What share of a model's requests fails in half an hour, what is usual, and how many times as many they are.

    Usual is the median of a day: an outage of some hours does not change it. There are 3 hours to judge by, at least. A
    model that hardly ever fails is compared with 1 failure in 1000 requests.
    """
    return [
        record(_HALF_HOUR, "job_model:llm_requests_failed:increase30m / (job_model:llm_requests:increase30m > 0)"),
        record(_USUAL, f"quantile_over_time(0.5, {_HALF_HOURS}) and count_over_time({_HALF_HOURS}) >= 6"),
        record(_TIMES, f"round({_HALF_HOUR} / clamp_min({_USUAL}, 0.001), 0.01)"),
    ]


def unusual_failure_alerts(settings: RuleSettings) -> list[Rule]:
    """In most of the last half hour, and still now: a hiccup of some minutes is not told."""
    thresholds = settings.thresholds

    def beyond(name: str, expression: str, operator: str = ">") -> str:
        return compared(settings, name, expression, operator, thresholds[name])

    most = f"quantile_over_time(0.5, {_RATIO}[30m])"
    floor = "failures_unusual_floor_ratio"
    return settings.alerting.alert(
        "LLMFailuresUnusual",
        "\n".join(
            [
                beyond("failures_unusual_ratio", _TIMES, ">="),
                *(f"and on (job, model) {beyond(floor, series)}" for series in (most, _RATIO)),
                f"and on (job, model) job_model:llm_requests_failed:increase30m >= {_FAILURES}",
                # That is what LLMHighFailureRatio tells, or is about to.
                f"unless on (job, model) {beyond('failure_ratio', f'round({_RATIO}, 0.0001)')}",
            ]
        ),
        summary="LLM requests fail more often than usual",
        description='The requests for model "{{ $labels.model }}" at {{ $labels.job }} have failed'
        " {{ $value | humanize }} times as often as usual for half an hour. Usual is the median of the last day.",
        dashboard_for=["job", "model"],
        among="job_model:llm_requests:rate5m",
    )
