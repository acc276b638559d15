# SPDX-License-Identifier: Apache-2.0
"""What is wrong with prices and budgets, as sentences that name the variable to change."""

from __future__ import annotations

from typing import Any

TOKEN_TYPES = ("input", "output")


def is_amount(value: Any) -> bool:
    """Whether it is a number of dollars, also one that came as text."""
    try:
        return not isinstance(value, bool) and 0 <= float(value) < float("inf")
    except (TypeError, ValueError):
        return False


def cost_problems(prices: dict[str, Any], budgets: dict[str, Any]) -> list[str]:
    """What is wrong with llmmon_token_prices and llmmon_team_budgets."""
    found = []
    for model, price in prices.items():
        if not isinstance(price, dict) or not price or set(price) - {*TOKEN_TYPES}:
            found.append(f"llmmon_token_prices: {model} needs a price for input, for output, or one for each")
        elif not all(is_amount(value) for value in price.values()):
            found.append(f"llmmon_token_prices: a price of {model} is not a number of US dollars per token")
    return found + [
        f"llmmon_team_budgets: the budget of {team} is not a number of US dollars"
        for team, budget in budgets.items()
        if not is_amount(budget)
    ]
