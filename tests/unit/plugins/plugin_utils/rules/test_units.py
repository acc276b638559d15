"""Numbers as rules write them."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.units import edge, in_seconds, minutes, percent


@pytest.mark.parametrize(
    ("duration", "expected"),
    [(0, 0), ("0s", 0), ("1ms", 1), ("60s", 1), ("61s", 2), ("5m", 5), ("1h30m", 90), ("2d", 2880), ("1w", 10080)],
)
def test_minutes_are_rounded_up(duration: Any, expected: int) -> None:
    assert minutes(duration) == expected


def test_what_is_not_a_duration_has_no_minutes() -> None:
    with pytest.raises(ValueError, match="5 minutes"):
        minutes("5 minutes")


@pytest.mark.parametrize(("value", "pattern"), [(2.0, r"2(\\.0)?"), (2.5, r"2\\.5"), (0.3, r"0\\.3")])
def test_an_edge_is_found_however_it_is_written(value: float, pattern: str) -> None:
    assert edge(value) == pattern


def test_ratios_are_shown_as_percentages() -> None:
    assert [percent(ratio) for ratio in (0.025, "0.2", 1, 1.2)] == ["2.5%", "20%", "100%", "120%"]


def test_seconds_stay_what_they_are() -> None:
    units = ("seconds", "milliseconds", "microseconds")
    assert [in_seconds(unit) for unit in units] == ["", " / 1000", " / 1000000"]
