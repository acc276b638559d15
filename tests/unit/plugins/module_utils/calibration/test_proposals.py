"""Thresholds that fit what was usual."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import yaml
from ansible_collections.llmmon.stack.plugins.module_utils.calibration.history import History, ModelHistory, Series
from ansible_collections.llmmon.stack.plugins.module_utils.calibration.proposals import (
    as_yaml,
    availability,
    episodes,
    escaped,
    findings,
    gateway_findings,
    latency_threshold,
    objectives,
    overrides,
    quantile,
    significant,
)
from ansible_collections.llmmon.stack.plugins.plugin_utils.overrides import matching

CURRENT = {"latency_p95_seconds": 2.0, "failure_ratio": 0.2}
EDGES = [0.5, 1.0, 2.0, 5.0, 10.0, 60.0]
WEEK = 7 * 86400


def series(values: Sequence[float], step: int = 60) -> Series:
    made = Series()
    made.times.extend(float(number * step) for number in range(len(values)))
    made.values.extend(values)
    return made


def history(*models: ModelHistory) -> History:
    return History(0, WEEK, list(models), {}, {}, {}, {}, {"gw": EDGES})


def test_an_alert_fires_once_its_condition_has_lasted() -> None:
    # Beyond at the minutes 1 to 6, which are five minutes, then for 4 of them, then at the end.
    beyond = [0, *[3] * 6, 0, *[3] * 5, 0, *[3] * 8]
    assert episodes(series(beyond), 2) == [(360.0, 360.0), (1140.0, 1260.0)]


def test_exactly_the_threshold_is_not_beyond_it() -> None:
    assert episodes(series([2.0] * 20), 2) == []


def test_a_gap_ends_what_is_beyond() -> None:
    made = series([3.0] * 4)
    made.times.extend([600.0, 660.0, 720.0])
    made.values.extend([3.0] * 3)
    assert episodes(made, 2) == []


@pytest.mark.parametrize(
    ("values", "edges", "threshold"),
    [
        # 1.5 times what it hardly ever exceeds, at the next edge.
        ([0.4] * 200, EDGES, 1.0),
        ([3.0] * 200, EDGES, 5.0),
        # One minute in 200 does not count.
        ([*[3.0] * 199, 50.0], EDGES, 5.0),
        # The next edge is too far off.
        ([8.1] * 200, EDGES, 13.0),
        # No percentile is above the last edge.
        ([59.0] * 200, EDGES, 60.0),
        ([1.234] * 200, [], 1.9),
    ],
)
def test_a_threshold_is_well_above_what_was_usual(values: list[float], edges: list[float], threshold: float) -> None:
    assert latency_threshold(values, edges) == threshold


def test_each_model_gets_its_own_proposals() -> None:
    slow = ModelHistory("gw", "slow", 4200, series([6.0] * 400), series([0.01] * 400))
    failing = ModelHistory("gw", "failing", 4200, series([1.0] * 400), series([*[0.35] * 10, 0.0] * 30))
    own = ModelHistory("gw", "own", 4200, series([6.0] * 400), series([0.01] * 400), {"latency_p95_seconds": 10.0})
    found = {finding.model: finding for finding in findings(history(slow, failing, own), CURRENT)}
    (latency, failures) = found["slow"].proposals
    assert (latency.current, latency.fired, latency.proposed, latency.would_fire) == (2.0, 1, 10.0, 0)
    assert (failures.current, failures.proposed) == (0.2, 0.2)
    assert found["slow"].requests_per_hour == 25.0
    (latency, failures) = found["failing"].proposals
    assert (latency.proposed, failures.fired, failures.proposed, failures.would_fire) == (2.0, 30, 0.4, 0)
    assert found["own"].proposals[0].current == 10.0
    assert overrides(found.values(), [], {}) == [
        {"gateway": "gw", "model": "slow", "latency_p95_seconds": 10.0},
        {"gateway": "gw", "model": "failing", "failure_ratio": 0.4},
    ]


def test_a_model_with_little_traffic_gets_none() -> None:
    (finding,) = findings(history(ModelHistory("gw", "rare", 10, series([6.0] * 119), series([1.0] * 119))), CURRENT)
    assert (finding.enough, finding.minutes, finding.proposals) == (False, 119, ())
    (finding,) = findings(history(ModelHistory("gw", "rare", 10, series([6.0] * 120))), CURRENT)
    assert (finding.enough, [one.name for one in finding.proposals]) == (True, ["latency_p95_seconds"])
    assert finding.failures is None


def test_one_bad_quarter_of_an_hour_a_week_is_no_reason_to_look_away() -> None:
    once = ModelHistory("gw", "m", 10, Series(), series([*[0.01] * 200, *[0.6] * 15, *[0.01] * 200]))
    (finding,) = findings(history(once), CURRENT)
    assert (finding.proposals[0].fired, finding.proposals[0].proposed) == (1, 0.2)


def test_a_gateway_is_asked_for_what_it_can_keep() -> None:
    assert [availability(share) for share in (0, 0.004, 0.005, 0.0051, 0.012, 0.05)] == [
        *(0.99, 0.99, 0.99, 0.985, 0.975, 0.9),
    ]
    known = History(0, WEEK, [], {"good": 0.001, "bad": 0.012, "owes_less": 0.012}, {"owes_less": 0.95}, {}, {}, {})
    assert objectives(known, 0.99) == {"bad": 0.975}


def test_a_gateway_whose_jobs_come_as_they_like_is_told_of_greater_surges() -> None:
    run = [*[40.0] * 30, *[1.0] * 600]
    surges = {
        ("batch", "request_surge_ratio"): series(run * 3),
        ("batch", "token_surge_ratio"): series(run),
        ("calm", "request_surge_ratio"): series([1.0] * 600),
        ("own", "request_surge_ratio"): series(run * 3),
    }
    seen = History(0, WEEK, [], {}, {}, surges, {("own", "request_surge_ratio"): 100.0}, {})
    found = gateway_findings(seen, {"request_surge_ratio": 3.0, "token_surge_ratio": 5.0})
    assert {one.gateway: [(p.current, p.fired, p.proposed, p.would_fire) for p in one.proposals] for one in found} == {
        "batch": [(3.0, 3, 50.0, 0), (5.0, 1, 5.0, 1)],
        "calm": [(3.0, 0, 3.0, 0)],
        "own": [(100.0, 0, 100.0, 0)],
    }
    assert overrides([], found, {"batch": 0.95, "other": 0.98}) == [
        {"gateway": "batch", "slo": {"availability": 0.95}, "request_surge_ratio": 50.0},
        {"gateway": "other", "slo": {"availability": 0.98}},
    ]


def test_proposals_can_be_pasted() -> None:
    entries: list[dict[str, Any]] = [
        {"gateway": escaped("proxy.eu"), "slo": {"availability": 0.975}},
        {"gateway": "gw", "model": escaped('org/m (v1)+"x"'), "latency_p95_seconds": 12.0},
    ]
    pasted = yaml.safe_load(as_yaml(entries))
    assert pasted == {"llmmon_threshold_overrides": entries}
    names = ['org/m (v1)+"x"', "org/m v1"]
    assert matching(pasted["llmmon_threshold_overrides"][1]["model"], names) == (names[0],)
    assert as_yaml([]) == ""


def test_numbers() -> None:
    assert [significant(value) for value in (0.0, 0.0123, 1.851, 12.15, 99.1, 100.0)] == [
        0.0,
        0.013,
        1.9,
        13.0,
        100.0,
        100.0,
    ]
    assert quantile([3.0, float("nan"), 1.0, 2.0], 0.5) == 2.0
    assert quantile([], 0.5) is None
