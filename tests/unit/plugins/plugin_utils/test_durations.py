"""Durations: what Prometheus takes, how long it is, and what it refuses."""

from __future__ import annotations

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.durations import milliseconds
from ansible_collections.llmmon.stack.plugins.plugin_utils.durations import is_duration, longest_interval


@pytest.mark.parametrize(
    ("durations", "longest"),
    [(["15s"], "15s"), (["15s", "1m30s", "1m"], "90s"), (["500ms"], "1s"), (["1h", "59m59s"], "3600s")],
)
def test_the_longest_interval_is_in_seconds(durations: list[str], longest: str) -> None:
    assert longest_interval(durations) == longest


@pytest.mark.parametrize(
    ("duration", "expected"),
    [
        ("0", 0),
        (0, 0),
        ("0s", 0),
        ("90s", 90_000),
        ("1500ms", 1_500),
        ("1h30m", 5_400_000),
        ("1w", 604_800_000),
        ("1y2w3d4h5m6s7ms", 33_019_506_007),
        ("292y", 292 * 31_536_000_000),
    ],
)
def test_a_duration_has_its_length(duration: object, expected: int) -> None:
    assert milliseconds(duration) == expected


@pytest.mark.parametrize(
    "text", ["", "5", "5 m", "5min", "1m1h", "5m5m", "-5m", "1.5h", "5m\n", "m", "٣m", "293y", None]
)
def test_what_prometheus_would_refuse_is_not_a_duration(text: object) -> None:
    assert not is_duration(text)
