# SPDX-License-Identifier: Apache-2.0
"""What makes the user's own alerts fire: the input series of their tests, as ``promtool test rules`` reads them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Optional

from ansible_collections.llmmon.stack.plugins.module_utils.drill.matching import matchers
from ansible_collections.llmmon.stack.plugins.module_utils.drill.series import Series
from ansible_collections.llmmon.stack.plugins.module_utils.durations import milliseconds
from ansible_collections.llmmon.stack.plugins.module_utils.errors import StackError

_NUMBER = r"(?:\d+\.?\d*(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?|inf|nan)"
# A value, what is added to it each time, and how many times there is another one.
_ITEM = re.compile(rf"(?P<value>_|stale|[+-]?{_NUMBER})(?P<step>[+-]{_NUMBER})?(?:x(?P<times>\d+))?", re.IGNORECASE)


class OwnTestError(StackError):
    """A test file of the user's cannot be read as promtool reads it."""


def own_cases(files: Iterable[dict[str, Any]]) -> dict[str, list[Series]]:
    """Alert to the series of the first test that expects it, as of the moment at which it expects it.

    ``files`` are the contents of the test files. Raises OwnTestError.
    """
    found: dict[str, list[Series]] = {}
    for content in files:
        if not isinstance(content, dict):
            raise OwnTestError("llmmon_drill_test_files: a file is no test file of promtool, which is a dictionary")
        for test in content.get("tests") or []:
            interval = test.get("interval") or content.get("evaluation_interval") or "1m"
            for expected in test.get("alert_rule_test") or []:
                if expected.get("exp_alerts"):
                    end = _seconds(expected.get("eval_time", "0"))
                    given = test.get("input_series") or []
                    found.setdefault(
                        str(expected["alertname"]), [_series(one, _seconds(interval), end) for one in given]
                    )
    return found


def _series(given: dict[str, Any], interval: int, end: int) -> Series:
    text = str(given.get("series", ""))
    values = dict(enumerate(_values(str(given.get("values", "")), text)))
    at = {end - number * interval: value for number, value in values.items() if number * interval <= end}
    name, _, labels = text.partition("{")
    own = {label: value for label, _, value in matchers(labels)}
    return Series(name.strip() or own.pop("__name__", ""), own, at.get, tuple(sorted(at, reverse=True)))


def _values(notation: str, series: str) -> Iterator[Optional[float]]:
    """Such as ``0+10x3 _ 5 stale``, the first ten of which are four values."""
    for item in notation.split():
        match = _ITEM.fullmatch(item)
        if match is None or (match["step"] and not match["times"]):
            raise OwnTestError(
                f"llmmon_drill_test_files: the series {series} has values that a drill cannot read: {item}"
            )
        missing = match["value"].lower() in {"_", "stale"}
        value, step, times = (
            0.0 if missing else float(match["value"]),
            float(match["step"] or 0),
            int(match["times"] or 0),
        )
        # Of a value there is one more than times; of a gap there is not.
        for number in range(times if missing and match["times"] else times + 1):
            yield None if missing else value + number * step


def _seconds(duration: Any) -> int:
    try:
        return milliseconds(duration) // 1000
    except ValueError as error:
        raise OwnTestError(f"llmmon_drill_test_files: {error}") from error
