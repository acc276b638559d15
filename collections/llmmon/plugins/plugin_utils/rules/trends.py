# SPDX-License-Identifier: Apache-2.0
"""What a gateway does beside what it usually does: surges, and failures and slow answers over longer times."""

from __future__ import annotations

from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.model import Rule, record
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.promql import labelled, union
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.settings import Number, RuleSettings
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.units import minutes

WINDOWS = ("30m", "1h", "2h", "6h", "1d", "3d")
# Failures of models of which no alert of failures speaks.
UNTOLD = "llm_requests_failed_untold"
TOLD = 'ALERTS{alertname=~"LLMHighFailureRatio|LLMLowTrafficFailing|LLMFailuresUnusual", alertstate="firing"}'


def surges(settings: RuleSettings) -> list[Rule]:
    """How many times its usual rate a gateway has, of requests and of tokens."""
    floors, tuning = settings.surge_floors, settings.alerting.tuning
    return [
        *_surge("llm_requests", floors["requests_per_second"], minutes(tuning["LLMRequestSurge"]["for"])),
        *_surge("llm_tokens_used", floors["tokens_per_second"], minutes(tuning["LLMTokenSurge"]["for"])),
    ]


def _surge(signal: str, floor: Number, lasting: int) -> list[Rule]:
    """One signal's surge; its alert waits for ``lasting`` minutes."""
    rate = f"job:{signal}:rate5m"
    baseline, recent, week = f"{rate}_baseline", f"{rate}_baseline_recent", f"{rate}_baseline_week"
    same_time = f"{rate}_same_time"
    # The surge must not be in its own baseline when the alert fires: the 5m of the rate, its `for`, and 5m to spare.
    before = f"{rate}[1h] offset {10 + lasting}m"
    return [
        record(rate, f"sum by (job) (job_model:{signal}:rate5m)"),
        # Half an hour of history at least: a gateway that has just started is not a surge.
        record(recent, f"avg_over_time({before})\nand count_over_time({before}) >= 30"),
        record(week, _same_hour_in_other_weeks(rate)),
        # `max`: one series, whichever it comes from, or past data could not be filled in by promtool.
        record(baseline, f"max by (job) (\n  ({recent} >= {week})\n  or {week}\n  or {recent}\n)"),
        record(same_time, _most_at_this_time(rate)),
        # The floor keeps an idle gateway's second request from being a surge.
        record(f"job:{signal}:surge_ratio", f"round({rate} / clamp_min({baseline}, {floor}), 0.01)"),
    ]


def _same_hour_in_other_weeks(rate: str) -> str:
    """The median of this hour in the last three weeks, as far back as data reach: Monday morning is not a surge."""
    weeks = [
        labelled(f"avg_over_time({rate}[1h] offset {week * 7 - 1}d23h30m)", "week", str(week)) for week in (1, 2, 3)
    ]
    return f"quantile without (week) (0.5,\n{union(weeks)}\n)"


def _most_at_this_time(rate: str) -> str:
    """The most there was within 45 minutes of this time, yesterday or a week ago: jobs start a little late at times."""
    days = [
        labelled(f"max_over_time({rate}[1h30m] offset {offset})", "days", days)
        for days, offset in (("1", "23h15m"), ("7", "6d23h15m"))
    ]
    return f"max without (days) (\n{union(days)}\n)"


def longer_ratios() -> list[Rule]:
    """Failures and slow answers over longer times, by gateway.

    A rate per instance and model was taken before anything was added up, so what is added up here are rates; adding one
    up over a window is the increase in that window, but for the 5 minutes at its edges. It reads one sample a minute
    and gateway instead of every raw series of three days.
    """
    failed, slow = "llm_requests_failed", "llm_response_latency_seconds_slow"
    answered = "llm_response_latency_seconds_count"
    return [
        # What the alert of a model has told is not told again as a budget that burns.
        record(
            f"job:{UNTOLD}:rate5m",
            f"sum by (job) (job_model:{failed}:rate5m unless on (job, model) {TOLD})",
        ),
        *(record(f"job:{name}:rate5m", f"sum by (job) (job_model:{name}:rate5m)") for name in (failed, answered, slow)),
        *ratios(f"job:{failed}", "job:llm_requests"),
        *ratios(f"job:{UNTOLD}", "job:llm_requests"),
        *ratios(f"job:{slow}", f"job:{answered}"),
    ]


def ratios(part: str, whole: str) -> list[Rule]:
    """Part by whole. `> 0`: without traffic there is no ratio."""
    return [
        record(f"{part}:ratio_rate5m", f"{part}:rate5m / ({whole}:rate5m > 0)"),
        *(
            record(
                f"{part}:ratio_rate{window}",
                f"sum_over_time({part}:rate5m[{window}]) / (sum_over_time({whole}:rate5m[{window}]) > 0)",
            )
            for window in WINDOWS
        ),
    ]
