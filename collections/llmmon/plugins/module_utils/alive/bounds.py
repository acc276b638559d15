# SPDX-License-Identifier: Apache-2.0
"""Whether a condition can be met at all: a percentile is never beyond the last edge of its histogram."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Callable

from ansible_collections.llmmon.stack.plugins.module_utils.alive.expressions import (
    Aggregate,
    Binary,
    Call,
    Expression,
    Number,
    Selector,
    Subquery,
)
from ansible_collections.llmmon.stack.plugins.module_utils.alive.reading import Rules

# Names of buckets to the finite edges that these have.
Edges = Callable[[Iterable[str]], list[float]]

_OVER_TIME = ("avg_over_time", "max_over_time", "min_over_time", "last_over_time", "quantile_over_time")
_UNCHANGED = frozenset(["round", "label_replace", "clamp_max", *_OVER_TIME])
_NO_MORE = frozenset(["max", "min", "avg", "quantile", "topk", "bottomk"])
# No rule of anybody's is built on so many others.
_DEEPEST = 20


def out_of_reach(expression: Expression, rules: Rules, edges: Edges) -> str:
    """Why a condition can never be met; "" where it can, or where that is not known."""
    if not isinstance(expression, Binary):
        return ""
    left = out_of_reach(expression.left, rules, edges)
    if expression.operator == "unless":
        return left
    right = out_of_reach(expression.right, rules, edges)
    if expression.operator == "or":
        return left if right else ""
    if left or right:
        return left or right
    limit = expression.right
    if expression.operator not in {">", ">="} or not isinstance(limit, Number) or expression.bool_:
        return ""
    most = highest(expression.left, rules, edges)
    if most == -math.inf:
        return ""
    beyond = most <= limit.value if expression.operator == ">" else most < limit.value
    return f"its histogram ends at {most:g}, and the threshold is {limit.value:g}" if beyond else ""


def highest(expression: Expression, rules: Rules, edges: Edges, depth: int = 0) -> float:
    """The highest value that an expression can have; infinity where that is not known."""
    if isinstance(expression, Selector):
        recorded = rules.recordings(expression) if depth < _DEEPEST else None
        return max((highest(one, rules, edges, depth + 1) for one in recorded or ()), default=math.inf)
    if isinstance(expression, Subquery):
        return highest(expression.expression, rules, edges, depth)
    if isinstance(expression, Aggregate):
        return highest(expression.expression, rules, edges, depth) if expression.operator in _NO_MORE else math.inf
    if isinstance(expression, Call):
        return _highest_of_call(expression, rules, edges, depth)
    if isinstance(expression, Binary):
        return _highest_of_two(expression, rules, edges, depth)
    return expression.value if isinstance(expression, Number) else math.inf


def _highest_of_call(call: Call, rules: Rules, edges: Edges, depth: int) -> float:
    if call.name == "histogram_quantile":
        names = {name for reading in rules.readings(call.arguments[1]) for name in reading.names}
        found = edges({name for name in names if name.endswith("_bucket")})
        # One that is not there, such as that of another kind, adds nothing to a union.
        return max(found, default=-math.inf) if names else math.inf
    if call.name not in _UNCHANGED or not call.arguments:
        return math.inf
    inner = call.arguments[-1 if call.name == "quantile_over_time" else 0]
    return highest(inner, rules, edges, depth)


def _highest_of_two(binary: Binary, rules: Rules, edges: Edges, depth: int) -> float:
    left = highest(binary.left, rules, edges, depth)
    if binary.operator in {"*", "/"} and isinstance(binary.right, Number) and binary.right.value > 0:
        return left * binary.right.value if binary.operator == "*" else left / binary.right.value
    if binary.operator == "or":
        return max(left, highest(binary.right, rules, edges, depth))
    # A filter leaves values as they are.
    return left if binary.operator in {"and", "unless", ">", ">=", "<", "<=", "==", "!="} else math.inf
