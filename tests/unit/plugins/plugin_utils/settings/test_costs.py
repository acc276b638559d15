"""What is wrong with prices and budgets."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings import costs

NOT_AMOUNTS: list[Any] = ["free", None, -1, True, "inf", "nan", [], {}]


def problems(
    prices: dict[str, Any] | None = None, budgets: dict[str, Any] | None = None, hours: dict[str, Any] | None = None
) -> list[str]:
    return costs.cost_problems(prices or {}, budgets or {}, hours or {}, ["vllm", "litellm"])


@pytest.mark.parametrize(
    "prices",
    [
        {},
        {"m": {"input": 2.5e-06}},
        {"org/m": {"input": "0.001", "output": 0}, "n": {"output": 1}},
        {"gpt-4o*": {"input": 2, "output": 3, "cached_input": 1}},
    ],
)
def test_good_prices(prices: dict[str, Any]) -> None:
    assert problems(prices, {"search": 500, "ads": "0.5"}, {"vllm": 2.5, "litellm": "1"}) == []


@pytest.mark.parametrize("price", [0.001, {}, None, {"prompt": 1}, {"input": 1, "total": 1}])
def test_a_price_is_one_of_a_kind_of_tokens(price: Any) -> None:
    assert problems({"m": price}) == [
        "llmmon_token_prices: m needs a price for one or more of input, output, cached_input"
    ]


def test_cached_input_is_a_part_of_the_input() -> None:
    assert problems({"m": {"output": 1, "cached_input": 1}}) == [
        "llmmon_token_prices: m has a price for cached_input, but none for input, which it is a part of; add one"
    ]


@pytest.mark.parametrize("amount", NOT_AMOUNTS)
def test_amounts_are_numbers(amount: Any) -> None:
    assert problems({"m": {"input": amount}}, {"search": amount}, {"vllm": amount}) == [
        "llmmon_token_prices: a price of m is not a number of US dollars per token",
        "llmmon_gpu_hour_prices: the price of vllm is not a number of US dollars an hour",
        "llmmon_team_budgets: the budget of search is not a number of US dollars",
    ]


def test_hours_are_those_of_a_gateway() -> None:
    assert problems(hours={"vlm": 1, "gpu": 1}) == [
        "llmmon_gpu_hour_prices: there is no gateway vlm; did you mean vllm?",
        "llmmon_gpu_hour_prices: there is no gateway gpu; known are vllm, litellm",
    ]
