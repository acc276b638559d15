# SPDX-License-Identifier: Apache-2.0
"""Alerts about the gateways: whether they fail, are slow, are busier than usual, or queue up.

Values are rounded before they are compared: 21 failures of 100 are 0.21000000000000002 to a computer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.llmmon.stack.plugins.module_utils.calibration.surges import AS_BEFORE
from ansible_collections.llmmon.stack.plugins.plugin_utils.gateways import Gateway
from ansible_collections.llmmon.stack.plugins.plugin_utils.presets import Preset
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.budget_alerts import burn_alerts
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.canary_alerts import canary_alerts
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.degradation import degradation_alerts
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.fallbacks import fallback_alerts
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.latencies import unless_a_guess
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.low_traffic_alerts import low_traffic_alerts
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.model import Group, Rule, group
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.overrides import (
    by_value,
    compared,
    gateway_threshold_text,
    threshold_text,
)
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.presence_alerts import (
    presence_alerts,
    prober_alerts,
    series_seen,
)
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.promql import chosen, union
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.seesaw import seesaw_alerts
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.series_alerts import series_alerts
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.settings import Number, RuleSettings
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.spending_alerts import spending_alerts
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.unfit_thresholds import (
    unfit_threshold_alerts,
    unless_always,
)
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.units import percent
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.unusual_failures import unusual_failure_alerts

OF_MODEL = ("job", "model")
_KNOWN = "job_model:llm_requests:rate5m"
# The share that a P95 leaves out.
PERCENTILE = 0.05


def llm_alerts(gateways: Sequence[Gateway], presets: Mapping[str, Preset], settings: Mapping[str, Any]) -> list[Group]:
    """The groups of all alerts about gateways; ``settings`` is ``__llmmon_rule_settings``.

    Raises AnsibleFilterError for a kind without a preset.
    """
    given = RuleSettings.of(settings, gateways)
    rules = [
        *series_seen(gateways, presets),
        *_failing_and_slow(given),
        *low_traffic_alerts(given),
        *unfit_threshold_alerts(given),
        *degradation_alerts(given),
        *unusual_failure_alerts(given),
        *_surging(given),
        *burn_alerts(given),
        *fallback_alerts(presets, given),
        *_queueing(presets, given),
        *spending_alerts(presets, given),
        *presence_alerts(gateways, given),
        *prober_alerts(given),
        *series_alerts(gateways, given),
        *seesaw_alerts(given),
    ]
    return [group("llmmon_alerts", given.interval, rules), *canary_alerts(given)]


def _failing_and_slow(settings: RuleSettings) -> list[Rule]:
    """Ratios and percentiles of a model, where there are requests enough for them to mean something."""
    alert, thresholds = settings.alerting.alert, settings.thresholds
    requests = "job_model:llm_requests:increase5m"
    enough = compared(settings, "minimum_requests", requests, ">=", settings.minimum_requests)
    enough = f"\nand on (job, model) {enough}"
    seconds = threshold_text(settings, "latency_p95_seconds", str(thresholds["latency_p95_seconds"]))

    def above(name: str, expression: str) -> str:
        return compared(settings, name, expression, ">", thresholds[name])

    def share(name: str) -> str:
        return threshold_text(settings, name, percent(thresholds[name]), " | humanizePercentage")

    slow = above("latency_p95_seconds", "round(job_model:llm_response_latency_seconds:p95_rate5m, 0.001)")
    return [
        *alert(
            "LLMHighFailureRatio",
            above("failure_ratio", "round(job_model:llm_requests_failed:ratio_rate5m, 0.0001)") + enough,
            summary="Too many LLM requests fail",
            description='{{ $value | humanizePercentage }} of the requests for model "{{ $labels.model }}" at'
            " {{ $labels.job }} failed in the last 5 minutes (threshold [[ threshold ]]).",
            values={"threshold": share("failure_ratio")},
            dashboard_for=OF_MODEL,
            among=_KNOWN,
        ),
        *alert(
            "LLMHighLatencyP95",
            slow + enough + unless_a_guess(settings) + unless_always(settings),
            summary="LLM answers are slow (95th percentile)",
            description='The slowest 5% of the answers of model "{{ $labels.model }}" at {{ $labels.job }} took'
            " {{ $value | humanizeDuration }} or longer in the last 5 minutes (threshold [[ seconds ]]s).",
            values={"seconds": seconds},
            dashboard_for=OF_MODEL,
            among=_KNOWN,
        ),
        # The same question, counted instead of interpolated: it speaks where the percentile cannot, because the
        # histogram ends at the threshold.
        *alert(
            "LLMSlowRequestsOver5Percent",
            above("slow_request_ratio", "round(job_model:llm_response_latency_seconds_slow:ratio_rate5m, 0.0001)")
            + enough
            + (_unless_the_percentile_tells(settings, slow) or unless_always(settings)),
            summary="Too many LLM answers are slower than the threshold",
            description='{{ $value | humanizePercentage }} of the answers of model "{{ $labels.model }}" at'
            " {{ $labels.job }} took longer than [[ seconds ]]s in the last 5 minutes (threshold [[ threshold ]]).",
            values={"seconds": seconds, "threshold": share("slow_request_ratio")},
            dashboard_for=OF_MODEL,
            among=_KNOWN,
        ),
    ]


def _unless_the_percentile_tells(settings: RuleSettings, slow: str) -> str:
    """What keeps counted slow answers quiet while the percentile, by the expression ``slow``, tells of them.

    More than 5% take longer than the threshold exactly when the P95 exceeds it. Where fewer are too many already,
    counting is the one that tells earlier, and the percentile is kept quiet by Alertmanager alone.
    """
    name = "slow_request_ratio"
    ratios = [settings.thresholds[name], *(one.numbers[name] for one in settings.overrides.for_models(name))]
    tells = settings.alerting.tuning["LLMHighLatencyP95"].get("enabled", True)
    if not tells or any(float(ratio) < PERCENTILE for ratio in ratios):
        return ""
    return f"\nunless on (job, model) {slow}"


def _surging(settings: RuleSettings) -> list[Rule]:
    return [
        *_surge_alerts(
            settings,
            "LLMRequestSurge",
            "llm_requests",
            "request_surge_ratio",
            summary="Far more LLM requests than usual",
            description="{{ $labels.job }} gets {{ $value | humanize }} times its usual request rate"
            " (threshold [[ threshold ]]). Usual is the last hour, or this hour in recent weeks if that was busier.",
        ),
        *_surge_alerts(
            settings,
            "LLMTokenSurge",
            "llm_tokens_used",
            "token_surge_ratio",
            summary="Far more LLM tokens used than usual",
            description="{{ $labels.job }} uses {{ $value | humanize }} times its usual number of tokens"
            " (threshold [[ threshold ]]). Usual is the last hour, or this hour in recent weeks if that was busier.",
            dashboard="llmmon-cost",
        ),
    ]


def _surge_alerts(
    settings: RuleSettings,
    name: str,
    signal: str,
    threshold: str,
    *,
    summary: str,
    description: str,
    dashboard: str | None = None,
) -> list[Rule]:
    """A surge of one signal, by the threshold of each gateway."""
    default = settings.thresholds[threshold]

    def of_gateway(job: str) -> Number:
        return settings.overrides.of_gateway(threshold, job, default)

    surging = [
        f"{chosen(f'job:{signal}:surge_ratio', jobs)} >= {value}" for value, jobs in by_value(settings, of_gateway)
    ]
    return settings.alerting.alert(
        name,
        # A job that runs every night is no surge every night.
        (surging[0] if len(surging) == 1 else f"(\n{union(surging)}\n)")
        + f"\nunless on (job) job:{signal}:rate5m <= {AS_BEFORE} * job:{signal}:rate5m_same_time",
        summary=summary,
        description=description,
        values={"threshold": gateway_threshold_text(settings, threshold, default)},
        dashboard=dashboard,
        dashboard_for=["job"],
    )


def _queueing(presets: Mapping[str, Preset], settings: RuleSettings) -> list[Rule]:
    """What engines report about themselves, where there are engines."""
    alert = settings.alerting.alert
    waiting, full = settings.thresholds["waiting_requests"], settings.thresholds["kv_cache_usage_ratio"]
    share = threshold_text(settings, "kv_cache_usage_ratio", percent(full), " | humanizePercentage")
    rules: list[Rule] = []
    if any("waiting" in preset for preset in presets.values()):
        rules += alert(
            "LLMRequestsWaiting",
            compared(settings, "waiting_requests", "job_model:llm_requests_waiting", ">", waiting),
            summary="LLM requests queue up",
            description='{{ $value | humanize }} requests for model "{{ $labels.model }}" at {{ $labels.job }} wait for'
            " their turn (threshold [[ threshold ]]).",
            values={"threshold": threshold_text(settings, "waiting_requests", str(waiting))},
            dashboard_for=OF_MODEL,
            among="job_model:llm_requests_waiting",
        )
    if any("kv_cache_usage" in preset for preset in presets.values()):
        rules += alert(
            "LLMKVCacheNearlyFull",
            compared(settings, "kv_cache_usage_ratio", "round(job_model:llm_kv_cache_usage_ratio, 0.0001)", ">", full),
            summary="The KV cache of an LLM server is nearly full",
            description='{{ $value | humanizePercentage }} of the KV cache for model "{{ $labels.model }}" at'
            " {{ $labels.job }} is in use (threshold [[ threshold ]]): requests will wait or be preempted.",
            values={"threshold": share},
            dashboard_for=OF_MODEL,
            among="job_model:llm_kv_cache_usage_ratio",
        )
    return rules
