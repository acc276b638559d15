# SPDX-License-Identifier: Apache-2.0
"""Matchers: read as the user writes them, written so that both of Alertmanager's parsers agree."""

from __future__ import annotations

import re
from typing import Any

# A name and a value, each bare or in double quotes, as Alertmanager's own parser takes them.
_QUOTED, _BARE = r'"((?:[^"\\]|\\.)*)"', r"""([^\s{}!=~,\\"'`]+)"""
_MATCHER = re.compile(rf"\s*(?:{_QUOTED}|{_BARE})\s*(=~|!~|!=|=)\s*(?:{_QUOTED}|{_BARE})\s*", re.DOTALL)
_CLASSIC_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_SPECIAL_IN_REGEX = re.compile(r"([\\.+*?()|\[\]{}^$])")


def parsed_matcher(text: Any) -> tuple[str, str, str] | None:
    """Label, operator and value of a matcher, or None when the text is not a matcher."""
    match = _MATCHER.fullmatch(str(text))
    if match is None:
        return None
    quoted_name, name, operator, quoted_value, value = match.groups()
    return (
        _unescaped(quoted_name) if name is None else name,
        operator,
        _unescaped(quoted_value) if value is None else value,
    )


def _unescaped(quoted: str) -> str:
    # What is escaped in a regular expression, such as \., is not for us.
    return re.sub(r'\\(["\\n])', lambda match: "\n" if match[1] == "n" else match[1], quoted)


def _in_quotes(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def written_matcher(label: str, operator: str, value: str) -> str:
    """A matcher that means the same to both of Alertmanager's parsers."""
    return (label if _CLASSIC_NAME.fullmatch(label) else _in_quotes(label)) + operator + _in_quotes(value)


def label_matcher(label: str, values: list[Any]) -> str:
    """A matcher for one of several values of a label."""
    if len(values) == 1:
        return written_matcher(label, "=", str(values[0]))
    return written_matcher(label, "=~", "|".join(_SPECIAL_IN_REGEX.sub(r"\\\1", str(value)) for value in values))
