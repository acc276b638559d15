# SPDX-License-Identifier: Apache-2.0
"""Numbers as rules write them: units of time, edges of histograms, percentages."""

from __future__ import annotations

from typing import Any

from ansible_collections.llmmon.stack.plugins.module_utils.durations import milliseconds

# How many of a unit make a second.
PER_SECOND = {"seconds": 1, "milliseconds": 1000, "microseconds": 1000000}


def in_seconds(unit: str) -> str:
    """What turns an expression in this unit into seconds."""
    return f" / {PER_SECOND[unit]}" if PER_SECOND[unit] > 1 else ""


def minutes(duration: Any) -> int:
    """Minutes in a duration such as 90s, 5m or 1h30m, rounded up.

    Raises ValueError for whatever is not a duration.
    """
    return -(-milliseconds(duration) // 60_000)


def edge(value: float) -> str:
    """The edge of a bucket as a regular expression.

    Prometheus 3 writes le="2" as "2.0", Prometheus 2 keeps what the exporter wrote.
    """
    if value == int(value):
        return rf"{int(value)}(\\.0)?"
    return str(value).replace(".", r"\\.")


def percent(ratio: Any) -> str:
    """A ratio as texts show it: 0.025 is 2.5%."""
    return f"{float(ratio) * 100:g}%"
