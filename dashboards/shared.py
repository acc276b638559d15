"""Panels that more than one dashboard shows."""

from __future__ import annotations

from typing import Any

from dashboards import expressions, parts, style, units
from dashboards.frame import CHOSEN, CHOSEN_JOB, MODEL

NO_COST = "No cost known"
# The row that is clicked becomes the choice; time and data source stay.
TO_GATEWAY = "/d/llmmon-operations?${datasource:queryparam}&${__url_time_range}"
TO_MODEL = (
    f"{TO_GATEWAY}&var-job=${{__data.fields.Gateway:percentencode}}&var-model=${{__data.fields.Model:percentencode}}"
)
USUAL = (
    "What is usual: the busier of the hour that ended a while ago and the median of this hour in the last three weeks. "
    "For whole gateways, whatever model is chosen."
)


def models_now(title: str, description: str, more: dict[str, tuple[str, str]], *, height: int) -> Any:
    """Rate, errors and duration of each model, the worst first, and `more`."""
    return parts.comparison(
        title,
        f"{description} A click on a model's name shows that model alone. LLMHighFailureRatio reads what failed, "
        "LLMHighLatencyP95 the P95.",
        {
            "Requests": ("reqps", by_model(f"job_model:llm_requests:rate5m{CHOSEN}")),
            "Failed": ("percentunit", by_model(f"job_model:llm_requests_failed:ratio_rate5m{CHOSEN}")),
            "P95": ("s", slowest("llm_response_latency_seconds", 95)),
            **more,
        },
        columns={"model": "Model", "job": "Gateway"},
        link=TO_MODEL,
        # What waits may be known of a model that no request was finished of.
        rows=by_model(f'{{__name__=~"job_model:(llm_requests:rate5m|llm_requests_waiting)", {CHOSEN[1:-1]}}}'),
        sort="Failed",
        red={"Failed": style.FAILS},
        height=height,
    )


def by_model(expression: str) -> str:
    return f"sum by (job, model) ({expression})"


def slowest(signal: str, percent: int) -> str:
    return f"max by (job, model) (job_model:{signal}:p{percent}_rate5m{CHOSEN})"


def failure_ratio() -> Any:
    lines = parts.graph(
        "Failure ratio by model",
        "Failed requests divided by all requests. If it stays above the line, and there are enough requests, "
        "LLMHighFailureRatio fires; a model with a threshold of its own has its own line. "
        f"{style.FAILING_SAID}",
        "percentunit",
        {MODEL: f"job_model:llm_requests_failed:ratio_rate5m{CHOSEN}"},
        threshold="failure_ratio",
    )
    return parts.coloured_by_failing(lines)


def tokens_by_type() -> Any:
    return parts.graph(
        "Tokens, input and output",
        "Tokens per second of all that is chosen above, stacked. LLMTokenSurge compares their sum with the usual.",
        units.TOKENS_PER_SECOND,
        {"{{type}}": f"sum by (type) (job_model_type:llm_tokens_used:rate5m{CHOSEN})"},
        stacked=True,
        known=("input", "output"),
    )


def surge(what: str, signal: str, threshold: str, alert: str, *, width: int = parts.WIDTH // 2) -> Any:
    return parts.graph(
        f"{what}, times the usual",
        f"{USUAL} At the line {alert} fires, unless there was as much at this time yesterday or a week ago.",
        units.TIMES,
        {"{{job}}": f"job:{signal}:surge_ratio{CHOSEN_JOB}"},
        width=width,
        threshold=threshold,
        empty="Not enough history",
    )


def compared(title: str, description: str, with_what: str, expression: str) -> list[Any]:
    """A row: requests now and those to compare them with, and how far requests and tokens are above the usual."""
    return [
        parts.third(
            title,
            f"Requests per second of the chosen gateways, whatever model is chosen, and {description}",
            "reqps",
            {"now": f"sum(job:llm_requests:rate5m{CHOSEN_JOB})", with_what: expression},
            dashed=with_what,
        ),
        surge("Requests", "llm_requests", "request_surge_ratio", "LLMRequestSurge", width=8),
        surge("Tokens", "llm_tokens_used", "token_surge_ratio", "LLMTokenSurge", width=8),
    ]


def cost_today(*, width: int) -> Any:
    return parts.number(
        # Grafana writes "Today so far" beside it.
        "Cost",
        "US dollars since midnight, by your browser's clock, of the chosen gateways; if you have chosen a fixed time, "
        "in that time. No alert reads it; LLMCostDayLimitReached watches the budget of a day.",
        "currencyUSD",
        {"today": expressions.cost_today()},
        width=width,
        empty=NO_COST,
        latest=True,
    ).time_from("now/d")


def cost_in_30_days(*, width: int) -> Any:
    return parts.number(
        "Cost of 30 days, forecast",
        "US dollars that 30 days cost, going on as in the last 7 days, or since there are data, of the chosen "
        "gateways. LLMCostBudgetForecastOver asks the same of each budget.",
        "currencyUSD",
        {"forecast": expressions.cost_in_30_days()},
        width=width,
        empty=NO_COST,
    )
