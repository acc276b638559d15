"""The page of tokens and money: which model, which team, how much of its budget, and what is not priced."""

from __future__ import annotations

from typing import Any

from dashboards import expressions, frame, parts, shared
from dashboards.frame import CHOSEN, CHOSEN_JOB, MODEL, OF_GATEWAY
from dashboards.shared import NO_COST
from dashboards.units import TOKENS, TOKENS_PER_SECOND

# What llmmon_top_spenders can choose.
SPENDERS = ("key", "user", "project", "customer")
TEAM = '{job=~"$job", team=~"$team"}'
TEAM_MODEL = '{job=~"$job", team=~"$team", model=~"$model"}'
# Of a team, a gateway, or all together: an empty label is one that is not there.
BUDGET = '{job=~"$job|", team=~"$team|"}'
WHO = "{{scope}} {{team}}{{job}}"
# Per second.
COST = f"job_model:llm_cost_usd:rate5m{CHOSEN}"
TOKENS_USED = f"job_model:llm_tokens_used:rate5m{CHOSEN}"
NO_TEAMS = "No teams: the gateway does not name them"
NO_TEAM_COST = "No cost known, or no teams named"
NO_BUDGETS = "No budgets: set llmmon_budgets"
NO_TOKENS = "No tokens: no traffic, or not counted by this kind"
NO_PRICES = "No cost known: the gateway does not charge, and llmmon_token_prices has none of its models"


def build() -> Any:
    return frame.board(
        "cost",
        "LLM tokens and cost",
        "Who uses the tokens and the money, what for, and how long the budgets last. Costs are what the gateway "
        "charges, or tokens times llmmon_token_prices.",
        rows={
            "Cost": _cost(),
            "Tokens": _tokens(),
            "Teams": _teams(),
            "Budgets": _budgets(),
        },
        # Those of budgets have a gateway, a team, or neither.
        alerts='alertname=~"LLMTokenSurge|LLMCost.+", job=~"$job|", team=~"$team|"',
        variables=(frame.gateways(), frame.models_of_gateways(), frame.teams()),
        time="now-24h",
    )


def _cost() -> list[Any]:
    return [
        shared.cost_today(width=5),
        _this_month(),
        _last_30_days(),
        shared.cost_in_30_days(width=5),
        _price_list(),
        parts.graph(
            "Cost per hour by model",
            "US dollars per hour, stacked. Hours of hardware without a token are those of idle. If it jumps, see "
            "who asks for the model (Teams). No alert reads it; LLMCostBudgetBurnFast watches budgets.",
            "currencyUSD",
            {MODEL: f"{COST} * 3600"},
            stacked=True,
            empty=NO_PRICES,
        ),
        parts.comparison(
            "Cost by model",
            "US dollars in the time that is shown, and what 1000 requests and a million tokens (input and output "
            "together) cost now, if there are any. A dear model for small requests: could a smaller one answer them? "
            "No alert reads it; budgets are at the bottom.",
            {
                "Cost": (
                    "currencyUSD",
                    f"sum by (job, model) ({expressions.total(f'job_model:llm_cost_usd:rate5m{CHOSEN}')})",
                ),
                "1000 requests": ("currencyUSD", _cost_of(1000, "llm_requests")),
                "1 million tokens": ("currencyUSD", _cost_of(1000000, "llm_tokens_used")),
            },
            columns={"job": "Gateway", "model": "Model"},
            width=12,
            empty=NO_PRICES,
        ),
        _top_spenders(),
    ]


def _top_spenders() -> Any:
    shown = [f"job_{spender}:llm_cost_usd:increase1d{CHOSEN_JOB}" for spender in SPENDERS]
    return parts.graph(
        "Cost of a day by spender",
        "US dollars in the 24 hours before each moment, of those who have spent most since their gateway counts. "
        "No alert reads it: ask the one who jumps. Empty without llmmon_top_spenders, and for kinds of gateways that "
        "do not charge or do not say whom.",
        "currencyUSD",
        {f"{{{{key}}}}{{{{user}}}}{{{{project}}}}{{{{customer}}}} {OF_GATEWAY}": " or ".join(shown)},
        width=24,
        empty="Not recorded: set llmmon_top_spenders, for a gateway that charges and says whom",
    )


def _last_30_days() -> Any:
    return parts.number(
        "Cost of the last 30 days",
        "US dollars in the last 30 days, as far back as data reach, of the chosen gateways. "
        "LLMCostBudgetUsedUp and those before it compare this with budgets.",
        "currencyUSD",
        {"cost": f"sum(job:llm_cost_usd:increase30d{CHOSEN_JOB})"},
        width=5,
        empty=NO_COST,
    )


def _this_month() -> Any:
    return parts.number(
        "Cost of this month",
        "US dollars since the first of the month, 00:00 UTC, as far back as data reach, of the chosen gateways. "
        "LLMCostBudgetUsedUp and those before it compare this with budgets.",
        "currencyUSD",
        {"cost": 'sum(budget:llm_cost_usd:month_to_date{scope="gateway", job=~"$job"})'},
        width=5,
        empty=NO_COST,
    )


def _price_list() -> Any:
    return parts.number(
        "Date of the price list",
        "When llmmon_token_price_file was last changed; no list, if it is not set. No alert reads it; verify.yml says "
        "when it is 90 days old: fetch a newer one then.",
        "dateTimeAsIso",
        {"date": "llmmon:token_price_file_timestamp_seconds * 1000"},
        width=4,
        latest=True,
        empty="No list",
    )


def _cost_of(many: int, signal: str) -> str:
    cost = f"sum by (job, model) (job_model:llm_cost_usd:rate5m{CHOSEN})"
    return f"{cost} / (sum by (job, model) (job_model:{signal}:rate5m{CHOSEN}) > 0) * {many}"


def _tokens() -> list[Any]:
    return [
        shared.tokens_by_type().no_value(NO_TOKENS),
        parts.graph(
            "Tokens by model",
            "Tokens per second, input and output together, stacked. LLMTokenSurge watches their sum: if it fires, this "
            "says which model it is.",
            TOKENS_PER_SECOND,
            {MODEL: TOKENS_USED},
            stacked=True,
            empty=NO_TOKENS,
        ),
        parts.graph(
            "Tokens per request by model",
            "Size of requests and answers together. No alert reads it; if it rises, LLMTokenSurge may fire without "
            "more requests: somebody sends longer prompts.",
            TOKENS,
            {MODEL: f"job_model:llm_tokens_per_request:ratio_rate5m{CHOSEN}"},
            empty=NO_TOKENS,
        ),
        shared.surge("Tokens", "llm_tokens_used", "token_surge_ratio", "LLMTokenSurge"),
        parts.bars(
            "Most used models",
            "Tokens in the time that is shown, of the eight models that used most. No alert reads it: if they lack "
            "a price, give these one first.",
            TOKENS,
            {MODEL: f"topk(8, {expressions.total(f'job_model:llm_tokens_used:rate5m{CHOSEN}')})"},
            empty=NO_TOKENS,
        ).show_unfilled(False),
        parts.graph(
            "Tokens without a price",
            "Tokens per second of models that cost nothing: neither does the gateway charge for them, nor has "
            "llmmon_token_prices their price. Give them one: alerts on budgets do not see these tokens. No alert reads "
            "it.",
            TOKENS_PER_SECOND,
            {MODEL: f"{TOKENS_USED} > 0 unless on (job, model) {COST} > 0"},
            empty="All have a price",
        ),
    ]


def _teams() -> list[Any]:
    return [
        parts.graph(
            "Cost per hour by team",
            "US dollars per hour, stacked. LLMCostBudgetBurnFast compares an hour's cost with a budget: if it fires, "
            "ask the team, and give requests of no team a key of one.",
            "currencyUSD",
            {"{{team}}": f"sum by (team) (job_team:llm_cost_usd:rate5m{TEAM}) * 3600"},
            stacked=True,
            empty=NO_TEAM_COST,
        ),
        parts.graph(
            "Tokens by team",
            "Tokens per second, input and output together, stacked. No alert reads it; LLMTokenSurge watches gateways, "
            "and this says whose tokens they are.",
            TOKENS_PER_SECOND,
            {"{{team}}": f"sum by (team) (job_team:llm_tokens_used:rate5m{TEAM})"},
            stacked=True,
            empty=NO_TEAMS,
        ),
        parts.comparison(
            "Teams",
            "What each team used in the time that is shown. LLMCostBudgetBurnFast and LLMCostBudgetForecastOver "
            "watch those that have a budget: give one to those who use most.",
            {
                "Cost": ("currencyUSD", by_team(f"job_team:llm_cost_usd:rate5m{TEAM}")),
                "Tokens": ("short", by_team(f"job_team:llm_tokens_used:rate5m{TEAM}")),
                "Requests": ("short", by_team(f"job_team:llm_requests:rate5m{TEAM}")),
            },
            columns={"team": "Team"},
            width=12,
            empty=NO_TEAMS,
        ),
        parts.comparison(
            "Models of teams",
            "What each team used which model for, in the time that is shown. If a model costs much, ask the "
            "team that it costs most for. No alert reads it.",
            {
                "Cost": (
                    "currencyUSD",
                    by_team(f"job_team_model:llm_cost_usd:rate5m{TEAM_MODEL}", "model"),
                ),
                "Tokens": (
                    "short",
                    by_team(f"job_team_model_type:llm_tokens_used:rate5m{TEAM_MODEL}", "model"),
                ),
            },
            columns={"team": "Team", "model": "Model"},
            width=12,
            empty=NO_TEAMS,
        ),
    ]


def by_team(per_second: str, *more: str) -> str:
    return f"sum by ({', '.join(['team', *more])}) ({expressions.total(per_second)})"


def _budgets() -> list[Any]:
    return [
        parts.bars(
            "Budget used",
            "Share of a monthly budget that is spent: since the first of the month (UTC), in the last 30 days, and of "
            "a day's budget since 00:00 UTC. LLMCostBudgetRunningLow, LLMCostBudgetNearlyUsed, LLMCostBudgetUsedUp and "
            "LLMCostDayLimitReached read it: above, the table of models says what to save on.",
            "percentunit",
            {f"{WHO} {{{{period}}}}": f"budget:llm_cost_usd:used_ratio{BUDGET}"},
            width=8,
            highest=1,
            empty=NO_BUDGETS,
            # The rest of a bar that is not there would be a grey box as large as the panel.
        ).show_unfilled(False),
        parts.third(
            "Budget used in an hour",
            "Share of a monthly budget that was spent in the last hour. Above the line LLMCostBudgetBurnFast fires, if "
            "that goes on: look for a loop in what the team runs.",
            "percentunit",
            {WHO: _share("increase1h")},
            threshold="budget_hourly_share",
            empty=NO_BUDGETS,
        ),
        parts.third(
            "Budget used in 30 days, forecast",
            "Share of a monthly budget that 30 days would cost, going on as in the last 7 days, or since there are "
            "data. Above the line LLMCostBudgetForecastOver fires: raise the budget, or save, while there is time.",
            "percentunit",
            {WHO: _share("forecast30d")},
            threshold="budget_forecast_ratio",
            empty=NO_BUDGETS,
        ),
    ]


def _share(spent: str) -> str:
    return f'budget:llm_cost_usd:{spent}{BUDGET} / on (scope, team, job) llmmon:budget_usd{{period="month"}}'
