# SPDX-License-Identifier: Apache-2.0
"""Alerts about what should be there and is not: gateways, their metrics, their traffic, and the token they ask for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ansible_collections.llmmon.stack.plugins.plugin_utils.gateways import Gateway
from ansible_collections.llmmon.stack.plugins.plugin_utils.presets import Preset, preset_of
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.model import Rule, record
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.promql import (
    aggregated,
    job_is,
    one_of_jobs,
    quoted,
    selector,
    union,
)
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.settings import RuleSettings


def series_seen(gateways: Sequence[Gateway], presets: Mapping[str, Preset]) -> list[Rule]:
    """What LLMMetricsMissing remembers for a day, in one series a target.

    The raw ones would be too many to look back at.
    """
    rules = []
    for gateway in gateways:
        counters = preset_of(gateway["kind"], presets).get("requests", [])
        series = [
            selector(
                "",
                f"__name__=~{quoted('|'.join(counter['metrics']))}",
                job_is(gateway["name"]),
                counter.get("matchers", ""),
            )
            for counter in counters
        ]
        if series:
            counted = aggregated("count", ["job", "instance"], f"\n{union(series)}\n")
            rules.append(record("job_instance:llm_requests_series:count", counted, job=gateway["name"]))
    return rules


def presence_alerts(gateways: Sequence[Gateway], settings: RuleSettings) -> list[Rule]:
    """Gateways that cannot be scraped, have vanished, or show nothing of what they usually show."""
    alert, floor = settings.alerting.alert, settings.surge_floors["requests_per_second"]
    up = selector("up", one_of_jobs(gateway["name"] for gateway in gateways))
    idle_then = f"(job:llm_requests:rate5m offset 1w or job:llm_requests:rate5m offset 1d) <= {floor}"
    return [
        *alert(
            "LLMTargetDown",
            f"{up} == 0",
            summary="An LLM gateway cannot be scraped",
            description="Prometheus gets no metrics from {{ $labels.instance }} ({{ $labels.job }}). The gateway is"
            " down or out of reach, or it refuses the bearer token: the target's last error says which.",
            dashboard_for=["job"],
        ),
        # One rule per gateway: absence has no labels but those asked for.
        *(
            rule
            for gateway in gateways
            for rule in alert(
                "LLMAllTargetsGone",
                f"absent({selector('up', job_is(gateway['name']))})",
                summary="An LLM gateway has vanished from Prometheus",
                description="Prometheus has no target at all for {{ $labels.job }}, so it is not scraped and none of"
                " its other alerts can fire.",
                labels={"job": gateway["name"]},
                dashboard_for=["job"],
            )
        ),
        # Only where they have been seen before, and not at a time of the week that was idle before: a gateway that has
        # been restarted shows no such metric until its first request.
        *alert(
            "LLMMetricsMissing",
            f"""
            {up} == 1
            unless on (job, instance) job_instance:llm_requests_series:count
            and on (job, instance) last_over_time(job_instance:llm_requests_series:count[1d] offset 15m)
            unless on (job) {idle_then}
            """,
            summary="An LLM gateway answers, but its request metrics are missing",
            description="{{ $labels.instance }} ({{ $labels.job }}) is scraped without error, and yet its request"
            " metrics, which were there within the last day, are not: renamed by an upgrade, or switched off.",
            dashboard_for=["job"],
        ),
        *alert(
            "LLMNoTraffic",
            f"""
            job:llm_requests:rate5m == 0
            and on (job) job:llm_requests:rate5m_baseline > {floor}
            unless on (job) {idle_then}
            """,
            summary="An LLM gateway gets no requests although it usually does",
            description="{{ $labels.job }} has got no request for 5 minutes and more, at a time when it usually does.",
            dashboard_for=["job"],
        ),
    ]


def prober_alerts(settings: RuleSettings) -> list[Rule]:
    """Tokens that are refused, or not asked for.

    A failed scrape is only a failed scrape; the prober asks for the same page with the same token and tells the answer.
    """
    if not settings.prober:
        return []
    alert = settings.alerting.alert
    answered = 'probe_http_status_code{job="llm-metrics-probe"}'
    return [
        *alert(
            "LLMMetricsAuthFailure",
            _at_the_gateway(f"{answered} == 401 or {answered} == 403"),
            summary="An LLM gateway refuses the token for its metrics",
            description="The metrics page of {{ $labels.instance }} ({{ $labels.job }}) answers {{ $value }}: the"
            " bearer token is wrong, was revoked, or is asked for since an upgrade. Nothing of this gateway is"
            " watched.",
            dashboard_for=["job"],
        ),
        # That it was a page of metrics, too: a sign-in page also answers 200.
        *alert(
            "LLMMetricsExposedWithoutAuth",
            _at_the_gateway(
                'probe_http_status_code{job="llm-metrics-noauth"} == 200\n'
                '  and on (gateway, instance) probe_failed_due_to_regex{job="llm-metrics-noauth"} == 1'
            ),
            summary="The metrics of an LLM gateway can be read without a token",
            description="{{ $labels.instance }} ({{ $labels.job }}) shows its metrics to whoever asks, with the names"
            " of models, teams and keys, although a token is configured.",
            dashboard_for=["job"],
        ),
    ]


def _at_the_gateway(probe: str) -> str:
    """What the prober saw, under the gateway's job instead of the prober's."""
    return f'max by (job, instance) (label_replace(\n  {probe},\n  "job", "$1", "gateway", "(.+)"\n))'
