# SPDX-License-Identifier: Apache-2.0
"""What a PromQL expression is made of. ``promql.py`` reads text into these."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterator
from typing import Optional, Union

from ansible_collections.llmmon.stack.plugins.module_utils.matching import matches

# From 3.0 on names may have any characters, and are then in quotes.
_PLAIN = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")


@dataclasses.dataclass(frozen=True)
class Matcher:
    """A condition on a label: ``operator`` is one of ``=``, ``!=``, ``=~``, ``!~``."""

    label: str
    operator: str
    value: str

    def takes(self, value: str) -> bool:
        """Whether a label's value is what is asked for."""
        return matches(self.operator, self.value, value)

    def __str__(self) -> str:
        label = self.label if _PLAIN.fullmatch(self.label) else json.dumps(self.label)
        return f"{label}{self.operator}{json.dumps(self.value, ensure_ascii=False)}"


@dataclasses.dataclass(frozen=True)
class Number:
    """A number."""

    value: float


@dataclasses.dataclass(frozen=True)
class Text:
    """A string."""

    value: str


@dataclasses.dataclass(frozen=True)
class Selector:
    """Series by their name, which may be empty, and by matchers; ``window`` is empty for an instant."""

    name: str
    matchers: tuple[Matcher, ...] = ()
    window: str = ""
    offset: str = ""

    def __str__(self) -> str:
        """As it selects now: without window and offset."""
        plain = _PLAIN.fullmatch(self.name) is not None
        inside = ", ".join([*([] if plain else [json.dumps(self.name)] * bool(self.name)), *map(str, self.matchers)])
        name = self.name if plain else ""
        return f"{name}{{{inside}}}" if inside or not name else name


@dataclasses.dataclass(frozen=True)
class Subquery:
    """An expression over a window, such as ``1d:30m``."""

    expression: Expression
    window: str
    offset: str = ""


@dataclasses.dataclass(frozen=True)
class Call:
    """A function with its arguments."""

    name: str
    arguments: tuple[Expression, ...]


@dataclasses.dataclass(frozen=True)
class Aggregate:
    """``sum by (...)`` and the like; ``without`` tells which way ``labels`` are meant."""

    operator: str
    labels: tuple[str, ...]
    without: bool
    expression: Expression
    parameter: Optional[Expression] = None


@dataclasses.dataclass(frozen=True)
class Binary:
    """Two sides; ``labels`` are those of ``on`` (``matching`` is ``on``), or of ``ignoring``, which is also no word."""

    operator: str
    left: Expression
    right: Expression
    matching: str = "ignoring"
    labels: tuple[str, ...] = ()
    # group_left or group_right, if it is said, with the labels that it takes over.
    group: str = ""
    include: tuple[str, ...] = ()
    bool_: bool = False


@dataclasses.dataclass(frozen=True)
class Unary:
    """A sign before an expression."""

    operator: str
    expression: Expression


Expression = Union[Number, Text, Selector, Subquery, Call, Aggregate, Binary, Unary]


def parts_of(expression: Expression) -> tuple[Expression, ...]:
    """The expressions that an expression is directly made of."""
    if isinstance(expression, (Subquery, Unary)):
        return (expression.expression,)
    if isinstance(expression, Call):
        return expression.arguments
    if isinstance(expression, Aggregate):
        return (
            (expression.expression,) if expression.parameter is None else (expression.parameter, expression.expression)
        )
    if isinstance(expression, Binary):
        return (expression.left, expression.right)
    return ()


def walk(expression: Expression) -> Iterator[Expression]:
    """An expression and everything in it, from the outside in."""
    yield expression
    for part in parts_of(expression):
        yield from walk(part)
