# SPDX-License-Identifier: Apache-2.0
"""Answers that take much longer than is usual for their model at this hour, whatever its threshold is."""

from __future__ import annotations

from collections.abc import Iterable

from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.model import Rule, record
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.overrides import compared
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.promql import labelled, union
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.settings import RuleSettings

P95 = "job_model:llm_response_latency_seconds:p95_rate5m"
_USUAL, _TIMES = f"{P95}_usual", f"{P95}_times_usual"
_DAYS = (1, 2, 3, 7)
_RECENT = f"{P95}[6h]"
# A percentile of few requests is that of the slowest one: it takes so many times the usual minimum.
_TIMES_MINIMUM = 3


def p95_at_this_hour(days: Iterable[int]) -> str:
    """The P95 in seconds at this hour so many days ago, half of it before and half of it after, by the label day."""
    return union(labelled(f"avg_over_time({P95}[1h] offset {24 * day - 1}h30m)", "day", str(day)) for day in days)


def usual_latency() -> list[Rule]:
    """What is usual for each model, in seconds, and how many times as long its answers take.

    Usual is this hour on other days (their median, so that one bad day does not count) or the last hours, whichever was
    slower: neither the morning nor a new version of the model is a slowdown for long.
    """
    # Half an hour of traffic at least, as rules are evaluated: who has just started has nothing that is usual.
    recent = f"quantile_over_time(0.5, {_RECENT}) and count_over_time({_RECENT}) >= 60"
    sources = [
        labelled(f"quantile without (day) (0.5,\n{p95_at_this_hour(_DAYS)}\n)", "of", "days"),
        labelled(f"({recent})", "of", "hours"),
    ]
    return [
        record(_USUAL, f"max without (of) (\n{union(sources)}\n)"),
        record(_TIMES, f"round({P95} / on (job, model) group_left () {_USUAL}, 0.01)"),
    ]


def degradation_alerts(settings: RuleSettings) -> list[Rule]:
    """Much slower than usual, and slow enough for somebody to notice."""
    thresholds = settings.thresholds

    def beyond(name: str, expression: str, operator: str) -> str:
        return compared(settings, name, expression, operator, thresholds[name])

    requests = f"job_model:llm_requests:increase5m / {_TIMES_MINIMUM}"
    return settings.alerting.alert(
        "LLMLatencyDegraded",
        "\n".join(
            [
                beyond("latency_degraded_ratio", _TIMES, ">="),
                f"and on (job, model) {beyond('latency_degraded_floor_seconds', P95, '>')}",
                "and on (job, model) "
                + compared(settings, "minimum_requests", requests, ">=", settings.minimum_requests),
                # Where the usual is within the threshold, LLMHighLatencyP95 tells as soon as it is exceeded. Where it
                # is not, that alert fires anyway and tells nothing new.
                'unless on (job, model) (ALERTS{alertname="LLMHighLatencyP95", alertstate="firing"}'
                f" and on (job, model) {beyond('latency_p95_seconds', _USUAL, '<=')})",
            ]
        ),
        summary="LLM answers take much longer than usual",
        description='The slowest 5% of the answers of model "{{ $labels.model }}" at {{ $labels.job }} take'
        " {{ $value | humanize }} times as long as usual. Usual is this hour on other days, or the last hours if those"
        " were slower.",
        dashboard_for=["job", "model"],
        among=P95,
    )
