# SPDX-License-Identifier: Apache-2.0
"""Whether two sides of an expression can meet: where they share no value of the labels, nothing is ever found."""

from __future__ import annotations

from typing import Optional

from ansible_collections.llmmon.stack.plugins.module_utils.alive.expressions import (
    Aggregate,
    Binary,
    Call,
    Expression,
    Selector,
    Subquery,
    Unary,
)
from ansible_collections.llmmon.stack.plugins.module_utils.alive.prometheus import Seen
from ansible_collections.llmmon.stack.plugins.module_utils.alive.promql import quoted
from ansible_collections.llmmon.stack.plugins.module_utils.alive.reading import Rules

# These have other labels than what they are given, or none.
_OTHERS = frozenset(["absent", "absent_over_time", "scalar", "time", "vector", "label_join", "info"])
_SERIES_LAST = frozenset(["histogram_quantile", "histogram_fraction", "quantile_over_time"])


def apart(expression: Expression, rules: Rules, seen: Seen) -> str:
    """Why two sides never meet; "" where they do, or where that is not known."""
    if not isinstance(expression, Binary):
        return ""
    left = apart(expression.left, rules, seen)
    if expression.operator == "unless":
        return left
    right = apart(expression.right, rules, seen)
    if expression.operator == "or":
        return left if right else ""
    return left or right or _not_met(expression, rules, seen)


def _not_met(binary: Binary, rules: Rules, seen: Seen) -> str:
    """Of the sides of one operator, by the labels of what is there now, whatever its values."""
    one, other = (_skeleton(side, rules) for side in (binary.left, binary.right))
    if one is None or other is None or binary.matching != "on" or not binary.labels:
        return ""
    if not all(map(str.isidentifier, binary.labels)):
        # From 3.0 on there are others, which would have to be in quotes.
        return ""
    labels = ", ".join(binary.labels)
    if not seen.any(one) or not seen.any(other):
        return ""
    if seen.any(f"group by ({labels}) ({one}) and on ({labels}) group by ({labels}) ({other})"):
        return ""
    return f"its sides share no value of {labels}: {_short(binary.left)} and {_short(binary.right)}"


def _skeleton(expression: Expression, rules: Rules) -> Optional[str]:
    """An expression for the labels of what another one may find; None where they are not known.

    Recorded series stand for themselves: what they are made of is somebody else's question.
    """
    if isinstance(expression, Selector):
        recorded = rules.recordings(expression)
        return str(expression) if recorded is None else None
    if isinstance(expression, (Subquery, Unary)):
        return _skeleton(expression.expression, rules)
    if isinstance(expression, Aggregate):
        return _of_aggregate(expression, rules)
    if isinstance(expression, Call):
        return _of_call(expression, rules)
    if isinstance(expression, Binary):
        sides = [_skeleton(side, rules) for side in (expression.left, expression.right)]
        if expression.operator == "or":
            return None if None in sides else f"({sides[0]} or {sides[1]})"
        return sides[1] if expression.group == "group_right" else sides[0]
    return None


def _of_aggregate(aggregate: Aggregate, rules: Rules) -> Optional[str]:
    inner = _skeleton(aggregate.expression, rules)
    if inner is None or aggregate.operator in {"count_values", "topk", "bottomk", "limitk", "limit_ratio"}:
        return None
    if not all(map(str.isidentifier, aggregate.labels)):
        return None
    way = "without" if aggregate.without else "by"
    return f"group {way} ({', '.join(aggregate.labels)}) ({inner})"


def _of_call(call: Call, rules: Rules) -> Optional[str]:
    if call.name in _OTHERS or not call.arguments:
        return None
    inner = _skeleton(call.arguments[-1 if call.name in _SERIES_LAST else 0], rules)
    if inner is None or call.name != "label_replace":
        return inner
    texts = ", ".join(quoted(getattr(argument, "value", "")) for argument in call.arguments[1:])
    return f"label_replace({inner}, {texts})"


def _short(expression: Expression) -> str:
    if isinstance(expression, Selector):
        return str(expression)
    for part in (getattr(expression, "left", None), getattr(expression, "expression", None)):
        if part is not None:
            return _short(part)
    arguments = getattr(expression, "arguments", ())
    return _short(arguments[-1 if expression.name in _SERIES_LAST else 0]) if arguments else "a number"  # type: ignore[union-attr]
