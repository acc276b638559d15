"""Which price counts for a model."""

from __future__ import annotations

import re

import pytest
from ansible_collections.llmmon.stack.plugins.plugin_utils import prices


def listed(*names: str) -> dict[str, dict[str, int]]:
    return {name: {"input": 1} for name in names}


@pytest.mark.parametrize(
    ("names", "model", "counts"),
    [
        (["*", "gpt-4o*", "gpt-4o"], "gpt-4o", "gpt-4o"),
        (["*", "gpt-4o*", "gpt-4o-mini*"], "gpt-4o-mini-2024", "gpt-4o-mini*"),
        (["*", "gpt-4o*", "gpt-4o-mini*"], "gpt-4o-2024", "gpt-4o*"),
        (["*", "gpt-4o*"], "claude", "*"),
        (["gpt-4o*"], "claude", None),
        # As many characters: the one that is listed first.
        (["*-mini", "gpt-4*"], "gpt-4-mini", "*-mini"),
        (["gpt-4*", "*-mini"], "gpt-4-mini", "gpt-4*"),
        (["*-4o", "gpt*"], "gpt-4o", "*-4o"),
        (["gpt*", "*-4o"], "gpt-4o", "gpt*"),
        # What means something in a regular expression means itself.
        (["gpt-4.1*"], "gpt-4x1", None),
        (["a(b+c)*"], "a(b+c)d", "a(b+c)*"),
    ],
)
def test_which_one_counts(names: list[str], model: str, counts: str | None) -> None:
    assert prices.counting(listed(*names), model) == counts


@pytest.mark.parametrize("model", ["gpt-4o", "gpt-4o-mini", "gpt-4o-2024", "x-mini", "claude", "gpt-4o-x-mini"])
def test_exactly_one_pattern_matches_what_has_no_price_of_its_own(model: str) -> None:
    given = listed("*", "gpt-4o*", "*-mini", "gpt-4o", "gpt-4o*-mini")
    matching = [
        pattern.name
        for pattern in prices.patterns(given)
        if re.fullmatch(pattern.regex, model) and not re.fullmatch(pattern.regex_beside, model)
    ]
    counts = prices.counting(given, model)
    assert matching == ([] if counts == model else [counts])
