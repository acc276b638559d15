# SPDX-License-Identifier: Apache-2.0
"""What Prometheus is asked to find prices and budgets that fit nothing: such a budget is never used up."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ansible_collections.llmmon.stack.plugins.plugin_utils.budgets import GATEWAY, TEAM, budgets
from ansible_collections.llmmon.stack.plugins.plugin_utils.prices import regex_of
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.promql import job_is, quoted, seen_lately, selector

_TOKENS = "job_model_type:llm_tokens_used:rate5m"
_OF_TEAMS = "job_team:llm_requests:rate5m"
_COSTS = "job:llm_cost_usd:rate5m"
_REQUESTS = "job_model:llm_requests:rate5m"
# Days after which a list of prices is old.
_OLD = 90


def money_checks(given: Mapping[str, Any], prices: Iterable[str]) -> list[dict[str, Any]]:
    """Checks for the module prometheus_advice; ``given`` is llmmon_budgets, ``prices`` those of llmmon_token_prices."""
    return [*_prices(prices), *_budgets(given), _old_list()]


def _prices(names: Iterable[str]) -> Iterator[dict[str, Any]]:
    for name in map(str, names):
        matcher = f"model=~{quoted(regex_of(name))}"
        yield {
            "query": seen_lately(selector(_TOKENS, matcher)),
            "expected": True,
            "sentence": f"llmmon_token_prices: {name!r} matches no model that used tokens in the last day; correct it,"
            " or remove it",
            "known": f"group by (model) ({seen_lately(_TOKENS)})",
            "label": "model",
        }


def _budgets(given: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    all_budgets = budgets(given)
    for budget in all_budgets:
        if budget.scope == TEAM:
            yield {
                "query": seen_lately(selector(_OF_TEAMS, f"team={quoted(budget.name)}")),
                "expected": True,
                "sentence": f"llmmon_budgets.teams: {budget.name!r} is no team that any gateway has seen in the last"
                " day; correct it, or remove it",
                "known": f"group by (team) ({seen_lately(_OF_TEAMS)})",
                "label": "team",
            }
        else:
            jobs = job_is(budget.name) if budget.scope == GATEWAY else ""
            whose = f"llmmon_budgets.gateways: nothing at {budget.name!r}" if jobs else "llmmon_budgets.all: nothing"
            yield {
                # Without requests nobody knows yet.
                "query": f"{seen_lately(selector(_COSTS, jobs))} or absent({seen_lately(selector(_REQUESTS, jobs))})",
                "expected": True,
                "sentence": f"{whose} costs anything: no model there has a price, and no cost is reported; set"
                " llmmon_token_prices or llmmon_gpu_hour_prices, or remove the budget",
            }
    if any(budget.scope == TEAM for budget in all_budgets):
        yield {
            "query": f"{seen_lately(_OF_TEAMS)} or absent({seen_lately(_REQUESTS)})",
            "expected": True,
            "sentence": "llmmon_budgets.teams: no gateway says which team a request is from; set team in the labels of"
            " gateways, or give gateways the budgets",
        }


def _old_list() -> dict[str, Any]:
    return {
        "query": f"floor((time() - llmmon:token_price_file_timestamp_seconds) / 86400) > {_OLD}",
        "expected": False,
        "sentence": "llmmon_token_price_file is {value} days old; take the list in anew",
    }
