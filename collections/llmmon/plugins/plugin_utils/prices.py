# SPDX-License-Identifier: Apache-2.0
"""Prices of tokens, by a model's name or by a pattern of names, and which one counts for a model.

The name itself counts most, then the pattern with the most characters besides its stars; of two with as many the one
that is listed first. The one that counts gives all prices of the model: what it leaves out is free.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

INPUT, OUTPUT, CACHED_INPUT = TOKEN_TYPES = ("input", "output", "cached_input")
STAR = "*"


@dataclass(frozen=True)
class Pattern:
    """The prices of all models whose names fit a pattern, as far as nothing more specific is listed.

    ``beside`` are the names and patterns that count before it. All regular expressions match in full.
    """

    name: str
    prices: Mapping[str, Any]
    beside: Sequence[str]

    @property
    def regex(self) -> str:
        """What matches its models."""
        return regex_of(self.name)

    @property
    def regex_beside(self) -> str:
        """What matches the models that something else counts for; empty where there is nothing."""
        return "|".join(map(regex_of, self.beside))


def is_pattern(name: str) -> bool:
    """Whether it is a pattern of names rather than a name."""
    return STAR in name


def regex_of(name: str) -> str:
    """A name or pattern as a regular expression of Prometheus, and of Python."""
    # Not re.escape(), which escapes what Prometheus does not let be escaped.
    return ".*".join(re.sub(r"([].[^$*+?(){}|\\])", r"\\\1", part) for part in str(name).split(STAR))


def exact_prices(prices: Mapping[str, Any]) -> dict[str, Any]:
    """The prices of single models."""
    return {str(name): price for name, price in prices.items() if not is_pattern(str(name))}


def patterns(prices: Mapping[str, Any]) -> list[Pattern]:
    """The prices by pattern, the one that counts most first."""
    names = _ranked(map(str, prices))
    return [
        Pattern(name, prices[name], [other for other in [*exact_prices(prices), *names[:rank]] if overlap(other, name)])
        for rank, name in enumerate(names)
    ]


def overlap(one: str, other: str) -> bool:
    """Whether a model may fit both, as far as their beginnings tell; of a name and a pattern, whether it does."""
    if not is_pattern(one):
        return bool(re.fullmatch(regex_of(other), one, re.DOTALL))
    begin, other_begin = one.partition(STAR)[0], other.partition(STAR)[0]
    return begin.startswith(other_begin) or other_begin.startswith(begin)


def counting(prices: Mapping[str, Any], model: str) -> str | None:
    """The name or pattern that counts for a model, None where there is none."""
    if model in exact_prices(prices):
        return model
    return next((name for name in _ranked(map(str, prices)) if overlap(model, name)), None)


def _ranked(names: Iterable[str]) -> list[str]:
    """Patterns, the most specific first. Sorting keeps the order of those that are as specific."""
    return sorted(filter(is_pattern, names), key=lambda name: -len(name.replace(STAR, "")))
