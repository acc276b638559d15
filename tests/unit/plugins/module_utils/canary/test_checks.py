"""Whether an answer is right."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.canary.checks import is_right, sounds_like_refusal
from ansible_collections.llmmon.stack.plugins.module_utils.canary.settings import Question

CITY = {"type": "object", "properties": {"city": {"const": "Seoul"}}, "required": ["city"]}


@pytest.mark.parametrize(
    ("check", "text", "right"),
    [
        ({}, "anything", None),
        ({"exact": "Seoul"}, " Seoul\n", True),
        ({"exact": "Seoul"}, "Seoul.", False),
        ({"regex": "(?i)seoul"}, "It is SEOUL.", True),
        ({"regex": "^Seoul"}, "It is Seoul", False),
        ({"json_schema": CITY}, '{"city": "Seoul"}', True),
        ({"json_schema": CITY}, '```json\n{"city": "Seoul"}\n```', True),
        ({"json_schema": CITY}, '{"city": "Busan"}', False),
        ({"json_schema": CITY}, "Seoul", False),
        ({"json_schema": CITY}, "[" * 10_000, False),
        ({"json_schema": {"type": "null"}}, "null", True),
    ],
)
@pytest.mark.usefixtures("no_collection")
def test_an_answer_is_checked_as_asked(check: dict[str, Any], text: str, right: bool | None) -> None:
    assert is_right(Question("?", **check), text) is right


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        ("I'm sorry, but I can't help with that.", True),
        ("I\u2019m unable to do this", True),
        ("As an AI model", True),
        ("죄송합니다.", True),
        ("The capital is Busan.", False),
        ("", False),
    ],
)
def test_it_knows_how_models_say_no(text: str, refusal: bool) -> None:
    assert sounds_like_refusal(text) is refusal
