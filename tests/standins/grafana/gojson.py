"""JSON the way Grafana reads and writes it.

Numbers keep the spelling they came in (``1E5``, ``1.0``, twenty digits), of a doubled key the last one stays,
and ``<``, ``>`` and ``&`` leave escaped, because Go's encoder does so.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any, NoReturn

_ESCAPES = (
    ("<", "\\u003c"),
    (">", "\\u003e"),
    ("&", "\\u0026"),
    ("\u2028", "\\u2028"),
    ("\u2029", "\\u2029"),
)


@dataclass(frozen=True, slots=True)
class Number:
    """A number of a JSON text, as it was spelled there."""

    text: str

    def as_int(self) -> int | None:
        value = float(self.text)
        return int(value) if math.isfinite(value) else None


@dataclass(frozen=True, slots=True)
class Raw:
    """JSON text which goes into an answer as it is."""

    text: str


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


def loads(text: str | bytes) -> Any:
    return json.loads(text, parse_int=Number, parse_float=Number, parse_constant=_no_constant)


def _string(value: str) -> str:
    text = json.dumps(value, ensure_ascii=False)
    for sign, escape in _ESCAPES:
        if sign in text:
            text = text.replace(sign, escape)
    return text


def dumps(value: Any, *, sort: bool = False) -> str:
    """Write ``value`` without blanks; ``sort`` orders the keys of every object, as Go does with maps."""
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, Number | Raw):
        return value.text
    if isinstance(value, dict):
        keys = sorted(value) if sort else list(value)
        return "{" + ",".join(f"{_string(key)}:{dumps(value[key], sort=sort)}" for key in keys) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(dumps(item, sort=sort) for item in value) + "]"
    return json.dumps(value)
