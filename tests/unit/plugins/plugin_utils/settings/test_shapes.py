"""Whether settings have the shape that they must have."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.shapes import (
    dictionaries,
    dictionary_problems,
    list_problems,
    repeated,
    shown,
    texts,
)

NOT_LISTS = [("a,b", "text"), (None, "empty"), (5, "a number"), (0.5, "a number"), (True, "true or false")]


@pytest.mark.parametrize(("value", "words"), [*NOT_LISTS, ({"a": 1}, "a dictionary"), ({1}, "something else")])
def test_what_is_not_a_list_gets_one_sentence(value: Any, words: str) -> None:
    expected = [f"v is {words}, but must be a list, such as [x]"]
    assert list_problems("v", value, "[x]") == expected
    assert dictionaries("v", value, "[x]") == ([], expected)
    assert texts("v", value, "[x]") == ([], expected)


@pytest.mark.parametrize(("value", "words"), [*NOT_LISTS, ([], "a list")])
def test_what_is_not_a_dictionary_gets_one_sentence(value: Any, words: str) -> None:
    assert dictionary_problems("v", value) == [f"v is {words}, but must be a dictionary"]


def test_what_has_its_shape_passes() -> None:
    assert list_problems("v", (), "[x]") == list_problems("v", ["a"], "[x]") == dictionary_problems("v", {}) == []
    assert dictionaries("v", [{"a": 1}, {}], "[x]") == ([{"a": 1}, {}], [])
    assert texts("v", ["a", ""], "[x]") == (["a", ""], [])


def test_entries_of_another_kind_are_counted_from_one() -> None:
    assert dictionaries("v", [{"a": 1}, "b", None], "[x]") == (
        [{"a": 1}],
        ["v: entry 2 is text, but must be a dictionary", "v: entry 3 is empty, but must be a dictionary"],
    )
    assert texts("v", ["a", {"b": 1}], "[x]") == (["a"], ["v: entry 2 is a dictionary, but must be text"])


def test_what_is_there_more_than_once() -> None:
    assert repeated(["a", "b", "a", "a", None, None]) == ["a"]
    # Whatever YAML holds can be counted.
    assert repeated([1, "1", ["x"], ["x"], {"y": 1}]) == ["1", "['x']"]


def test_values_are_shown_as_users_know_them() -> None:
    assert [shown(value) for value in ("a\n", 5, None)] == ["'a\\n'", "5", "None"]
    assert shown(datetime.date(2030, 1, 2)) == "2030-01-02"
