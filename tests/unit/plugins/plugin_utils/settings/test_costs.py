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
    assert problems(prices, {}, {"vllm": 2.5, "litellm": "1"}) == []


@pytest.mark.parametrize(
    "budgets",
    [
        {"teams": {"search": 500, "ads": "0.5"}, "gateways": {"vllm": {"month": 100, "day": 5}}, "all": 0},
        {"all": {"day": "3"}},
        {"teams": {}, "gateways": None, "all": None},
        {"teams": {"search": {"month": 5, "day": None}}},
    ],
)
def test_good_budgets(budgets: dict[str, Any]) -> None:
    assert problems(budgets=budgets) == []


@pytest.mark.parametrize(
    ("budgets", "problem"),
    [
        ({"search": 5}, "llmmon_budgets has the key search, which is unknown; known are teams, gateways, all"),
        ({"teams": 5}, "llmmon_budgets.teams is a number, but must be a dictionary, such as {name: 500}"),
        ({"teams": {"": 5}}, "llmmon_budgets.teams: a budget is nobody's; name a team, or use llmmon_budgets.all"),
        ({"teams": {None: 5}}, "llmmon_budgets.teams: a budget is nobody's; name a team, or use llmmon_budgets.all"),
        ({"gateways": {"vlm": 5}}, "llmmon_budgets.gateways: there is no gateway vlm; did you mean vllm?"),
        ({"all": -1}, "llmmon_budgets.all: -1 for a month is not a number of US dollars, 0 or more"),
        (
            {"teams": {"search": {"day": "much"}}},
            "llmmon_budgets.teams: search: 'much' for a day is not a number of US dollars, 0 or more",
        ),
        ({"all": {}}, "llmmon_budgets.all needs a number of US dollars, or a dictionary of month and day"),
        ({"all": {"week": 3}}, "llmmon_budgets.all needs a number of US dollars, or a dictionary of month and day"),
        (
            {"all": {"month": 3, "day": 4}},
            "llmmon_budgets.all has more for a day than for a month, so the day's alert could never come first;"
            " correct one",
        ),
    ],
)
def test_what_is_wrong_with_budgets_is_said(budgets: dict[str, Any], problem: str) -> None:
    assert problem in problems(budgets=budgets)


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
    found = problems({"m": {"input": amount}}, {"teams": {"search": amount}}, {"vllm": amount})
    assert found[:2] == [
        "llmmon_token_prices: a price of m is not a number of US dollars per token",
        "llmmon_gpu_hour_prices: the price of vllm is not a number of US dollars an hour",
    ]
    assert [problem.partition(": ")[0] for problem in found[2:]] == ["llmmon_budgets.teams"]


def test_hours_are_those_of_a_gateway() -> None:
    assert problems(hours={"vlm": 1, "gpu": 1}) == [
        "llmmon_gpu_hour_prices: there is no gateway vlm; did you mean vllm?",
        "llmmon_gpu_hour_prices: there is no gateway gpu; known are vllm, litellm",
    ]
