"""Which metrics a PromQL expression reads: enough of the language for our own expressions."""

from __future__ import annotations

import re

_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
_MATCHERS = re.compile(r"\{[^{}]*\}")
_RANGE = re.compile(r"\[[^\[\]]*\]")
_LABEL_LIST = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^()]*\)")
_NAME = re.compile(r"(?<![\w:.])[a-zA-Z_:][\w:]*(?!\w|\s*\()")
_WORDS = {"and", "or", "unless", "offset", "bool", "by", "without", "inf", "nan"}


def metric_names(expression: str) -> set[str]:
    for noise in (_STRING, _MATCHERS, _RANGE, _LABEL_LIST):
        expression = noise.sub(" ", expression)
    return {name for name in _NAME.findall(expression) if name.lower() not in _WORDS}
