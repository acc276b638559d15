"""The first page: is a gateway failing, is it slow, who burns the tokens, and has somebody been told."""

from __future__ import annotations

from typing import Any

from dashboards import expressions, frame, parts, shared
from dashboards.expressions import FAILED, REQUESTS
from dashboards.frame import CHOSEN, CHOSEN_JOB

FIRING = 'ALERTS{alertstate="firing", alertname!="Watchdog"}'


def build() -> Any:
    return frame.board(
        "overview",
        "LLM overview",
        "Is a gateway failing, slow, unusual, expensive? All numbers are recorded by the rules that the alerts use.",
        rows={
            "Now": _now(),
            "Requests": _requests(),
            "Tokens and cost": _tokens(),
            "Compared with the usual": _unusual(),
            "Alerts": _alerts(),
        },
        # Those of a gateway that is chosen, and of no gateway.
        alerts='component="llm", job=~"$job|"',
        variables=(frame.gateways(), frame.models_of_gateways()),
    )


def _now() -> list[Any]:
    return [
        parts.red_above_zero(
            parts.number(
                "Firing alerts",
                "Alerts that fire now, of the gateways and of the monitoring, without the Watchdog, which always does.",
                "none",
                {"firing": f"count({FIRING}) or vector(0)"},
                width=4,
                empty=parts.UNKNOWN,
            )
        ),
        parts.number(
            "Targets",
            "Instances of the chosen gateways that can be scraped, of all that are configured. "
            "LLMTargetDown and LLMAllTargetsGone watch them.",
            "none",
            {"up": f"sum(up{CHOSEN_JOB})", "of": f"count(up{CHOSEN_JOB})"},
            width=4,
            empty="No targets",
        ),
        parts.number(
            "Availability",
            "Share of the requests that did not fail, of what is chosen above. LLMHighFailureRatio watches each model.",
            "percentunit",
            {"answered": f"1 - {FAILED} / ({REQUESTS} > 0)"},
            width=4,
        ),
        parts.red_below(
            parts.number(
                "Error budget left, 30 days",
                "What is left of the failures that llmmon_slo allows in 30 days, as far back as data reach, of the "
                "chosen gateway that has least. At 0 the objective is missed. LLMErrorBudgetBurnFast and "
                "LLMErrorBudgetBurnSlow tell before that.",
                "percentunit",
                {"left": expressions.error_budget_left()},
                width=4,
                latest=True,
            ),
            0,
        ),
        parts.number(
            "Requests",
            "Requests per second. LLMRequestSurge compares this with what is usual.",
            "reqps",
            {"requests": REQUESTS},
            width=4,
        ),
        parts.number(
            "P95 of the slowest model",
            "95 of 100 answers came within this time, where it is longest. LLMHighLatencyP95 watches each model.",
            "s",
            {"P95": f"max(job_model:llm_response_latency_seconds:p95_rate5m{CHOSEN})"},
            width=4,
        ),
        parts.number(
            "Tokens",
            "Tokens per second, input and output. LLMTokenSurge compares this with what is usual.",
            "short",
            {"tokens": f"sum(job_model:llm_tokens_used:rate5m{CHOSEN})"},
            width=6,
        ),
        parts.number(
            "Tokens per request",
            "Size of requests and answers together. No alert reads it; it explains slow answers and token surges.",
            "short",
            {"tokens": f"sum(job_model:llm_tokens_used:rate5m{CHOSEN}) / ({REQUESTS} > 0)"},
            width=6,
        ),
        shared.cost_today(width=6),
        shared.cost_in_30_days(width=6),
    ]


def _requests() -> list[Any]:
    return [
        parts.graph(
            "Requests, answered and failed",
            "Requests per second of all that is chosen above, stacked. LLMHighFailureRatio reads their ratio.",
            "reqps",
            {"failed": FAILED, "answered": f"{REQUESTS} - {FAILED}"},
            stacked=True,
        ),
        shared.failure_ratio(),
        parts.graph(
            "Response time of the slowest model",
            "50, 95 and 99 of 100 answers came within these times, of the chosen model where they are longest; "
            "interpolated between the edges of the gateway's histogram. LLMHighLatencyP95 compares the P95 of "
            "each model with the line, or with the model's own where it has one.",
            "s",
            {
                f"P{percent}": f"max(job_model:llm_response_latency_seconds:p{percent}_rate5m{CHOSEN})"
                for percent in (50, 95, 99)
            },
            threshold="latency_p95_seconds",
        ),
        parts.bars(
            "Busiest models",
            "Requests per second now, the five models that get most. No alert reads it; LLMRequestSurge watches "
            "gateways.",
            "reqps",
            {frame.MODEL: f"topk(5, job_model:llm_requests:rate5m{CHOSEN})"},
        ),
    ]


def _tokens() -> list[Any]:
    return [
        shared.tokens_by_type(),
        parts.bars(
            "Most expensive models",
            "US dollars that the five most expensive models cost in the time that is shown. "
            "No alert reads it; LLMCostBudgetBurnFast and LLMCostBudgetForecastOver watch budgets.",
            "currencyUSD",
            {frame.MODEL: f"topk(5, {expressions.total(f'job_model:llm_cost_usd:rate5m{CHOSEN}')})"},
            empty=shared.NO_COST,
        ),
    ]


def _unusual() -> list[Any]:
    return shared.compared(
        "Requests, this week and last",
        "a week before. No alert compares just these two; LLMRequestSurge looks at several weeks.",
        "a week before",
        f"sum(job:llm_requests:rate5m{CHOSEN_JOB} offset 1w)",
    )


def _alerts() -> list[Any]:
    return [
        parts.listing(
            "Alerts that fire now",
            "Every firing alert but the Watchdog, which always does. The runbook of an alert has its name.",
            FIRING,
            columns={
                "severity": "Severity",
                "alertname": "Alert",
                "job": "Gateway or service",
                "model": "Model",
                "team": "Team",
                "instance": "Instance",
                "integration": "Channel",
            },
            empty="No alert fires",
        ),
    ]
