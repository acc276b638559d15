# SPDX-License-Identifier: Apache-2.0
"""Thresholds that a model exceeds every day: what is always so is told once, and not as if it were news."""

from __future__ import annotations

from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.degradation import P95, p95_at_this_hour
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.latencies import THRESHOLD, unless_a_guess
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.model import Rule, record
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.overrides import compared, threshold_text
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.settings import RuleSettings

ALERT = "LLMLatencyThresholdUnfit"
_LEAST = f"{P95}_least_of_days"
_DAYS = (1, 2, 3)


def least_of_days() -> list[Rule]:
    """The P95 in seconds that a model had at this hour on the best of the last three days."""
    each = f"(\n{p95_at_this_hour(_DAYS)}\n)"
    return [record(_LEAST, f"min without (day) {each}\nand count without (day) {each} >= {len(_DAYS)}")]


def unless_always(settings: RuleSettings) -> str:
    """What keeps an alert about the P95 quiet where it would tell every day what it told yesterday."""
    if not settings.alerting.tuning[ALERT].get("enabled", True):
        return ""
    return f"\nunless on (job, model) {_beyond(settings)}"


def unfit_threshold_alerts(settings: RuleSettings) -> list[Rule]:
    """That a threshold does not fit, where there are requests enough to have told it otherwise."""
    requests = "job_model:llm_requests:increase5m"
    seconds = threshold_text(settings, THRESHOLD, str(settings.thresholds[THRESHOLD]))
    return settings.alerting.alert(
        ALERT,
        f"{_beyond(settings)}\nand on (job, model) "
        + compared(settings, "minimum_requests", requests, ">=", settings.minimum_requests)
        + unless_a_guess(settings),
        summary="The threshold for slow LLM answers is below what is usual",
        description='The slowest 5% of the answers of model "{{ $labels.model }}" at {{ $labels.job }} took'
        " {{ $value | humanizeDuration }} or longer at this hour on each of the last 3 days"
        " (threshold [[ seconds ]]s). LLMHighLatencyP95 does not tell it any more; calibrate.yml proposes a threshold"
        " that fits.",
        values={"seconds": seconds},
        dashboard_for=["job", "model"],
        among="job_model:llm_requests:rate5m",
    )


def _beyond(settings: RuleSettings) -> str:
    return compared(settings, THRESHOLD, f"round({_LEAST}, 0.001)", ">", settings.thresholds[THRESHOLD])
