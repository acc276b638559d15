# SPDX-License-Identifier: Apache-2.0
"""Labels that a preset's matchers let through, and a text that a regular expression matches."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Optional

from ansible_collections.llmmon.stack.plugins.module_utils.matching import matches

_MATCHER = re.compile(r"""(\w+)\s*(=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"\s*,?""")
# Tried for a label that may be anything but something.
_ANY = ("drill", "0", "ok", "200", "stop")
# What stands for a piece of a regular expression, longest piece first.
_PIECES = (
    (re.compile(r"\(\?:|[()^$]"), ""),
    (re.compile(r"\[([^\]])[^\]]*\]"), r"\1"),
    (re.compile(r"\\([^A-Za-z0-9])"), "\0\\1"),
    (re.compile(r"\\d"), "0"),
    (re.compile(r"(?<!\0)\.[*?]"), ""),
    (re.compile(r"(?<!\0)\.\+?"), "0"),
    (re.compile(r".[*?]"), ""),
    (re.compile(r"(?<!\0)\+"), ""),
)


def matchers(text: str) -> list[tuple[str, str, str]]:
    """The matchers of a selector's braces: label, sign and value."""
    return [(label, sign, value.replace(r"\"", '"')) for label, sign, value in _MATCHER.findall(text)]


def lets_through(text: str, labels: Mapping[str, str]) -> bool:
    """Whether series with these labels pass all matchers; a label that is not there is an empty text."""
    return all(matches(sign, value, labels.get(label, "")) for label, sign, value in matchers(text))


def passing(text: str, labels: Mapping[str, str], but_not: Optional[str] = None) -> Optional[dict[str, str]]:
    """``labels`` with what the matchers want besides, and which ``but_not`` does not let through; None without any."""
    found = dict(labels)
    for label, sign, value in matchers(text):
        if not matches(sign, value, found.get(label, "")):
            fit = next((one for one in _candidates(sign, value) if lets_through(text, {**found, label: one})), None)
            fit = fit if fit is not None else next(_candidates(sign, value), None)
            if fit is None:
                return None
            found[label] = fit
    if not lets_through(text, found):
        return None
    if but_not is None or not lets_through(but_not, found):
        return found
    for label, _, _ in matchers(but_not):
        for other in ("", *_ANY):
            tried = {**found, label: other}
            if lets_through(text, tried) and not lets_through(but_not, tried):
                return tried
    return None


def _candidates(sign: str, value: str) -> Iterator[str]:
    """Texts that a label may have, most telling first."""
    if sign == "=":
        yield value
    elif sign == "=~":
        for part in [*value.split("|"), value]:
            for pattern, stands_for in _PIECES:
                part = pattern.sub(stands_for, part)
            part = part.replace("\0", "")
            if matches(sign, value, part):
                yield part
    else:
        yield from (one for one in _ANY if matches(sign, value, one))
