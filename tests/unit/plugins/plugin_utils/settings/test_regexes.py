"""Which regular expressions Prometheus would refuse."""

from __future__ import annotations

import pytest
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.regexes import (
    regex_problem,
)


@pytest.mark.parametrize("expression", ["a|b", r"2(\.0)?", "(?i)x", "(?P<n>x)", r"\pL+", r"\Qa.b\E", "", "[[:alpha:]]"])
def test_expressions_that_prometheus_takes_pass(expression: str) -> None:
    assert regex_problem(expression) is None


@pytest.mark.parametrize("expression", ["a(b", "a)b", "[a-", "*a", "(?!a)b", "(?<=a)b", "[z-a]"])
def test_expressions_that_it_does_not_take_are_found(expression: str) -> None:
    assert regex_problem(expression)
