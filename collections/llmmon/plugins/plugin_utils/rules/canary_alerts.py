# SPDX-License-Identifier: Apache-2.0
"""Alerts about what canaries have found. They have made sure of it themselves, so most fire at once."""

from __future__ import annotations

from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.model import Group, group
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.settings import RuleSettings

# Often enough for an outage without any traffic to be told within 2 minutes.
_INTERVAL = "15s"
_ABOUT = ("job", "model")


def canary_alerts(settings: RuleSettings) -> list[Group]:
    """A group of its own, where there are canaries."""
    if not settings.canaries:
        return []
    alert = settings.alerting.alert
    rules = [
        *alert(
            "LLMCanaryFailing",
            f"{_at_the_gateway('llmmon_canary_failing', 'cause')} == 1",
            summary="A canary gets no answer from a model",
            description='The canary {{ $labels.canary }} asked model "{{ $labels.model }}" at {{ $labels.job }} twice'
            " in a row, or more, and got no answer that is one. Cause: {{ $labels.cause }}.",
            dashboard_for=_ABOUT,
        ),
        *alert(
            "LLMCanarySlow",
            f"{_at_the_gateway('llmmon_canary_duration_seconds')}\n"
            f"and on (job, model, canary) {_at_the_gateway('llmmon_canary_slow')} == 1",
            summary="A canary's answers are slow",
            description='Model "{{ $labels.model }}" at {{ $labels.job }} takes {{ $value | humanizeDuration }} to'
            " answer the canary {{ $labels.canary }}, far longer than usual, or than its slow_seconds.",
            dashboard_for=_ABOUT,
        ),
        *alert(
            "LLMCanaryWrongAnswer",
            f"{_at_the_gateway('llmmon_canary_wrong', 'cause')} == 1",
            summary="A canary gets another answer than it should",
            description='Model "{{ $labels.model }}" at {{ $labels.job }} answers the canary {{ $labels.canary }}, but'
            " not as it should, twice in a row or more. Cause: {{ $labels.cause }}.",
            dashboard_for=_ABOUT,
        ),
        *alert(
            "LLMCanaryBudgetUsed",
            "sum by (job, model, canary, reason) (label_replace(\n"
            '  increase(llmmon_canary_skipped_total[10m]),\n  "job", "$1", "gateway", "(.+)"\n)) > 0',
            summary="A canary is silent, because its cap is used up",
            description='The canary {{ $labels.canary }} does not ask model "{{ $labels.model }}" at {{ $labels.job }}:'
            " its cap leaves no room ({{ $labels.reason }}). Until it does, nobody is told when the model fails.",
            dashboard_for=_ABOUT,
        ),
    ]
    return [group("llmmon_canary_alerts", _INTERVAL, rules)] if rules else []


def _at_the_gateway(metric: str, *labels: str) -> str:
    """A canary's metric, under the gateway's job instead of the canary's own."""
    by = ", ".join((*_ABOUT, "canary", *labels))
    return f'max by ({by}) (label_replace(\n  {metric},\n  "job", "$1", "gateway", "(.+)"\n))'
