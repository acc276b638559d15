# SPDX-License-Identifier: Apache-2.0
"""Whether a setting has the shape it must have: a list, a dictionary, a list of dictionaries, a list of text.

Ansible's argument specifications take ``host:8000`` for a list of one, but leave the variable as it is, so whoever
reads it would go through its characters. Here such a value gets one sentence instead.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any


def kind_of(value: Any) -> str:
    """What a value is, in words of YAML rather than of Python."""
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return "true or false"
    for types, words in (((int, float), "a number"), (str, "text"), (dict, "a dictionary"), ((list, tuple), "a list")):
        if isinstance(value, types):
            return words
    return "something else"


def shown(value: Any) -> str:
    """A value as messages show it: text in quotes, so that blanks at its ends can be seen."""
    return repr(value) if isinstance(value, str) else str(value)


def repeated(values: Iterable[Any]) -> list[str]:
    """Values that are in a list more than once, as text; what is missing is not counted."""
    return [value for value, count in Counter(str(value) for value in values if value is not None).items() if count > 1]


def list_problems(subject: str, value: Any, example: str) -> list[str]:
    """A sentence when the value is not a list."""
    if isinstance(value, list | tuple):
        return []
    return [f"{subject} is {kind_of(value)}, but must be a list, such as {example}"]


def dictionary_problems(subject: str, value: Any) -> list[str]:
    """A sentence when the value is not a dictionary."""
    return [] if isinstance(value, dict) else [f"{subject} is {kind_of(value)}, but must be a dictionary"]


def dictionaries(variable: str, value: Any, example: str) -> tuple[list[dict[str, Any]], list[str]]:
    """The dictionaries in a list, and a sentence about each entry that is something else, or about the list itself."""
    found = list_problems(variable, value, example)
    if found:
        return [], found
    for number, entry in enumerate(value, start=1):
        found += dictionary_problems(f"{variable}: entry {number}", entry)
    return [entry for entry in value if isinstance(entry, dict)], found


def texts(variable: str, value: Any, example: str) -> tuple[list[str], list[str]]:
    """The text in a list, and a sentence about each entry that is something else, or about the list itself."""
    found = list_problems(variable, value, example)
    if found:
        return [], found
    found += [
        f"{variable}: entry {number} is {kind_of(entry)}, but must be text"
        for number, entry in enumerate(value, start=1)
        if not isinstance(entry, str)
    ]
    return [entry for entry in value if isinstance(entry, str)], found
