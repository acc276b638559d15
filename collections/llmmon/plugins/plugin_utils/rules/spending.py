# SPDX-License-Identifier: Apache-2.0
"""What of each budget is spent: in the calendar month and day, in 30 days, and in 30 days to come.

Everything about budgets has the labels ``scope`` (team, gateway, all) and ``team`` or ``job``. Gateways are recorded
whether they have a budget or not, so that dashboards can show the month.

A calendar month has no fixed length to add up, and a rule that adds to its own value cannot be filled in later, and
forgets. So each sample of what is spent carries its month and day (UTC) as labels, and what is added up are those of
the last 31 days that carry this month's.
"""

from __future__ import annotations

from ansible_collections.llmmon.stack.plugins.plugin_utils.budgets import ALL, DAY, GATEWAY, MONTH, OWN, SCOPES, TEAM
from ansible_collections.llmmon.stack.plugins.plugin_utils.prices import regex_of
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.model import Rule, record
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.promql import labelled, quoted, selector, union
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.settings import RuleSettings
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.sources import Source

BUDGET = "llmmon:budget_usd"
SPENT = "budget:llm_cost_usd"
# What tells one budget from another.
OF_BUDGET = "scope, team, job"
_DATE = "llmmon:date"
_WEEK, _MONTH_SECONDS = 604800, 2592000
# The 30 days that a month's budget is also compared with.
_ROLLING = "30d"
# However long the gateway lets a budget last.
_KEPT = "gateway"


def budget_rules(settings: RuleSettings) -> list[Rule]:
    """The budgets themselves."""
    return [
        record(BUDGET, f"vector({dollars})", **budget.labels, period=period)
        for budget in settings.budgets
        for period, dollars in budget.dollars.items()
    ]


def spending_rules(settings: RuleSettings) -> list[Rule]:
    """What is spent, minute by minute with its date, and in the last hour.

    The date is given to all there are: whoever gets a budget later has the month that has passed.
    """
    return [
        record(_DATE, 'count_values("day", day_of_month()) * on () group_left (month) count_values("month", month())'),
        *(
            record(f"{SPENT}:rate5m", f"{_of(scope, 'rate5m')}\n* on () group_left (month, day) {_DATE}", scope=scope)
            for scope in SCOPES
        ),
        *(record(f"{SPENT}:increase1h", _of(scope, "increase1h"), scope=scope) for scope in _scopes(settings)),
    ]


def forecast_rules() -> list[Rule]:
    """US dollars in 30 days, going on as in the last 7 days, or in the time there is."""
    return [
        record(
            f"{level}:llm_cost_usd:forecast30d",
            f"{level}:llm_cost_usd:increase7d / {_known_for(f'{level}:llm_cost_usd:rate5m')} * {_MONTH_SECONDS}",
        )
        for level in ("job", "job_team")
    ]


def used_rules(settings: RuleSettings) -> list[Rule]:
    """Long sums, and which share of each budget they are."""
    rules = []
    for scope in _scopes(settings):
        rules += [
            _added_up("today", "1d", "month, day", scope, settings),
            _added_up("month_to_date", "31d", "month", scope, settings),
            record(f"{SPENT}:increase30d", _of(scope, "increase30d"), scope=scope),
            record(f"{SPENT}:forecast30d", _of(scope, "forecast30d"), scope=scope),
        ]
    if settings.budgets:
        rules += [
            _used("month", "month_to_date", MONTH),
            _used(_ROLLING, "increase30d", MONTH),
            _used("day", "today", DAY),
        ]
    return rules


def own_budget_rules(source: Source) -> list[Rule]:
    """Budgets of teams that the gateway keeps itself, and which share is used.

    Workers of one gateway learn of what is spent one after the other: the one that knows of most counts.
    """
    if "team_budgets" not in source.preset:
        return []
    (label,) = source.preset.get("labels", {}).get("team", ["team"])
    limit, remaining = (
        source.canonical(
            source.preset["team_budgets"][name], ["team"], gauges=True, aggregate=aggregate, present=f'{label}!=""'
        )
        for name, aggregate in (("limit", "max"), ("remaining", "min"))
    )
    labels = {"scope": OWN, "period": _KEPT, "source": source.kind}
    return [
        record(BUDGET, limit, **labels),
        record(
            f"{SPENT}:used_ratio",
            f'1 - ({remaining} < +Inf)\n/ on (job, team) ({BUDGET}{{scope="{OWN}", source="{source.kind}"}} > 0)',
            **labels,
        ),
    ]


def scopes_with_budgets(settings: RuleSettings, period: str) -> list[str]:
    """Of which scopes there are budgets for a period."""
    return [
        scope
        for scope in SCOPES
        if any(budget.scope == scope and period in budget.dollars for budget in settings.budgets)
    ]


def _scopes(settings: RuleSettings) -> list[str]:
    with_budgets = {budget.scope for budget in settings.budgets}
    return [scope for scope in SCOPES if scope == GATEWAY or scope in with_budgets]


def _of(scope: str, what: str) -> str:
    """What is recorded of costs, for the budgets of a scope."""
    if scope == TEAM:
        return f"sum by (team) (job_team:llm_cost_usd:{what})"
    if scope == ALL:
        return f"sum (job:llm_cost_usd:{what})"
    return f"sum by (job) (job:llm_cost_usd:{what})"


def _known_for(series: str) -> str:
    """Seconds that a series has been there, 7 days at most.

    Its samples tell, one a minute, or where it was away in between, its first one within an hour.
    """
    ages = [
        labelled(f"count_over_time({series}[7d]) * 60", "by", "samples"),
        labelled(f"time() - min_over_time(timestamp({series})[7d:1h])", "by", "first"),
    ]
    return f"clamp_max(max without (by) (\n{union(ages)}\n), {_WEEK})"


def _added_up(name: str, window: str, dates: str, scope: str, settings: RuleSettings) -> Rule:
    """The samples that carry today's date, or this month's; of teams only those that have a budget."""
    teams = [budget.name for budget in settings.budgets if budget.scope == TEAM]
    of_teams = f"team=~{quoted('|'.join(map(regex_of, teams)))}" if scope == TEAM else ""
    spent = selector(f"{SPENT}:rate5m", f'scope="{scope}"', of_teams)
    return record(
        f"{SPENT}:{name}",
        f"sum without (month, day) (sum_over_time({spent}[{window}]) * 60 and on ({dates}) {_DATE})",
        scope=scope,
    )


def _used(period: str, spent: str, budget: str) -> Rule:
    return record(
        f"{SPENT}:used_ratio", f'{SPENT}:{spent} / on ({OF_BUDGET}) {BUDGET}{{period="{budget}"}}', period=period
    )
