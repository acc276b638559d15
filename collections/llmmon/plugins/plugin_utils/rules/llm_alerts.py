# SPDX-License-Identifier: Apache-2.0
"""Alerts about the gateways: whether they fail, are slow, are busier than usual, or queue up.

Values are rounded before they are compared: 21 failures of 100 are 0.21000000000000002 to a computer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.llmmon.stack.plugins.plugin_utils.gateways import Gateway
from ansible_collections.llmmon.stack.plugins.plugin_utils.presets import Preset
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.budget_alerts import burn_alerts, team_alerts
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.fallbacks import fallback_alerts
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.low_traffic_alerts import low_traffic_alerts
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.model import Group, Rule, group
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.presence_alerts import (
    presence_alerts,
    prober_alerts,
    series_seen,
)
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.seesaw import seesaw_alerts
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.series_alerts import series_alerts
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.settings import Number, RuleSettings
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.units import percent

OF_MODEL = ("job", "model")


def llm_alerts(gateways: Sequence[Gateway], presets: Mapping[str, Preset], settings: Mapping[str, Any]) -> list[Group]:
    """The group of all alerts about gateways; ``settings`` is ``__llmmon_rule_settings``.

    Raises AnsibleFilterError for a kind without a preset.
    """
    chosen = RuleSettings.of(settings)
    rules = [
        *series_seen(gateways, presets),
        *_failing_and_slow(chosen),
        *low_traffic_alerts(chosen),
        *_surging(chosen),
        *burn_alerts(chosen),
        *fallback_alerts(presets, chosen),
        *_queueing(presets, chosen),
        *team_alerts(chosen),
        *presence_alerts(gateways, chosen),
        *prober_alerts(chosen),
        *series_alerts(gateways, chosen),
        *seesaw_alerts(chosen),
    ]
    return [group("llmmon_alerts", chosen.interval, rules)]


def _failing_and_slow(settings: RuleSettings) -> list[Rule]:
    """Ratios and percentiles of a model, where there are requests enough for them to mean something."""
    alert, thresholds = settings.alerting.alert, settings.thresholds
    enough = f"\nand on (job, model) job_model:llm_requests:increase5m >= {settings.minimum_requests}"
    return [
        *alert(
            "LLMHighFailureRatio",
            f"round(job_model:llm_requests_failed:ratio_rate5m, 0.0001) > {thresholds['failure_ratio']}{enough}",
            summary="Too many LLM requests fail",
            description='{{ $value | humanizePercentage }} of the requests for model "{{ $labels.model }}" at'
            " {{ $labels.job }} failed in the last 5 minutes"
            f" (threshold {percent(thresholds['failure_ratio'])}).",
            dashboard_for=OF_MODEL,
        ),
        *alert(
            "LLMHighLatencyP95",
            "round(job_model:llm_response_latency_seconds:p95_rate5m, 0.001)"
            f" > {thresholds['latency_p95_seconds']}{enough}\n{_unless_a_guess(thresholds['latency_p95_seconds'])}",
            summary="LLM answers are slow (95th percentile)",
            description='The slowest 5% of the answers of model "{{ $labels.model }}" at {{ $labels.job }} took'
            " {{ $value | humanizeDuration }} or longer in the last 5 minutes"
            f" (threshold {thresholds['latency_p95_seconds']}s).",
            dashboard_for=OF_MODEL,
        ),
        # The same question, counted instead of interpolated. It also fires where the histogram ends at the threshold,
        # where a percentile can never exceed it.
        *alert(
            "LLMSlowRequestsOver5Percent",
            "round(job_model:llm_response_latency_seconds_slow:ratio_rate5m, 0.0001)"
            f" > {thresholds['slow_request_ratio']}{enough}",
            summary="Too many LLM answers are slower than the threshold",
            description='{{ $value | humanizePercentage }} of the answers of model "{{ $labels.model }}" at'
            f" {{{{ $labels.job }}}} took longer than {thresholds['latency_p95_seconds']}s in the last 5 minutes"
            f" (threshold {percent(thresholds['slow_request_ratio'])}).",
            dashboard_for=OF_MODEL,
        ),
    ]


def _unless_a_guess(threshold: Number) -> str:
    """Not where the bucket of the percentile begins far below the threshold: answers may be anywhere in it."""
    least = "job_model:llm_response_latency_seconds:p95_at_least_rate5m"
    return f"unless on (job, model) {least} < {float(threshold) / 2:g}"


def _surging(settings: RuleSettings) -> list[Rule]:
    alert, thresholds = settings.alerting.alert, settings.thresholds
    usual = "Usual is the last hour, or this hour in recent weeks if that was busier."
    return [
        *alert(
            "LLMRequestSurge",
            f"job:llm_requests:surge_ratio >= {thresholds['request_surge_ratio']}",
            summary="Far more LLM requests than usual",
            description="{{ $labels.job }} gets {{ $value | humanize }} times its usual request rate"
            f" (threshold {thresholds['request_surge_ratio']}). {usual}",
            dashboard_for=["job"],
        ),
        *alert(
            "LLMTokenSurge",
            f"job:llm_tokens_used:surge_ratio >= {thresholds['token_surge_ratio']}",
            summary="Far more LLM tokens used than usual",
            description="{{ $labels.job }} uses {{ $value | humanize }} times its usual number of tokens"
            f" (threshold {thresholds['token_surge_ratio']}). {usual}",
            dashboard="llmmon-cost",
            dashboard_for=["job"],
        ),
    ]


def _queueing(presets: Mapping[str, Preset], settings: RuleSettings) -> list[Rule]:
    """What engines report about themselves, where there are engines."""
    alert, thresholds = settings.alerting.alert, settings.thresholds
    rules: list[Rule] = []
    if any("waiting" in preset for preset in presets.values()):
        rules += alert(
            "LLMRequestsWaiting",
            f"job_model:llm_requests_waiting > {thresholds['waiting_requests']}",
            summary="LLM requests queue up",
            description='{{ $value | humanize }} requests for model "{{ $labels.model }}" at {{ $labels.job }} wait for'
            f" their turn (threshold {thresholds['waiting_requests']}).",
            dashboard_for=OF_MODEL,
        )
    if any("kv_cache_usage" in preset for preset in presets.values()):
        rules += alert(
            "LLMKVCacheNearlyFull",
            f"round(job_model:llm_kv_cache_usage_ratio, 0.0001) > {thresholds['kv_cache_usage_ratio']}",
            summary="The KV cache of an LLM server is nearly full",
            description='{{ $value | humanizePercentage }} of the KV cache for model "{{ $labels.model }}" at'
            f" {{{{ $labels.job }}}} is in use (threshold {percent(thresholds['kv_cache_usage_ratio'])}):"
            " requests will wait or be preempted.",
            dashboard_for=OF_MODEL,
        )
    return rules
