# SPDX-License-Identifier: Apache-2.0
"""Whether an answer is the one that was asked for, and whether it is a refusal."""

from __future__ import annotations

import json
import re

from .schema import fits
from .settings import Question

# So much of an answer is looked at by a regular expression, whose time may grow with every character.
_MOST_TEXT = 20_000
_FENCE = re.compile(r"\A```[A-Za-z]*\s*\n(.*?)\n?```\s*\Z", re.DOTALL)
# How models begin to say no. It is asked only of an answer that is wrong.
_REFUSALS = re.compile(
    r"\b(i('m| am) (sorry|unable|not able)|i (can(no|')t|won't|will not) (help|assist|answer|comply|provide|do)"
    r"|as an ai\b)|죄송(합니다|하지만)|(도와|답변해?) ?드릴 수 없",
    re.IGNORECASE,
)


def is_right(question: Question, text: str) -> bool | None:
    """Whether the answer's text is right; None for a question whose answer is not checked."""
    if question.exact is not None:
        return text.strip() == question.exact.strip()
    if question.regex is not None:
        return re.search(question.regex, text[:_MOST_TEXT]) is not None
    if question.json_schema is not None:
        try:
            # Models like to put JSON into a block of code.
            return fits(json.loads(_FENCE.sub(r"\1", text.strip())), question.json_schema)
        except (ValueError, RecursionError):
            return False
    return None


def sounds_like_refusal(text: str) -> bool:
    """Whether a wrong answer reads like one that does not want to answer."""
    return _REFUSALS.search(text[:500].replace("\u2019", "'")) is not None
