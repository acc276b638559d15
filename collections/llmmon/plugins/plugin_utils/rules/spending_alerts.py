# SPDX-License-Identifier: Apache-2.0
"""Alerts about money: budgets that are used, and those that will be. Each for teams, gateways, and all together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ansible_collections.llmmon.stack.plugins.plugin_utils.budgets import ALL, DAY, GATEWAY, MONTH, OWN, TEAM
from ansible_collections.llmmon.stack.plugins.plugin_utils.presets import Preset
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.model import Rule
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.settings import RuleSettings
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.spending import (
    BUDGET,
    OF_BUDGET,
    SPENT,
    scopes_with_budgets,
)
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.units import percent


@dataclass(frozen=True)
class _Who:
    """Whose budgets an alert is about: the labels that name them, how texts call them, and what they are for."""

    labels: Sequence[str]
    name: str
    budget: str = "the monthly LLM budget: in this calendar month (UTC) or in the last 30 days, whichever is more"


_WHO = {
    TEAM: _Who(["team"], "Team {{ $labels.team }}"),
    GATEWAY: _Who(["job"], "The gateway {{ $labels.job }}"),
    ALL: _Who([], "All gateways together"),
    OWN: _Who(
        ["job", "team"], "Team {{ $labels.team }} at {{ $labels.job }}", "the LLM budget that the gateway keeps for it"
    ),
}


def spending_alerts(presets: Mapping[str, Preset], settings: RuleSettings) -> list[Rule]:
    """For each scope that has budgets, and for those that gateways keep themselves."""
    rules = []
    for scope in scopes_with_budgets(settings, MONTH):
        rules += [*_burning(scope, settings), *_forecast(scope, settings), *_used(scope, settings)]
    for scope in scopes_with_budgets(settings, DAY):
        rules += _day(scope, settings)
    if any("team_budgets" in preset for preset in presets.values()):
        rules += _used(OWN, settings)
    return rules


def _alert(
    settings: RuleSettings, name: str, scope: str, expression: str, summary: str, text: str, **values: str
) -> list[Rule]:
    who, alerting = _WHO[scope], settings.alerting
    return alerting.alert(
        name,
        expression,
        summary=summary,
        description=f"[[ who ]] {text}",
        values={"who": alerting.said(who.name), **values},
        labels={"scope": scope},
        dashboard="llmmon-cost",
        dashboard_for=who.labels,
    )


def _burning(scope: str, settings: RuleSettings) -> list[Rule]:
    """Over the last hour, and still now: what was spent, and is over, wakes nobody."""
    share = settings.thresholds["budget_hourly_share"]
    limit = f"> on ({OF_BUDGET}) {share} * {_budget(scope)}"
    return _alert(
        settings,
        "LLMCostBudgetBurnFast",
        scope,
        f"{SPENT}:increase1h {limit}\nand on ({OF_BUDGET})\nsum without (month, day) ({SPENT}:rate5m) * 3600 {limit}",
        "A monthly LLM budget will be spent within days",
        "spent {{ $value | humanize }} USD on LLMs in the last hour, more than [[ share ]] of the monthly"
        " budget, and the spending goes on.",
        share=percent(share),
    )


def _forecast(scope: str, settings: RuleSettings) -> list[Rule]:
    ratio = settings.thresholds["budget_forecast_ratio"]
    return _alert(
        settings,
        "LLMCostBudgetForecastOver",
        scope,
        f"{SPENT}:forecast30d > on ({OF_BUDGET}) {ratio} * {_budget(scope)}",
        "A monthly LLM budget will be exceeded",
        "would spend {{ $value | humanize }} USD on LLMs in 30 days, going on as in the last 7 days (or since there are"
        " data): more than [[ share ]] of the monthly budget.",
        share=percent(ratio),
    )


def _used(scope: str, settings: RuleSettings) -> list[Rule]:
    """The more is used, the louder: of three alerts the one with the highest share that is reached."""
    thresholds = settings.thresholds
    levels = [
        ("LLMCostBudgetRunningLow", thresholds["budget_used_ratio"], "An LLM budget is running low"),
        ("LLMCostBudgetNearlyUsed", thresholds["budget_nearly_used_ratio"], "An LLM budget is nearly used up"),
        ("LLMCostBudgetUsedUp", 1, "An LLM budget is used up"),
    ]
    used = f'round(max by ({OF_BUDGET}) ({SPENT}:used_ratio{{scope="{scope}", period!="day"}}), 0.0001)'
    rules = []
    below = ""
    for name, share, summary in reversed(levels):
        rules += _alert(
            settings,
            name,
            scope,
            f"{used} >= {share}{below}",
            summary,
            "used {{ $value | humanizePercentage }} of [[ budget ]].",
            budget=settings.alerting.said(_WHO[scope].budget),
        )
        # One that is switched off speaks of nothing.
        if settings.alerting.tuning[name].get("enabled", True):
            below = f" < {share}"
    return rules


def _day(scope: str, settings: RuleSettings) -> list[Rule]:
    return _alert(
        settings,
        "LLMCostDayLimitReached",
        scope,
        f'round(max by ({OF_BUDGET}) ({SPENT}:used_ratio{{scope="{scope}", period="day"}}), 0.0001) >= 1',
        "The LLM budget of a day is used up",
        "used {{ $value | humanizePercentage }} of the LLM budget for a day since 00:00 UTC.",
    )


def _budget(scope: str) -> str:
    return f'{BUDGET}{{scope="{scope}", period="{MONTH}"}}'
