"""How synthetic series are written."""

from __future__ import annotations

from ansible_collections.llmmon.stack.plugins.module_utils.drill.series import (
    RECORDED,
    RECORDED_UNTIL,
    SCRAPED,
    Series,
    counter,
    openmetrics,
    recorded,
)


def test_samples_end_now_and_metrics_stand_together() -> None:
    page = openmetrics(
        [Series("b", {"x": 'a"\\\n'}, 1, (15, 0)), Series("a", {}, lambda age: age or None, (15, 0))], 1000
    )
    assert page == 'a{} 15 985\nb{x="a\\"\\\\\\n"} 1 985\nb{x="a\\"\\\\\\n"} 1 1000\n# EOF\n'


def test_of_two_alike_the_first_counts_whatever_labels_are_empty() -> None:
    page = openmetrics([Series("a", {"x": "1", "y": ""}, 1, (0,)), Series("a", {"x": "1"}, 2, (0,))], 7)
    assert page.splitlines() == ['a{x="1"} 1 7', "# EOF"]


def test_a_counter_rises_evenly_to_the_end() -> None:
    values = dict(counter("c", {}, 2).samples())
    assert values[0] - values[60] == 120
    assert min(SCRAPED) == 0


def test_what_was_recorded_ends_before_prometheus_would_take_it_for_new() -> None:
    lookback = 300
    assert min(age for age, _ in recorded("r", {}, 1).samples()) == RECORDED_UNTIL > lookback
    assert max(RECORDED) > 21 * 86400
