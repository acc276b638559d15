# SPDX-License-Identifier: Apache-2.0
"""What is wrong with prices and budgets, as sentences that name the variable to change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from ansible_collections.llmmon.stack.plugins.plugin_utils.budgets import ALL, DAY, GATEWAY, MONTH, PERIODS, SECTIONS
from ansible_collections.llmmon.stack.plugins.plugin_utils.prices import CACHED_INPUT, INPUT, TOKEN_TYPES
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.shapes import kind_of, shown
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
    """What is wrong with llmmon_token_prices, llmmon_budgets and llmmon_gpu_hour_prices.

    ``gateways`` are the names of those there are.
    """
    found = [problem for model, price in prices.items() for problem in _price_problems(model, price)]
    found += [
        f"llmmon_gpu_hour_prices: the price of {gateway} is not a number of US dollars an hour"
        for gateway, price in hour_prices.items()
        if not is_amount(price)
    ]
    found += unknown_gateway_problems("llmmon_gpu_hour_prices", hour_prices, gateways)
    return [*found, *budget_problems(budgets, gateways)]


def budget_problems(budgets: dict[str, Any], gateways: list[str]) -> Iterator[str]:
    """What is wrong with llmmon_budgets."""
    for section in sorted(set(budgets) - {*SECTIONS.values()}, key=str):
        yield f"llmmon_budgets has the key {section}, which is unknown; known are {', '.join(SECTIONS.values())}"
    for scope, section in SECTIONS.items():
        given = budgets.get(section)
        if scope == ALL:
            yield from () if given is None else _amount_problems("llmmon_budgets.all", given)
        elif isinstance(given, dict):
            for name, value in given.items():
                if not str(name if name is not None else "").strip():
                    yield f"llmmon_budgets.{section}: a budget is nobody's; name a {scope}, or use llmmon_budgets.all"
                yield from _amount_problems(f"llmmon_budgets.{section}: {name}", value)
        elif given is not None:
            yield f"llmmon_budgets.{section} is {kind_of(given)}, but must be a dictionary, such as {{name: 500}}"
    of_gateways = budgets.get(SECTIONS[GATEWAY])
    if isinstance(of_gateways, dict):
        yield from unknown_gateway_problems("llmmon_budgets.gateways", filter(None, of_gateways), gateways)


def _amount_problems(subject: str, value: Any) -> Iterator[str]:
    if not isinstance(value, dict):
        value = {MONTH: value}
    unknown = set(value) - {*PERIODS}
    if unknown or not any(amount is not None for amount in value.values()):
        yield f"{subject} needs a number of US dollars, or a dictionary of {' and '.join(PERIODS)}"
        return
    amounts = {period: amount for period, amount in value.items() if amount is not None}
    wrong = [period for period, amount in amounts.items() if not is_amount(amount)]
    for period in wrong:
        yield f"{subject}: {shown(amounts[period])} for a {period} is not a number of US dollars, 0 or more"
    if not wrong and float(amounts.get(DAY, 0)) > float(amounts.get(MONTH, "inf")):
        yield f"{subject} has more for a day than for a month, so the day's alert could never come first; correct one"


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
