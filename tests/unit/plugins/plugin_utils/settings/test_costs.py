"""What is wrong with prices and budgets."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.costs import cost_problems


@pytest.mark.parametrize(
    "prices", [{}, {"m": {"input": 2.5e-06}}, {"org/m": {"input": "0.001", "output": 0}, "n": {"output": 1}}]
)
def test_good_prices(prices: dict[str, Any]) -> None:
    assert cost_problems(prices, {"search": 500, "ads": "0.5"}) == []


@pytest.mark.parametrize("price", [0.001, {}, None, {"prompt": 1}, {"input": 1, "total": 1}])
def test_a_price_is_one_of_a_kind_of_tokens(price: Any) -> None:
    assert cost_problems({"m": price}, {}) == [
        "llmmon_token_prices: m needs a price for input, for output, or one for each"
    ]


@pytest.mark.parametrize("amount", ["free", None, -1, True, "inf", "nan", [], {}])
def test_amounts_are_numbers(amount: Any) -> None:
    assert cost_problems({"m": {"input": amount}}, {"search": amount}) == [
        "llmmon_token_prices: a price of m is not a number of US dollars per token",
        "llmmon_team_budgets: the budget of search is not a number of US dollars",
    ]
