# SPDX-License-Identifier: Apache-2.0
"""Read PromQL. Prometheus tells how it reads an expression only from 3.0 on, and 2.53 must be understood as well."""

from __future__ import annotations

import dataclasses
import functools
import json
import re
from typing import Callable, NamedTuple, Optional, TypeVar

from ansible_collections.llmmon.stack.plugins.module_utils.alive.expressions import (
    Aggregate,
    Binary,
    Call,
    Expression,
    Matcher,
    Number,
    Selector,
    Subquery,
    Text,
    Unary,
)
from ansible_collections.llmmon.stack.plugins.module_utils.errors import StackError

_FOR_EACH_NUMBER = ("count_values", "bottomk", "topk", "quantile", "limitk", "limit_ratio")
AGGREGATIONS = frozenset(["sum", "min", "max", "avg", "group", "stddev", "stdvar", "count", *_FOR_EACH_NUMBER])
COMPARISONS = frozenset(["==", "!=", "<", ">", "<=", ">="])
SETS = frozenset(["and", "or", "unless"])
_STRENGTH = {
    "or": 1,
    **dict.fromkeys(("and", "unless"), 2),
    **dict.fromkeys(COMPARISONS, 3),
    **dict.fromkeys("+-", 4),
    **dict.fromkeys(("*", "/", "%", "atan2"), 5),
    "^": 6,
}
_POWER = _STRENGTH["^"]
_Item = TypeVar("_Item")
_DURATION = r"(?:\d+(?:ms|[smhdwy]))+"
_TOKEN = re.compile(
    rf"""(?P<space>\s+|\#[^\n]*)
    |(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`)
    |(?P<window>\[[^\[\]]*\])
    |(?P<duration>{_DURATION})(?![\w.])
    |(?P<number>0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)
    |(?P<word>[a-zA-Z_:][\w:]*)
    |(?P<sign>=~|!~|==|!=|<=|>=|[-+*/%^<>=(){{}},@])""",
    re.VERBOSE,
)
_WINDOW = re.compile(rf"{_DURATION}|\d+(?:\.\d+)?")
_NUMBERS = {"inf": float("inf"), "nan": float("nan")}
_GO_ESCAPE = re.compile(r"\\(x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[0-7]{3}|.)", re.DOTALL)
_ESCAPED = {"n": "\n", "t": "\t", "r": "\r", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}


class NotRead(StackError):
    """An expression that is not understood here, although Prometheus may understand it."""


class _Token(NamedTuple):
    kind: str
    text: str


def _tokens(text: str) -> list[_Token]:
    found, at = [], 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if not match:
            raise NotRead(f"{text[at : at + 20]!r} is not understood")
        if match.lastgroup != "space":
            found.append(_Token(str(match.lastgroup), match[0]))
        at = match.end()
    return [*found, _Token("end", "")]


def _unquoted(literal: str) -> str:
    if literal[0] == "`":
        return literal[1:-1]

    def character(match: re.Match[str]) -> str:
        escape = match[1]
        if escape[0] in "xuU":
            return chr(int(escape[1:], 16))
        return chr(int(escape, 8)) if escape.isdigit() else _ESCAPED.get(escape, escape)

    return _GO_ESCAPE.sub(character, literal[1:-1])


class _Reader:
    """Goes through the tokens once."""

    def __init__(self, text: str) -> None:
        self._tokens = _tokens(text)
        self._at = 0

    @property
    def _next(self) -> _Token:
        return self._tokens[self._at]

    def _take(self) -> _Token:
        token = self._next
        self._at += 1
        return token

    def _taken(self, *texts: str) -> Optional[str]:
        """The next token if it is one of these and no string; words are not case sensitive."""
        text = self._next.text
        if self._next.kind == "text" or text.lower() not in texts:
            return None
        self._at += 1
        return text.lower()

    def _expect(self, text: str) -> None:
        if not self._taken(text):
            raise NotRead(f"there is {self._next.text!r} where {text!r} should be")

    def whole(self) -> Expression:
        found = self._binary(1)
        if self._next.kind != "end":
            raise NotRead(f"{self._next.text!r} was not expected")
        return found

    def _binary(self, weakest: int) -> Expression:
        left = self._signed()
        while self._next.kind in {"sign", "word"} and _STRENGTH.get(self._next.text.lower(), 0) >= weakest:
            operator = self._take().text.lower()
            strength = _STRENGTH[operator]
            bool_ = bool(self._taken("bool"))
            matching = self._taken("on", "ignoring") or ""
            labels = self._labels() if matching else ()
            group = self._taken("group_left", "group_right") or ""
            include = self._labels() if group and self._next.text == "(" else ()
            # Only powers are taken from the right.
            right = self._binary(strength if operator == "^" else strength + 1)
            left = Binary(operator, left, right, matching or "ignoring", labels, group, include, bool_)
        return left

    def _signed(self) -> Expression:
        sign = self._taken("+", "-")
        if not sign:
            return self._modified(self._single())
        # -1 ^ 2 is -(1 ^ 2).
        inner = self._binary(_POWER)
        if isinstance(inner, Number):
            return Number(-inner.value if sign == "-" else inner.value)
        return Unary(sign, inner)

    def _single(self) -> Expression:
        token = self._next
        if self._taken("("):
            inner = self._binary(1)
            self._expect(")")
            return inner
        if token.text == "{" and token.kind == "sign":
            return self._selector("")
        self._at += 1
        if token.kind == "text":
            return Text(_unquoted(token.text))
        if token.kind == "number":
            return Number(float(int(token.text, 16)) if token.text[:2] in {"0x", "0X"} else float(token.text))
        if token.kind == "duration":
            return Number(_seconds(token.text))
        if token.kind != "word":
            raise NotRead(f"{token.text!r} was not expected")
        return self._named(token.text)

    def _named(self, name: str) -> Expression:
        following = self._next.text.lower()
        if name.lower() in AGGREGATIONS and following in {"(", "by", "without"}:
            return self._aggregate(name.lower())
        if following == "(":
            return Call(name, self._arguments())
        if name.lower() in _NUMBERS:
            return Number(_NUMBERS[name.lower()])
        return self._selector(name)

    def _aggregate(self, operator: str) -> Expression:
        way = self._taken("by", "without")
        labels = self._labels() if way else ()
        arguments = self._arguments()
        if not way:
            way = self._taken("by", "without")
            labels = self._labels() if way else ()
        if len(arguments) not in {1, 2}:
            raise NotRead(f"{operator} has {len(arguments)} arguments")
        parameter = arguments[0] if len(arguments) > 1 else None
        return Aggregate(operator, labels, way == "without", arguments[-1], parameter)

    def _arguments(self) -> tuple[Expression, ...]:
        return self._list(lambda: self._binary(1))

    def _labels(self) -> tuple[str, ...]:
        return self._list(self._label)

    def _label(self) -> str:
        token = self._take()
        if token.kind == "text":
            return _unquoted(token.text)
        if token.kind != "word":
            raise NotRead(f"{token.text!r} is no label")
        return token.text

    def _list(self, read: Callable[[], _Item]) -> tuple[_Item, ...]:
        self._expect("(")
        found: list[_Item] = []
        while not self._taken(")"):
            found.append(read())
            if not self._taken(","):
                self._expect(")")
                break
        return tuple(found)

    def _selector(self, name: str) -> Selector:
        matchers: list[Matcher] = []
        if self._taken("{"):
            while not self._taken("}"):
                quoted, label = self._next.kind == "text", self._label()
                operator = self._taken("=", "!=", "=~", "!~")
                if operator:
                    matchers.append(Matcher(label, operator, self._label()))
                elif quoted and not name:
                    name = label
                else:
                    raise NotRead(f"{label!r} is no matcher")
                if not self._taken(","):
                    self._expect("}")
                    break
        return Selector(name, tuple(matchers))

    def _modified(self, expression: Expression) -> Expression:
        """What stands behind an expression: a window, an offset, a fixed time."""
        while True:
            if self._next.kind == "window":
                expression = self._windowed(expression, self._take().text[1:-1])
            elif self._taken("offset"):
                offset = self._duration()
                if not isinstance(expression, (Selector, Subquery)):
                    raise NotRead("an offset stands behind something else than series")
                expression = dataclasses.replace(expression, offset=offset)
            elif self._taken("@"):
                self._moment()
            else:
                return expression

    def _windowed(self, expression: Expression, inside: str) -> Expression:
        window, colon, step = (part.strip() for part in inside.partition(":"))
        if not _WINDOW.fullmatch(window) or (step and not _WINDOW.fullmatch(step)):
            raise NotRead(f"[{inside}] is no window")
        if colon:
            return Subquery(expression, f"{window}:{step}")
        if not isinstance(expression, Selector):
            raise NotRead("a window stands behind something else than series")
        return dataclasses.replace(expression, window=window)

    def _duration(self) -> str:
        sign = self._taken("-") or ""
        written = sign + self._take().text
        if not _WINDOW.fullmatch(written.lstrip("-")):
            raise NotRead(f"{written!r} is no duration")
        return written

    def _moment(self) -> None:
        self._taken("-", "+")
        if self._take().kind == "word":
            self._expect("(")
            self._expect(")")


def _seconds(duration: str) -> float:
    units = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "y": 31536000}
    return float(sum(int(number) * units[unit] for number, unit in re.findall(r"(\d+)(ms|[smhdwy])", duration)))


@functools.cache
def read(text: str) -> Expression:
    """The expression that a text is. Raises NotRead for what is not understood."""
    try:
        return _Reader(text).whole()
    except RecursionError as error:
        raise NotRead("it is nested too deeply") from error


def quoted(text: str) -> str:
    """A string of PromQL."""
    return json.dumps(text, ensure_ascii=False)
