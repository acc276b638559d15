"""Traffic as the pages of every kind of gateway would show it."""

from __future__ import annotations

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.drill.matching import lets_through
from ansible_collections.llmmon.stack.plugins.module_utils.drill.series import SCRAPED, Series
from ansible_collections.llmmon.stack.plugins.module_utils.drill.traffic import Kind, Traffic

from tests.support import rendering

KINDS = rendering.presets()
BUSY = Traffic("m", requests=10, failed=0.25, answers=((1, 0.5), (8, 0.5)), tokens=7, waiting=3, kv_cache_usage=0.5)


def rate(one: Series) -> float:
    values = [value for _, value in one.samples()]
    return (values[-1] - values[0]) / SCRAPED[0]


def per_second(series: list[Series], entries: list[dict[str, object]]) -> float:
    """What a preset's list of counters makes of series."""
    total = 0.0
    for entry in entries:
        for one in series:
            names = entry["metrics"]
            assert isinstance(names, list)
            if one.name in names and lets_through(str(entry.get("matchers", "")), one.labels):
                total += rate(one)
    return total


@pytest.mark.parametrize("definition", ["all", "provider"])
@pytest.mark.parametrize("kind", sorted(name for name, preset in KINDS.items() if "failures" in preset))
def test_requests_and_failures_are_what_the_preset_counts(kind: str, definition: str) -> None:
    preset = KINDS[kind]
    series = Kind(preset, definition).series("j", BUSY)
    assert per_second(series, preset["requests"]) == pytest.approx(10)
    counted = preset["failures"].get(definition) or preset["failures"]["all"]
    assert per_second(series, counted) == pytest.approx(2.5)


@pytest.mark.parametrize("kind", sorted(name for name, preset in KINDS.items() if "tokens" in preset))
def test_tokens_are_counted(kind: str) -> None:
    series = Kind(KINDS[kind]).series("j", BUSY)
    assert per_second(series, KINDS[kind]["tokens"]) == pytest.approx(7 * len(KINDS[kind]["tokens"]))


@pytest.mark.parametrize("kind", sorted(name for name in KINDS if Kind(KINDS[name]).knows("percentile")))
def test_answers_are_in_the_buckets_of_their_unit(kind: str) -> None:
    latency = KINDS[kind]["latency"]
    unit = {"seconds": 1, "milliseconds": 1000, "microseconds": 1000000}[latency["unit"]]
    name = f"{latency['metrics'][0]}_bucket"
    rates = {one.labels["le"]: rate(one) for one in Kind(KINDS[kind]).series("j", BUSY) if one.name == name}
    assert rates == pytest.approx({f"{unit:g}": 5.0, f"{8 * unit}": 10.0, "+Inf": 10.0})


def test_no_series_is_there_twice() -> None:
    for preset in KINDS.values():
        keys = [one.key() for one in Kind(preset).series("j", BUSY)]
        assert len(keys) == len(set(keys))


def test_names_of_labels_are_the_sources_own_and_ours() -> None:
    (one,) = {tuple(sorted(one.labels)) for one in Kind(KINDS["vllm"]).series("j", Traffic("m", waiting=1))} & {
        ("instance", "job", "model", "model_name")
    }
    assert one


def test_percentiles_are_not_known_of_a_mean() -> None:
    assert not Kind(KINDS["triton"]).knows("percentile")
    assert Kind(KINDS["triton"]).knows("latency")
