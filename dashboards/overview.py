"""The first page: what fails, what is slow, who is affected and since when, what changed, and what it costs."""

from __future__ import annotations

from typing import Any

from dashboards import expressions, frame, parts, shared, style, units
from dashboards.expressions import FAILED, REQUESTS
from dashboards.frame import CHOSEN, CHOSEN_JOB

NOT_THE_WATCHDOG = 'alertname!="Watchdog"'
# Alertmanager's form for a new silence, with the alert's name in it; whoever silences may add more.
SILENCE = "${alertmanager}/#/silences/new?filter=%7Balertname%3D%22${__value.raw}%22%7D"
FIRING = f'ALERTS{{alertstate="firing", {NOT_THE_WATCHDOG}}}'
# As texts these are in the order of how bad they are, which their names are not.
SEVERITIES = {
    str(rank): (severity, colour) for rank, (severity, colour) in enumerate(style.SEVERITIES.items(), start=1)
}


def build() -> Any:
    return frame.board(
        "overview",
        "LLM overview",
        "Is a gateway failing, slow, unusual, expensive? All numbers are recorded by the rules that the alerts use.",
        rows={
            "Now": _now(),
            "Who is affected, and since when": [_alerts(), _models()],
            "Requests": _requests(),
            "What changed": _changes(),
            "Tokens and cost": _tokens(),
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
                "Alerts that fire now, of the gateways and of the monitoring, without the Watchdog, which always does. "
                "See in the table below which.",
                "none",
                {"firing": f"count({FIRING}) or vector(0)"},
                width=4,
                empty=parts.UNKNOWN,
            )
        ),
        parts.number(
            "Failed",
            "Share of the requests that failed, of what is chosen above; red above the threshold of "
            "LLMHighFailureRatio, which watches each model. If it rises, the table below says of which model.",
            "percentunit",
            {"failed": f"{FAILED} / ({REQUESTS} > 0)"},
            width=4,
            threshold="failure_ratio",
        ),
        parts.number(
            "P95 of the slowest model",
            "95 of 100 answers came within this time, where it is longest; red above the threshold of "
            "LLMHighLatencyP95, which watches each model. If it rises, the table below says which model is slow.",
            "s",
            {"P95": f"max(job_model:llm_response_latency_seconds:p95_rate5m{CHOSEN})"},
            width=4,
            threshold="latency_p95_seconds",
        ),
        parts.number(
            "Requests",
            "Requests per second. LLMRequestSurge compares this with what is usual.",
            "reqps",
            {"requests": REQUESTS},
            width=4,
        ),
        parts.red_from(
            parts.number(
                "Error budget used, 30 days",
                "How many times the failures that llmmon_slo allows in 30 days are used up, as far back as data reach, "
                "of the chosen gateway that used most. At 1 the objective is missed. LLMErrorBudgetBurnFast and "
                "LLMErrorBudgetBurnSlow tell before that.",
                units.TIMES,
                {"used": expressions.error_budget_used()},
                width=4,
                latest=True,
            ),
            1,
        ),
        shared.cost_today(width=4),
    ]


def _alerts() -> Any:
    # ALERTS_FOR_STATE says since when, and has no label alertstate.
    seconds = f"(time() - ALERTS_FOR_STATE{{{NOT_THE_WATCHDOG}}}) and ignoring (alertstate) {FIRING}"
    for rank, (severity, _) in SEVERITIES.items():
        seconds = f'label_replace({seconds}, "severity", "{rank}", "severity", "{severity}")'
    listed = parts.listing(
        "Alerts that fire now",
        "Every firing alert but the Watchdog, which always does: the most severe first, and of these the one that "
        "lasts longest. Click on an alert for its runbook, or for the form that silences it; on a gateway "
        "for what it does.",
        seconds,
        columns={
            "severity": "Severity",
            "alertname": "Alert",
            "model": "Model",
            "job": "Gateway or service",
            "team": "Team",
            "instance": "Instance",
            "integration": "Channel",
        },
        value=("Lasts for", "s"),
        links={
            "Alert": [
                {"title": "Runbook", "url": "${runbooks}/${__value.raw}.md", "targetBlank": True},
                {"title": "Silence", "url": SILENCE, "targetBlank": True},
            ],
            "Gateway or service": [
                {
                    "title": "Look closer",
                    "url": f"{shared.TO_GATEWAY}&var-job=${{__value.raw:percentencode}}",
                    "targetBlank": False,
                }
            ],
        },
        sort=(("Severity", False), ("Lasts for", True)),
        empty="No alert fires",
        height=6,
    )
    return parts.coloured(listed, "Severity", SEVERITIES)


def _models() -> Any:
    requests = shared.by_model(f"job_model:llm_requests:rate5m{CHOSEN}")
    before = shared.by_model(f"job_model:llm_requests:rate5m{CHOSEN} offset 1h")
    return shared.models_now(
        "Models",
        "Each model now, the one that fails most first, and its requests divided by those of an hour ago.",
        {
            "Vs. 1 hour ago": (units.TIMES, f"{requests} / ({before} > 0)"),
            "Cost per hour": ("currencyUSD", shared.by_model(f"job_model:llm_cost_usd:rate5m{CHOSEN} * 3600")),
        },
        height=6,
    )


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


def _changes() -> list[Any]:
    return [
        *shared.compared(
            "Requests, this week and last",
            "a week before. No alert compares just these two; LLMRequestSurge looks at several weeks.",
            "a week before",
            f"sum(job:llm_requests:rate5m{CHOSEN_JOB} offset 1w)",
        ),
        parts.number(
            "Targets",
            "Instances of the chosen gateways that can be scraped, of all that are configured. "
            "LLMTargetDown and LLMAllTargetsGone watch them.",
            "none",
            {"up": f"sum(up{CHOSEN_JOB})", "configured": f"count(up{CHOSEN_JOB})"},
            width=12,
            empty="No targets",
        ),
        parts.number(
            "Youngest process",
            "How long the instance runs that was started last, of the chosen gateways; each start is a blue stroke in "
            "the graphs. No alert reads it: if something broke just then, look at what was released. Unknown for "
            "gateways that do not expose process_start_time_seconds.",
            "s",
            {"age": f"time() - max(process_start_time_seconds{CHOSEN_JOB})"},
            width=12,
            empty=parts.UNKNOWN,
            latest=True,
        ),
    ]


def _tokens() -> list[Any]:
    return [
        parts.number(
            "Tokens",
            "Tokens per second, input and output. LLMTokenSurge compares this with what is usual.",
            units.TOKENS_PER_SECOND,
            {"tokens": f"sum(job_model:llm_tokens_used:rate5m{CHOSEN})"},
            width=8,
        ),
        parts.number(
            "Tokens per request",
            "Size of requests and answers together. No alert reads it: if it rises, answers become slow and dear: "
            "see in LLM tokens and cost whose they are.",
            "suffix:tokens",
            {"tokens": f"sum(job_model:llm_tokens_used:rate5m{CHOSEN}) / ({REQUESTS} > 0)"},
            width=8,
        ),
        shared.cost_in_30_days(width=8),
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
