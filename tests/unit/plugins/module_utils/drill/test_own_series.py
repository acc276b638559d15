"""Series of the user's tests, in promtool's notation."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.drill.cases import OWN
from ansible_collections.llmmon.stack.plugins.module_utils.drill.own_series import OwnTestError, own_cases
from ansible_collections.llmmon.stack.plugins.module_utils.drill.plan import BY_ROUTE, BY_SERIES, plan_of
from ansible_collections.llmmon.stack.plugins.module_utils.drill.series import Series


def file_of(values: str, eval_time: str = "4m", **test: Any) -> dict[str, Any]:
    expected = {"eval_time": eval_time, "alertname": "A", "exp_alerts": [{}]}
    series = [{"series": 'disk{path="/", job="j"}', "values": values}]
    return {"tests": [{"interval": "1m", "input_series": series, "alert_rule_test": [expected], **test}]}


def samples(content: dict[str, Any]) -> list[tuple[int, float]]:
    (one,) = own_cases([content])["A"]
    return list(one.samples())


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ("1 2.5 -3e2", [(240, 1), (180, 2.5), (120, -300)]),
        ("0+10x3", [(240, 0), (180, 10), (120, 20), (60, 30)]),
        ("5-1x1 7x2", [(240, 5), (180, 4), (120, 7), (60, 7), (0, 7)]),
        ("1 _ 2 stale 3", [(240, 1), (120, 2), (0, 3)]),
        ("_x3 4", [(60, 4)]),
        # What comes after the moment of the test is not there yet.
        ("0+1x9", [(240, 0), (180, 1), (120, 2), (60, 3), (0, 4)]),
    ],
)
def test_values_end_at_the_moment_of_the_test(values: str, found: list[tuple[int, float]]) -> None:
    assert samples(file_of(values)) == found


def test_names_and_labels_are_read() -> None:
    (one,) = own_cases([file_of("1")])["A"]
    assert one.key() == ("disk", (("job", "j"), ("path", "/")))


def test_the_first_test_that_expects_it_counts() -> None:
    quiet = file_of("1", alert_rule_test=[{"eval_time": "1m", "alertname": "A", "exp_alerts": []}])
    assert own_cases([quiet]) == {}
    (one,) = own_cases([quiet, file_of("2", "0m"), file_of("3", "0m")])["A"]
    assert list(one.samples()) == [(0, 2)]


@pytest.mark.parametrize("content", [file_of("1+2"), file_of("{{schema:0}}"), file_of("1", "soon"), ["x"]])
def test_what_is_no_test_is_refused_with_the_variable(content: Any) -> None:
    with pytest.raises(OwnTestError, match="llmmon_drill_test_files"):
        own_cases([content])


def test_alerts_of_one_metric_are_in_worlds_of_their_own_as_long_as_there_are_any() -> None:
    names = [f"A{number}" for number in range(len(OWN) + 1)]
    own = {name: [Series("disk", {}, 1)] for name in names} | {"B": [Series("other", {}, 1)]}
    rules = [{"type": "alerting", "name": name, "query": "1"} for name in own]
    groups = [{"name": "g", "file": "/rules.d/a.yml", "rules": rules}]
    plan = plan_of(groups, [], {}, {"failure_definition": "all", "minimum_requests": 20}, [], own)
    worlds = {one.alert: (one.how, one.world) for one in plan.expected}
    assert worlds == {
        **{name: (BY_SERIES, world) for name, world in zip(names, OWN, strict=False)},
        names[-1]: (BY_ROUTE, ""),
        "B": (BY_SERIES, OWN[0]),
    }
    assert plan.worlds == OWN
    assert plan.page(OWN[0], 0).splitlines()[-2].startswith("other{} 1 ")
