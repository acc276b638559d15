"""What becomes of llmmon_mute_time_intervals."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.plugin_utils.routing.intervals import (
    clock,
    time_interval,
    time_intervals,
)


@pytest.mark.parametrize(
    ("value", "expected"), [("07:00", "07:00"), (1320, "22:00"), (0, "00:00"), (1440, "24:00"), (True, "True")]
)
def test_times_of_day(value: Any, expected: str) -> None:
    assert clock(value) == expected


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ([("09:00", "17:00")], [("09:00", "17:00")]),
        ([("22:00", "07:00")], [("22:00", "24:00"), ("00:00", "07:00")]),
        ([(1320, "00:00")], [("22:00", "24:00")]),
    ],
)
def test_what_goes_over_midnight_is_two(times: list[tuple[Any, Any]], expected: list[tuple[str, str]]) -> None:
    spec = {"times": [{"start_time": start, "end_time": end} for start, end in times], "location": "Europe/Berlin"}
    assert time_interval(spec) == {
        "location": "Europe/Berlin",
        "times": [{"start_time": start, "end_time": end} for start, end in expected],
    }


def test_one_time_needs_no_list() -> None:
    time = {"start_time": "09:00", "end_time": "17:00"}
    assert time_interval({"times": time}) == time_interval({"times": [time]}) == {"times": [time]}


def test_intervals_are_lists_of_strings() -> None:
    assert time_intervals({"x": {"days_of_month": [1], "years": 2030}, "y": [{"weekdays": ["monday"]}]}) == [
        {"name": "x", "time_intervals": [{"days_of_month": ["1"], "years": ["2030"]}]},
        {"name": "y", "time_intervals": [{"weekdays": ["monday"]}]},
    ]
