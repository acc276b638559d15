# SPDX-License-Identifier: Apache-2.0
"""What is wrong with prices and budgets, as sentences that name the variable to change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from ansible_collections.llmmon.stack.plugins.plugin_utils.prices import CACHED_INPUT, INPUT, TOKEN_TYPES
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.variables import nearest


def is_amount(value: Any) -> bool:
    """Whether it is a number of dollars, also one that came as text."""
    try:
        return not isinstance(value, bool) and 0 <= float(value) < float("inf")
    except (TypeError, ValueError):
        return False


def cost_problems(
    prices: dict[str, Any], budgets: dict[str, Any], hour_prices: dict[str, Any], gateways: list[str]
) -> list[str]:
    """What is wrong with llmmon_token_prices, llmmon_team_budgets and llmmon_gpu_hour_prices.

    ``gateways`` are the names of those there are.
    """
    found = [problem for model, price in prices.items() for problem in _price_problems(model, price)]
    found += [
        f"llmmon_gpu_hour_prices: the price of {gateway} is not a number of US dollars an hour"
        for gateway, price in hour_prices.items()
        if not is_amount(price)
    ]
    found += unknown_gateway_problems("llmmon_gpu_hour_prices", hour_prices, gateways)
    return found + [
        f"llmmon_team_budgets: the budget of {team} is not a number of US dollars"
        for team, budget in budgets.items()
        if not is_amount(budget)
    ]


def unknown_gateway_problems(variable: str, names: Iterable[Any], gateways: list[str]) -> Iterator[str]:
    """A sentence for each name that no gateway has."""
    for name in names:
        if name not in gateways:
            near = nearest(str(name), gateways)
            hint = f"did you mean {near}?" if near else f"known are {', '.join(map(str, gateways)) or 'none'}"
            yield f"{variable}: there is no gateway {name}; {hint}"


def _price_problems(model: Any, price: Any) -> Iterator[str]:
    if not isinstance(price, dict) or not price or set(price) - {*TOKEN_TYPES}:
        yield f"llmmon_token_prices: {model} needs a price for one or more of {', '.join(TOKEN_TYPES)}"
    elif not all(is_amount(value) for value in price.values()):
        yield f"llmmon_token_prices: a price of {model} is not a number of US dollars per token"
    elif CACHED_INPUT in price and INPUT not in price:
        yield (
            f"llmmon_token_prices: {model} has a price for {CACHED_INPUT}, but none for {INPUT}, which it is a part"
            " of; add one"
        )
