"""The first page: is a gateway failing, is it slow, who burns the tokens, and has somebody been told."""

from __future__ import annotations

from typing import Any

from grafana_foundation_sdk.builders import dashboard
from grafana_foundation_sdk.models import dashboard as models

from dashboards import parts

# Every panel reads through this selection, so that it is the same everywhere.
CHOSEN = '{job=~"$job", model=~"$model"}'
MODEL = "{{job}} {{model}}"


def build() -> Any:
    board = (
        dashboard.Dashboard("LLM overview")
        .uid("llmmon-overview")
        .description(
            "LLM gateways at a glance. All numbers are recorded by the rules that the alerts use, over 5 minutes."
        )
        .tags(["llmmon"])
        .timezone("browser")
        .time("now-6h", "now")
        .refresh("1m")
        .tooltip(models.DashboardCursorSync.CROSSHAIR)
        .with_variable(parts.data_source_variable())
        # Configured gateways, also those that have been silent for long.
        .with_variable(parts.query_variable("job", "Gateway", "label_values(llmmon:gateway, job)"))
        # ".*" and not a list, so that "All" includes gateways that have no model label.
        .with_variable(
            parts.query_variable(
                "model", "Model", 'label_values(job_model:llm_requests:rate5m{job=~"$job"}, model)', all_value=".*"
            )
        )
        .annotation(
            dashboard.AnnotationQuery()
            .name("Alerts")
            .datasource(parts.DATA_SOURCE)
            .enable(True)
            .icon_color("red")
            .expr('ALERTS{alertstate="firing", component="llm", job=~"$job"}')
        )
        .link(
            dashboard.DashboardLink("LLM dashboards")
            .type(models.DashboardLinkType.DASHBOARDS)
            .tags(["llmmon"])
            .as_dropdown(True)
            .include_vars(True)
            .keep_time(True)
        )
    )
    for number, panel in enumerate([*_now(), *_requests(), *_tokens(), *_unusual(), *_alerts()], start=1):
        # Numbered here, so that links to a panel survive a new push.
        board.with_panel(panel.id(number))
    return board.build()


def _now() -> list[Any]:
    return [
        parts.number(
            "Requests",
            "Requests per second. LLMRequestSurge compares this with what is usual.",
            "reqps",
            {"requests": f"sum(job_model:llm_requests:rate5m{CHOSEN})"},
            width=3,
            empty="No traffic",
        ),
        parts.number(
            "Failure ratio",
            "Failed requests divided by all requests of what is chosen above. LLMHighFailureRatio watches each model.",
            "percentunit",
            {
                "failed": f"sum(job_model:llm_requests_failed:rate5m{CHOSEN})"
                f" / (sum(job_model:llm_requests:rate5m{CHOSEN}) > 0)"
            },
            width=4,
            empty="No traffic",
        ),
        parts.number(
            "P95 of the slowest model",
            "95 of 100 answers came within this time, where it is longest. LLMHighLatencyP95 watches each model.",
            "s",
            {"P95": f"max(job_model:llm_response_latency_seconds:p95_rate5m{CHOSEN})"},
            width=4,
            empty="No traffic",
        ),
        parts.number(
            "Tokens",
            "Tokens per second, input and output. LLMTokenSurge compares this with what is usual.",
            "short",
            {"tokens": f"sum(job_model:llm_tokens_used:rate5m{CHOSEN})"},
            width=3,
            empty="No traffic",
        ),
        parts.number(
            "Tokens per request",
            "Size of requests and answers together. No alert reads it; it explains slow answers and token surges.",
            "short",
            {
                "tokens": f"sum(job_model:llm_tokens_used:rate5m{CHOSEN})"
                f" / (sum(job_model:llm_requests:rate5m{CHOSEN}) > 0)"
            },
            width=3,
            empty="No traffic",
        ),
        parts.number(
            "Targets",
            "Instances of the chosen gateways that can be scraped, of all that are configured. "
            "LLMTargetDown and LLMAllTargetsGone watch them.",
            "none",
            {"up": 'sum(up{job=~"$job"})', "of": 'count(up{job=~"$job"})'},
            width=4,
            empty="No targets",
        ),
        parts.red_above_zero(
            parts.number(
                "Firing alerts",
                "Alerts that fire now, of the gateways and of the monitoring, without the Watchdog, which always does.",
                "none",
                {"firing": 'count(ALERTS{alertstate="firing", alertname!="Watchdog"}) or vector(0)'},
                width=3,
                empty="Unknown",
            )
        ),
    ]


def _requests() -> list[Any]:
    return [
        parts.graph(
            "Requests, answered and failed",
            "Requests per second of all that is chosen above, stacked. LLMHighFailureRatio reads their ratio.",
            "reqps",
            {
                "failed": f"sum(job_model:llm_requests_failed:rate5m{CHOSEN})",
                "answered": f"sum(job_model:llm_requests:rate5m{CHOSEN})"
                f" - sum(job_model:llm_requests_failed:rate5m{CHOSEN})",
            },
            stacked=True,
        ),
        parts.graph(
            "Failure ratio by model",
            "Failed requests divided by all requests. If it stays above the line, and there are enough requests, "
            "LLMHighFailureRatio fires.",
            "percentunit",
            {MODEL: f"job_model:llm_requests_failed:ratio_rate5m{CHOSEN}"},
            threshold="failure_ratio",
        ),
        parts.graph(
            "Response time by model (P95)",
            "95 of 100 answers came within this time; interpolated between the edges of the gateway's histogram. "
            "Above the line LLMHighLatencyP95 fires.",
            "s",
            {MODEL: f"job_model:llm_response_latency_seconds:p95_rate5m{CHOSEN}"},
            threshold="latency_p95_seconds",
        ),
        parts.graph(
            "Slow answers by model",
            "Share of answers that took longer than the P95 threshold, counted exactly. "
            "Above the line LLMSlowRequestsOver5Percent fires. "
            "Empty if the threshold is no edge of the gateway's histogram.",
            "percentunit",
            {MODEL: f"job_model:llm_response_latency_seconds_slow:ratio_rate5m{CHOSEN}"},
            threshold="slow_request_ratio",
            empty="No traffic, or not countable",
        ),
    ]


def _tokens() -> list[Any]:
    return [
        parts.graph(
            "Tokens, input and output",
            "Tokens per second of all that is chosen above, stacked. LLMTokenSurge compares their sum with the usual.",
            "short",
            {"{{type}}": f"sum by (type) (job_model_type:llm_tokens_used:rate5m{CHOSEN})"},
            stacked=True,
        ),
        parts.graph(
            "Tokens per request by model",
            "Size of requests and answers together. No alert reads it; it explains slow answers and token surges.",
            "short",
            {MODEL: f"job_model:llm_tokens_per_request:ratio_rate5m{CHOSEN}"},
        ),
    ]


def _unusual() -> list[Any]:
    usual = (
        "What is usual: the busier of the hour that ended a while ago and the median of this hour "
        "in the last three weeks. For whole gateways, whatever model is chosen."
    )
    return [
        parts.graph(
            "Requests, times the usual",
            f"{usual} At the line LLMRequestSurge fires.",
            "none",
            {"{{job}}": 'job:llm_requests:surge_ratio{job=~"$job"}'},
            threshold="request_surge_ratio",
            empty="Not enough history",
        ),
        parts.graph(
            "Tokens, times the usual",
            f"{usual} At the line LLMTokenSurge fires.",
            "none",
            {"{{job}}": 'job:llm_tokens_used:surge_ratio{job=~"$job"}'},
            threshold="token_surge_ratio",
            empty="Not enough history",
        ),
    ]


def _alerts() -> list[Any]:
    return [
        parts.listing(
            "Alerts that fire now",
            "Every firing alert but the Watchdog, which always does. The runbook of an alert has its name.",
            'ALERTS{alertstate="firing", alertname!="Watchdog"}',
            columns={
                "severity": "Severity",
                "alertname": "Alert",
                "job": "Gateway or service",
                "model": "Model",
                "instance": "Instance",
                "integration": "Channel",
            },
            empty="No alert fires",
        ),
    ]
