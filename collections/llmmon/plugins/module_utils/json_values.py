# SPDX-License-Identifier: Apache-2.0
"""Values of JSON: whether two are the same whatever their spelling, and as text."""

from __future__ import annotations

import json
from typing import Any


def canonical(model: Any) -> str:
    """One text for one content, whatever the order of its keys."""
    return json.dumps(model, sort_keys=True, separators=(",", ":"))


def same(one: Any, other: Any) -> bool:
    """Whether two JSON values are the same; 1 and 1.0 are, 1 and true are not."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(same(first, second) for first, second in zip(one, other))
    return isinstance(one, bool) is isinstance(other, bool) and bool(one == other)


def readable(value: Any) -> str:
    """The text of a value for people and repositories: sorted, indented, with a line break at its end."""
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
