# SPDX-License-Identifier: Apache-2.0
"""What a gateway hides from its users: deployments that fail behind retries, and models that others answer for.

A request that a fallback answers is counted under the fallback's name. Of a model that is down altogether, and has one,
the gateway's own requests say nothing at all.
"""

from __future__ import annotations

from collections.abc import Mapping

from ansible_collections.llmmon.stack.plugins.plugin_utils.presets import Preset
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.model import Rule
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.settings import RuleSettings
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.sources import Source
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.units import percent

# A deployment that cools down gets few requests: so many in 5 minutes are enough to say that it fails.
_ENOUGH = 5

_EACH = ["model", "deployment", "address"]
_DEPLOYMENT = "job_model_deployment_address:llm_deployment"
_FALLBACKS = "job_model_fallback:llm_fallbacks:rate5m"
_SHARE = "job_model:llm_fallbacks:ratio_rate5m"


def fallback_rules(source: Source) -> list[Rule]:
    """Requests, failures and cooldowns of deployments, and answers by fallbacks, as far as the source counts them."""
    preset, rules = source.preset, []
    if "deployments" in preset:
        requests, failures = f"{_DEPLOYMENT}_requests:rate5m", f"{_DEPLOYMENT}_failures:rate5m"
        rules += [
            source.record(requests, source.canonical(preset["deployments"]["requests"], _EACH)),
            source.record(failures, source.canonical(preset["deployments"]["failures"], _EACH)),
            source.record(
                f"{_DEPLOYMENT}_failures:ratio_rate5m",
                f"{source.recorded(failures)} / ({source.recorded(requests)} > 0)",
            ),
        ]
    if "cooldowns" in preset:
        cooldowns = source.canonical(preset["cooldowns"], _EACH[1:])
        rules.append(source.record("job_deployment_address:llm_deployment_cooldowns:rate5m", cooldowns))
    if "fallbacks" in preset:
        answered = source.recorded(_FALLBACKS)
        everything = f"{answered} or {source.recorded('job_model:llm_requests:rate5m')}"
        rules += [
            source.record(_FALLBACKS, source.canonical(preset["fallbacks"], ["model", "fallback"])),
            # What its own deployments answer, and what fails, is counted under the model's name.
            source.record(_SHARE, f"sum by (job, model) ({answered})\n/ (sum by (job, model) ({everything}) > 0)"),
        ]
    return rules


def fallback_alerts(presets: Mapping[str, Preset], settings: RuleSettings) -> list[Rule]:
    """Each fact once: users' failures before fallbacks, and these before the deployments that cause them."""
    alert, thresholds = settings.alerting.alert, settings.thresholds
    in_use = f"{_SHARE} > {thresholds['fallback_ratio']}"
    rules: list[Rule] = []
    if any("deployments" in preset for preset in presets.values()):
        rules += alert(
            "LLMDeploymentFailing",
            f"""
            {_DEPLOYMENT}_failures:ratio_rate5m > {thresholds["deployment_failure_ratio"]}
            and on (job, model, deployment, address) round({_DEPLOYMENT}_requests:rate5m * 300, 0.01) >= {_ENOUGH}
            unless on (job, model) {in_use}
            unless on (job, model) job_model:llm_requests_failed:ratio_rate5m > {thresholds["failure_ratio"]}
            """,
            summary="A deployment behind an LLM gateway fails",
            description="{{ $value | humanizePercentage }} of the attempts at {{ $labels.deployment }}"
            ' {{ $labels.address }} for model "{{ $labels.model }}" at {{ $labels.job }} failed in the last 5 minutes'
            " (threshold [[ threshold ]]). Users do not see it yet: retries reach others.",
            values={"threshold": percent(thresholds["deployment_failure_ratio"])},
            dashboard_for=("job", "model"),
        )
    if any("fallbacks" in preset for preset in presets.values()):
        rules += alert(
            "LLMFallbacksInUse",
            f"""
            {in_use}
            and on (job, model) round(sum by (job, model) ({_FALLBACKS}) * 300, 0.01) >= {_ENOUGH}
            """,
            summary="Another LLM answers instead of the one that was asked",
            description='{{ $value | humanizePercentage }} of the requests for model "{{ $labels.model }}" at'
            " {{ $labels.job }} were answered by its fallback in the last 5 minutes (threshold [[ threshold ]]).",
            values={"threshold": percent(thresholds["fallback_ratio"])},
            dashboard_for=("job", "model"),
            among=_SHARE,
        )
    return rules
