"""The reader of PromQL takes every expression of ours, and some that a user may write, as Prometheus itself does."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import requests
from ansible_collections.llmmon.stack.plugins.module_utils.alive.expressions import (
    Aggregate,
    Binary,
    Call,
    Expression,
    Number,
    Selector,
    Subquery,
    Unary,
)
from ansible_collections.llmmon.stack.plugins.module_utils.alive.promql import COMPARISONS, SETS, read

from tests.rules import catalogue, promtool
from tests.rules.boards import world
from tests.rules.dashboards import BOARDS, expressions, filled_in
from tests.support import prometheus

OF_USERS = [
    "-1 ^ 2 ^ 3 + 2 * -a % 3 atan2 b",
    "sum(a) by (x, y) > bool 0x10 or 1e-3 < c{} or rate(c[5m:])",
    """topk by (job) (3, {__name__=~'a|b', x!~`\\d+`, y="\\u00e9\\n"} offset -1h30m) # said""",
    "a{job='b',} unless on () group_left_is_a_name",
    """count_values without (x) ("v", max_over_time(a[1h:1m] @ end() offset 5m)) == Inf > NaN""",
    "ABSENT_it AND absent_over_time(x[1d]) Or time() - (-(y))",
    "a * on (x) group_left (z) (b / ignoring (q) group_right () c) != 1m30s",
    "histogram_quantile(0.9, sum by (le) (rate(x_bucket[5m]))) > 2",
    "max_over_time((a > 1)[1h:5m] offset 1d)",
    'vector(1) + {"with.dots", job="b"}',
]


def told(node: dict[str, Any]) -> Any:
    """What Prometheus says of an expression, without brackets."""
    kind = node["type"]
    if kind == "parenExpr":
        return told(node["expr"])
    if kind in {"vectorSelector", "matrixSelector"}:
        matchers = sorted((m["name"], m["type"], m["value"]) for m in node["matchers"])
        return ("series", matchers, node.get("range", 0), node["offset"])
    if kind == "subquery":
        return ("subquery", told(node["expr"]), node["range"], node["offset"])
    if kind == "call":
        return ("call", node["func"]["name"], [told(argument) for argument in node["args"]])
    if kind == "aggregation":
        parameter = told(node["param"]) if node["param"] else None
        return ("aggregate", node["op"], sorted(node["grouping"] or []), node["without"], told(node["expr"]), parameter)
    if kind == "binaryExpr":
        matching = node["matching"]
        labels = matching and (matching["on"], sorted(matching["labels"] or []), sorted(matching["include"] or []))
        many = {"many-to-one": "group_left", "one-to-many": "group_right"}.get((matching or {"card": ""})["card"], "")
        return ("binary", node["op"], told(node["lhs"]), told(node["rhs"]), labels, many, node["bool"])
    if kind == "unaryExpr":
        return ("unary", node["op"], told(node["expr"]))
    return ("number", f"{float(node['val'])}") if kind == "numberLiteral" else ("text", node["val"])


def ours(expression: Expression) -> Any:
    """What we say of it, in the same words."""
    if isinstance(expression, Selector):
        matchers = [(m.label, m.operator, m.value) for m in expression.matchers]
        matchers += [("__name__", "=", expression.name)] if expression.name else []
        return ("series", sorted(matchers), _milliseconds(expression.window), _milliseconds(expression.offset))
    if isinstance(expression, Subquery):
        window = _milliseconds(expression.window.partition(":")[0])
        return ("subquery", ours(expression.expression), window, _milliseconds(expression.offset))
    if isinstance(expression, Call):
        return ("call", expression.name, [ours(argument) for argument in expression.arguments])
    if isinstance(expression, Aggregate):
        parameter = ours(expression.parameter) if expression.parameter else None
        labels = sorted(expression.labels)
        return ("aggregate", expression.operator, labels, expression.without, ours(expression.expression), parameter)
    if isinstance(expression, Binary):
        return _ours_of_two(expression)
    if isinstance(expression, Unary):
        return ("unary", expression.operator, ours(expression.expression))
    return ("number", f"{expression.value}") if isinstance(expression, Number) else ("text", expression.value)


def _ours_of_two(binary: Binary) -> Any:
    labels = (binary.matching == "on", sorted(binary.labels), sorted(binary.include))
    sides = ours(binary.left), ours(binary.right)
    # Prometheus says nothing of labels where a side is a number.
    between_series = not any(_is_number(side) for side in (binary.left, binary.right))
    return ("binary", binary.operator, *sides, labels if between_series else None, binary.group, binary.bool_)


def _is_number(expression: Expression) -> bool:
    if isinstance(expression, (Unary,)):
        return _is_number(expression.expression)
    if isinstance(expression, Binary) and expression.operator not in SETS:
        return _is_number(expression.left) and _is_number(expression.right)
    return isinstance(expression, Number) or (isinstance(expression, Call) and expression.name in {"time", "scalar"})


def _milliseconds(duration: str) -> int:
    units = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
    size = sum(int(number) * units[unit] for number, unit in re.findall(r"(\d+)(ms|[smhdw])", duration))
    return -size if duration.startswith("-") else size


def test_every_expression_is_read_as_prometheus_reads_it(rendered: dict[str, dict[str, str]], tmp_path: Path) -> None:
    files = [*rendered.values(), world.rendered()]
    asked = {str(rule["expr"]) for variant in files for rule in catalogue.rules(variant)}
    asked |= {filled_in(expression) for board in BOARDS.values() for expression in expressions(board)}
    asked |= {*OF_USERS}
    assert len(asked) > 1000
    assert COMPARISONS.isdisjoint(SETS)
    with prometheus.running(promtool.VERSIONS[-1], tmp_path) as server, requests.Session() as session:
        for text in sorted(asked):
            answer = session.post(f"{server.url}/api/v1/parse_query", data={"query": text}, timeout=20).json()
            assert answer["status"] == "success", (text, answer)
            assert ours(read(text)) == told(answer["data"]), text
