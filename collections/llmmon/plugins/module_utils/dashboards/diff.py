# SPDX-License-Identifier: Apache-2.0
"""What differs between two dashboards, as lines that a person can read: one a value, named by where it stands."""

from __future__ import annotations

import json
from typing import Any, Optional

_MOST_LINES = 200
# What tells the members of a list apart, so that a panel more does not shift all that follow.
_NAMES = ("id", "refId", "name", "uid")


def _named(items: list[Any]) -> Optional[dict[str, Any]]:
    """The members of a list by what names them, None when nothing names all of them."""
    for key in _NAMES:
        values = [item.get(key) if isinstance(item, dict) else None for item in items]
        if all(isinstance(value, (str, int)) for value in values) and len(set(values)) == len(values):
            return {f"{key}={value}": item for value, item in zip(values, items)}
    return None


def _members(value: Any) -> Optional[dict[str, Any]]:
    """The children of a value by their place in it, None for one that has none."""
    if isinstance(value, dict) and value:
        return {f".{key}": child for key, child in value.items()}
    if isinstance(value, list) and value:
        named = _named(value)
        members = named if named is not None else {str(place): child for place, child in enumerate(value)}
        children = {f"[{name}]": child for name, child in members.items()}
        if named is not None and len(named) > 1:
            children[" (order)"] = ", ".join(named)
        return children
    return None


def flat(value: Any, path: str = "") -> dict[str, str]:
    """Every value of a dashboard by its path, such as ``panels[id=2].targets[refId=A].expr``."""
    members = _members(value)
    if members is None:
        return {path.lstrip("."): json.dumps(value, ensure_ascii=False)}
    found: dict[str, str] = {}
    for name, child in members.items():
        found.update(flat(child, path + name))
    return found


def _whole_members(one: dict[str, str], other: dict[str, str]) -> dict[str, str]:
    return {path: value for path, value in one.items() if other.get(path) != value}


def _lines(values: dict[str, str]) -> str:
    lines = [f"{path}: {value}" for path, value in sorted(values.items())]
    left_out = len(lines) - _MOST_LINES
    if left_out > 0:
        lines = [*lines[:_MOST_LINES], f"... and {left_out} more"]
    return "".join(f"{line}\n" for line in lines)


def differing_values(before: dict[str, Any], after: dict[str, Any]) -> tuple[str, str]:
    """The two sides of a diff: only what differs."""
    one, other = flat(before), flat(after)
    return _lines(_whole_members(one, other)), _lines(_whole_members(other, one))
