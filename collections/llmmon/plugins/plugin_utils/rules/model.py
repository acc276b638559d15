# SPDX-License-Identifier: Apache-2.0
"""Rules and their groups, as Prometheus reads them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NotRequired, TypedDict, TypeVar

Value = TypeVar("Value")

Rule = TypedDict(
    "Rule",
    {
        "record": NotRequired[str],
        "alert": NotRequired[str],
        "labels": NotRequired[dict[str, str]],
        "expr": str,
        "for": NotRequired[str],
        "keep_firing_for": NotRequired[str],
        "annotations": NotRequired[dict[str, str]],
    },
)


class Group(TypedDict):
    """Rules that are evaluated one after the other, in this order."""

    name: str
    interval: str
    rules: list[Rule]


def record(name: str, expression: str, /, **labels: Any) -> Rule:
    """A recording rule."""
    rule = Rule(record=name, expr=expression)
    if labels:
        # Before the expression, which may be long.
        rule = Rule(record=name, labels=texts(labels), expr=expression)
    return rule


def group(name: str, interval: Any, rules: list[Rule]) -> Group:
    """A group; ``interval`` is a duration."""
    return Group(name=name, interval=str(interval), rules=rules)


def texts(values: dict[str, Any]) -> dict[str, str]:
    """Labels and annotations are texts, whatever the user wrote."""
    return {str(name): str(value) for name, value in values.items()}


def by_name(values: Mapping[str, Value]) -> list[tuple[str, Value]]:
    """Names and values in the order of names, so that files differ only where settings do."""
    return sorted(values.items(), key=lambda item: str(item[0]).lower())
