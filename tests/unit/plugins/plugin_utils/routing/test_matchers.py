"""Matchers: as users write them, and as both of Alertmanager's parsers take them."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.plugin_utils.routing.matchers import (
    label_matcher,
    parsed_matcher,
    written_matcher,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a=b", ("a", "=", "b")),
        (' a =~ "b c" ', ("a", "=~", "b c")),
        ('a!=""', ("a", "!=", "")),
        ('a!~"x|y"', ("a", "!~", "x|y")),
        (r'a=~"gpt-4\.1"', ("a", "=~", r"gpt-4\.1")),
        (r'a=~"gpt-4\\.1"', ("a", "=~", r"gpt-4\.1")),
        (r'a="say \"x\"\n"', ("a", "=", 'say "x"\n')),
        ('"über label"="ü"', ("über label", "=", "ü")),
        ("a", None),
        ("a=", None),
        ("=b", None),
        ("a==b", None),
        ("a=b c", None),
        ("a='b'", None),
        ('a="b', None),
        ("{a=b}", None),
        ("a=b,c=d", None),
        ("", None),
        (5, None),
    ],
)
def test_matchers_are_read(text: Any, expected: tuple[str, str, str] | None) -> None:
    assert parsed_matcher(text) == expected


@pytest.mark.parametrize(
    ("matcher", "expected"),
    [
        (("a", "=", "b"), 'a="b"'),
        (("a", "=~", r"gpt-4\.1"), r'a=~"gpt-4\\.1"'),
        (("a", "=", 'say "x"\n'), r'a="say \"x\"\n"'),
        (("über label", "!=", ""), '"über label"!=""'),
    ],
)
def test_matchers_are_written_so_that_both_parsers_agree(matcher: tuple[str, str, str], expected: str) -> None:
    assert written_matcher(*matcher) == expected
    assert parsed_matcher(expected) == matcher


def test_labels_with_several_values() -> None:
    assert label_matcher("team", ["a"]) == 'team="a"'
    assert label_matcher("team", ["a.b", "c|d"]) == r'team=~"a\\.b|c\\|d"'
