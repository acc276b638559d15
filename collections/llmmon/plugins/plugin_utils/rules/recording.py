# SPDX-License-Identifier: Apache-2.0
"""Recording rules: one level of names for every kind of gateway.

What differs between kinds is data (vars/presets/<kind>.yml of the role prometheus); alerts and dashboards read only
what is recorded here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ansible_collections.llmmon.stack.plugins.plugin_utils.gateways import Gateway
from ansible_collections.llmmon.stack.plugins.plugin_utils.presets import Preset
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.costs import (
    cached_rules,
    cost_sums,
    hour_rules,
    pattern_price_rules,
    price_rules,
    priced,
    team_rules,
)
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.degradation import usual_latency
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.fallbacks import fallback_rules
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.first_values import (
    BEGUN,
    BEGUN_OF_LATENCIES,
    begun,
    relabellings,
)
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.latencies import at_least, latency_rules, slow_answers
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.low_traffic_alerts import hourly_requests
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.model import Group, Rule, by_name, group, record
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.model_objectives import model_objectives
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.overrides import override_rules
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.promql import aggregated
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.seesaw import seesaw
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.settings import RuleSettings
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.sources import Source, sources
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.spending import (
    budget_rules,
    forecast_rules,
    own_budget_rules,
    spending_rules,
    used_rules,
)
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.trends import longer_ratios, surges
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.unfit_thresholds import least_of_days
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.unusual_failures import usual_failures

OF_ALL_KINDS = [
    record("job_model:llm_requests:increase5m", "round(job_model:llm_requests:rate5m * 300, 0.01)"),
    # `> 0`: without traffic there is no ratio, rather than NaN or infinity. Where only failures have no model (the
    # source names the one that answered), their ratio would be 1 whatever happens: absent while any model answers.
    record(
        "job_model:llm_requests_failed:ratio_rate5m",
        "job_model:llm_requests_failed:rate5m / (job_model:llm_requests:rate5m > 0)\n"
        'unless (job_model:llm_requests_failed:rate5m{model=""} / job_model:llm_requests:rate5m > 0.999\n'
        '  and on (job) job_model:llm_requests:rate5m{model!=""} > 0)',
    ),
    record("job_model:llm_tokens_used:rate5m", "sum without (type) (job_model_type:llm_tokens_used:rate5m)"),
    record(
        "job_model:llm_tokens_per_request:ratio_rate5m",
        "job_model:llm_tokens_used:rate5m / (job_model:llm_requests:rate5m > 0)",
    ),
]
OF_SLOW_ANSWERS = record(
    "job_model:llm_response_latency_seconds_slow:ratio_rate5m",
    "job_model:llm_response_latency_seconds_slow:rate5m / (job_model:llm_response_latency_seconds_count:rate5m > 0)",
)


def recording_rules(
    gateways: Sequence[Gateway], presets: Mapping[str, Preset], settings: Mapping[str, Any]
) -> list[Group]:
    """All groups of recording rules; ``settings`` is ``__llmmon_rule_settings``.

    Raises AnsibleFilterError for a kind without a preset.
    """
    chosen = RuleSettings.of(settings, gateways)
    kinds = sources(gateways, presets)
    return [
        group("llmmon_settings", chosen.interval, _settings(gateways, chosen)),
        # One group, because its rules build on each other and are evaluated in this order.
        group(
            "llmmon_recording",
            chosen.interval,
            seesaw(gateways, presets)
            + begun(BEGUN, gateways)
            # What is recorded of slow answers depends on the thresholds, and these on the models of a moment ago.
            + override_rules(chosen)
            + [rule for source in kinds for rule in _of_kind(source, chosen)]
            + pattern_price_rules(chosen)
            + [rule for source in kinds for rule in _money(source, chosen)]
            + OF_ALL_KINDS,
        ),
        # Histograms are most of what a gateway exposes: read as often as the rest they would cost as much again.
        group("llmmon_latencies", "1m", _latencies(kinds, gateways, chosen)),
        # How much busier than usual a gateway is, and everything else that is computed from one sample a minute,
        # whatever the rules' interval: guards count samples, and sums of samples are sums of money.
        group(
            "llmmon_surge",
            "1m",
            surges(chosen)
            + usual_latency()
            + least_of_days()
            + longer_ratios()
            + model_objectives(chosen)
            + hourly_requests()
            + usual_failures()
            + team_rules(kinds, gateways, chosen)
            + spending_rules(chosen),
        ),
        # Long sums that change slowly: 43200 samples of each team are not worth reading every minute. But more often
        # than every 5 minutes, when a series counts as gone.
        group(
            "llmmon_costs",
            "2m",
            cost_sums({"7d": "7d", "30d": "30d"})
            + forecast_rules()
            + used_rules(chosen)
            + [rule for source in kinds for rule in own_budget_rules(source)],
        ),
    ]


def _settings(gateways: Sequence[Gateway], settings: RuleSettings) -> list[Rule]:
    """What does not depend on traffic: dashboards draw these, alerts have the same numbers in their text."""
    return [
        *(record("llmmon:threshold", f"vector({value})", name=name) for name, value in by_name(settings.thresholds)),
        *(
            record("llmmon:objective", f"vector({slo[name]})", name=name, job=job)
            for job in settings.jobs
            for slo in [settings.overrides.slo_of(job, settings.slo)]
            for name in ("availability", "latency")
            if name in slo
        ),
        *(record("llmmon:gateway", "vector(1)", job=gateway["name"], source=gateway["kind"]) for gateway in gateways),
        # Dashboards are the same everywhere: they ask where the runbooks are, and where an alert is silenced.
        record("llmmon:runbooks", "vector(1)", url=settings.alerting.runbooks),
        record("llmmon:alertmanager", "vector(1)", url=settings.alerting.alertmanager),
        *relabellings(gateways),
        *price_rules(settings),
        *budget_rules(settings),
    ]


def _of_kind(source: Source, settings: RuleSettings) -> list[Rule]:
    """Everything that is recorded of one kind."""
    preset = source.preset
    rules: list[Rule] = []
    if "requests" in preset:
        rules.append(source.record("job_model:llm_requests:rate5m", source.canonical(preset["requests"], ["model"])))
    rules += _failures(source, settings)
    if "tokens" in preset:
        tokens = source.canonical(preset["tokens"], ["model", "type"])
        rules.append(source.record("job_model_type:llm_tokens_used:rate5m", tokens))
    return rules + _gauges(source) + fallback_rules(source)


def _money(source: Source, settings: RuleSettings) -> list[Rule]:
    """What the requests of one kind cost."""
    return [
        *hour_rules(source, settings),
        *cached_rules(source, settings, ["model"]),
        *priced(source, settings, ["model"]),
    ]


def _latencies(kinds: Sequence[Source], gateways: Sequence[Gateway], settings: RuleSettings) -> list[Rule]:
    """How long things take, of all kinds."""
    rules: list[Rule] = []
    for kind in kinds:
        source, preset = replace(kind, begun=BEGUN_OF_LATENCIES), kind.preset
        if "latency" in preset:
            name, duration = "llm_response_latency", preset["latency"]
            rules += latency_rules(source, name, duration)
            if "metrics" in duration:
                rules.append(slow_answers(source, name, duration, settings))
                rules.append(at_least(source, name, duration))
        if "time_to_first_token" in preset:
            rules += latency_rules(source, "llm_time_to_first_token", preset["time_to_first_token"])
        if "inter_token_latency" in preset:
            rules += latency_rules(source, "llm_inter_token_latency", preset["inter_token_latency"])
    shares = [OF_SLOW_ANSWERS] if rules else []
    return [*(begun(BEGUN_OF_LATENCIES, gateways) if rules else []), *rules, *shares]


def _failures(source: Source, settings: RuleSettings) -> list[Rule]:
    if "failures" not in source.preset:
        return []
    definitions = source.preset["failures"]
    failures = definitions.get(settings.failure_definition, definitions["all"])
    # A model that never failed has no such series: its failures are 0, not unknown.
    never = f"or on (job, model) {source.recorded('job_model:llm_requests:rate5m')} * 0"
    # `sum`: one series, whichever it comes from, or past data could not be filled in by promtool.
    failed = aggregated("sum", ["job", "model"], f"\n  {source.canonical(failures, ['model'])}\n  {never}\n")
    rules = [source.record("job_model:llm_requests_failed:rate5m", failed)]
    if "reason" in source.preset.get("labels", {}):
        reasons = source.canonical(failures, ["model", "reason"])
        rules.append(source.record("job_model_reason:llm_requests_failed:rate5m", reasons))
    return rules


def _gauges(source: Source) -> list[Rule]:
    """What is the case now. Of caches the fullest counts: requests wait for theirs, however empty the others are."""
    preset = source.preset
    rules = []
    for name, metrics, aggregate in (
        ("llm_requests_running", preset.get("running"), "sum"),
        ("llm_requests_waiting", preset.get("waiting"), "sum"),
        ("llm_kv_cache_usage_ratio", preset.get("kv_cache_usage"), "max"),
    ):
        if metrics is not None:
            now = source.canonical(metrics, ["model"], gauges=True, aggregate=aggregate)
            rules.append(source.record(f"job_model:{name}", now))
    return rules
