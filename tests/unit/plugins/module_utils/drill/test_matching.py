"""Labels that pass a preset's matchers."""

from __future__ import annotations

import re

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.drill.matching import lets_through, matchers, passing

from tests.support import rendering

PATTERNS = sorted(
    set(re.findall(r'=~"((?:[^"\\]|\\.)*)"', "".join(str(preset) for preset in rendering.presets().values())))
)


def test_matchers_are_read_apart() -> None:
    assert matchers('a="x", b!~"y|z",c=~"4.."') == [("a", "=", "x"), ("b", "!~", "y|z"), ("c", "=~", "4..")]


@pytest.mark.parametrize("pattern", [*PATTERNS, r"a\.b|c", "(?:x|y)+z", "[45]..", ".+", r"\d+"])
def test_a_pattern_gets_a_text_that_it_matches(pattern: str) -> None:
    found = passing(f'label=~"{pattern}"', {})
    assert found is not None
    assert re.fullmatch(pattern, found.get("label", ""))


def test_what_is_asked_of_one_label_twice_is_met() -> None:
    assert passing('code!="", code!~"4.."', {"job": "j"}) == {"job": "j", "code": "drill"}


def test_labels_that_are_there_stay_where_they_fit() -> None:
    assert passing('model=~".+"', {"model": "m"}) == {"model": "m"}


def test_a_label_that_others_must_not_have_is_given_another_value() -> None:
    found = passing("", {}, but_not='code=~"[45].."')
    assert found == {}
    found = passing('code!=""', {"code": "500"}, but_not='code=~"5.."')
    assert found is not None
    assert not lets_through('code=~"5.."', found)
    assert lets_through('code!=""', found)


def test_what_nothing_can_meet_is_said() -> None:
    assert passing('code="1", code="2"', {}) is None
    assert passing('code="1"', {}, but_not='code="1"') is None


def test_a_pattern_that_python_cannot_read_is_taken_for_met() -> None:
    """A preset of the user's own may have one: Prometheus reads more than Python does."""
    found = passing(r'label=~"\pN+"', {"label": "1"})
    assert found == {"label": "1"}
