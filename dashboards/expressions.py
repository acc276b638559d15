"""Expressions that more than one dashboard asks."""

from __future__ import annotations

from dashboards.frame import CHOSEN, CHOSEN_JOB

REQUESTS = f"sum(job_model:llm_requests:rate5m{CHOSEN})"
FAILED = f"sum(job_model:llm_requests_failed:rate5m{CHOSEN})"

# Times as fast as allowed: the share that failed, or was slow, divided by the share that may.
BURN_RATES = {
    "availability": "job:llm_requests_failed:ratio_rate",
    "latency": "job:llm_response_latency_seconds_slow:ratio_rate",
}


def total(per_second: str) -> str:
    """What a rate adds up to over the time that is shown. One sample a minute, however often rules are evaluated."""
    return f"sum_over_time({per_second}[$__range:1m]) * 60"


def allowed(objective: str) -> str:
    """What each gateway may miss."""
    return f'on (job) group_left () (1 - max by (job) (llmmon:objective{{name="{objective}"}}))'


def burn_rate(objective: str, window: str) -> str:
    return f"{BURN_RATES[objective]}{window}{CHOSEN_JOB} / {allowed(objective)}"


def error_budget_used() -> str:
    """Of the gateway that used most. Asked for when it is looked at: a rule would add up 30 days again and again."""
    failed = f"sum_over_time(job:llm_requests_failed:rate5m{CHOSEN_JOB}[30d])"
    requests = f"sum_over_time(job:llm_requests:rate5m{CHOSEN_JOB}[30d])"
    return f"max({failed} / ({requests} > 0) / {allowed('availability')})"


def cost_today() -> str:
    return f"sum({total(f'job:llm_cost_usd:rate5m{CHOSEN_JOB}')})"


def cost_in_30_days() -> str:
    return f"sum(job:llm_cost_usd:forecast30d{CHOSEN_JOB})"
