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
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.units import minutes

# With so many requests to be expected, that there is none at all happens by chance 6 times in a million.
_EXPECTED = 12
# How long a gateway of a few requests an hour is waited for.
_LONG, _LONG_SECONDS = "90m", 5400


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
    alert = settings.alerting.alert
    up = selector("up", one_of_jobs(gateway["name"] for gateway in gateways))
    missing, silent = (_lowest_rate(settings, name) for name in ("LLMMetricsMissing", "LLMNoTraffic"))
    rarest = _per_second(_LONG_SECONDS)
    seen = "job_instance:llm_requests_series:count"
    # The half hour that followed then: at its end the day before was over, too.
    then = _at_this_time("[30m]", "6d23h30m", "23h30m")
    long_then = _at_this_time(f"[{_LONG}]", "1w", "1d")
    return [
        *alert(
            "LLMTargetDown",
            f"{up} == 0",
            summary="An LLM gateway cannot be scraped",
            description="Prometheus gets no metrics from {{ $labels.instance }} ({{ $labels.job }}). The gateway is"
            " down or out of reach, refuses the bearer token, or shows more series than its sample limit allows: the"
            " target's last error says which.",
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
        *alert(
            "LLMTargetFlapping",
            f"avg_over_time({up}[30m])\nand on (job, instance) changes({up}[30m]) >= 6",
            summary="An LLM gateway can be scraped only now and then",
            description="Prometheus got the metrics of {{ $labels.instance }} ({{ $labels.job }}) in only"
            " {{ $value | humanizePercentage }} of its attempts in the last 30 minutes, with interruptions: the gateway"
            " restarts, is overloaded, or one of several behind the address is down.",
            dashboard_for=["job"],
        ),
        # Only where they have been seen before, and not at a time of the week that was idle before: a gateway that has
        # been restarted shows no such metric until its first request. With few requests that takes long.
        *alert(
            "LLMMetricsMissing",
            f"""
            {up} == 1
            unless on (job, instance) {seen}
            and on (job, instance) last_over_time({seen}[1d] offset 15m)
            unless on (job) {then} <= {missing}
            or {up} == 1
            unless on (job, instance) last_over_time({seen}[{_LONG}])
            and on (job, instance) last_over_time({seen}[1d] offset {_LONG})
            and on (job) {long_then} > {rarest}
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
            and on (job) job:llm_requests:rate5m_baseline > {silent}
            unless on (job) {then} <= {silent}
            or max_over_time(job:llm_requests:rate5m[{_LONG}]) == 0
            and on (job) avg_over_time(job:llm_requests:rate5m[6h] offset {_LONG}) > {rarest}
            and on (job) {long_then} > {rarest}
            """,
            summary="An LLM gateway gets no requests although it usually does",
            description="{{ $labels.job }} has got no request for 5 minutes and more, at a time when it usually does.",
            dashboard_for=["job"],
        ),
    ]


def _at_this_time(window: str, last_week: str, yesterday: str) -> str:
    """The rate of requests a week ago or, without a week of data, a day ago."""
    rate = f"job:llm_requests:rate5m{window} offset"
    return f"(avg_over_time({rate} {last_week}) or avg_over_time({rate} {yesterday}))"


def _lowest_rate(settings: RuleSettings, name: str) -> float:
    """The requests per second from which on an alert can tell nothing from little, while it waits."""
    return _per_second(300 + 60 * minutes(settings.alerting.tuning[name].get("for") or "0s"))


def _per_second(seconds: int) -> float:
    return round(_EXPECTED / seconds, 5)


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
