"""What a drill says of each alert."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.drill.listening import Arrival, Mailbox
from ansible_collections.llmmon.stack.plugins.module_utils.drill.plan import (
    BY_ROUTE,
    BY_SERIES,
    NOT_AT_ALL,
    Expected,
    Plan,
)
from ansible_collections.llmmon.stack.plugins.module_utils.drill.report import Row, finished, rows, verdict

BEGAN = 100.0


def row(
    expected: Expected, fired: dict[tuple[str, str], float], arrivals: list[Arrival], why: dict[str, str] | None = None
) -> Row:
    mailbox = Mailbox()
    mailbox.put(arrivals)
    plan = Plan([expected], [])
    (found,) = rows(plan, fired, mailbox, BEGAN, why or {})
    assert finished(plan, fired, mailbox) is (found.problem == "")
    return found


def arrival(job: str, at: float, receiver: str = "chat") -> Arrival:
    return Arrival("A", job, at, receiver, "T", "\n words\nmore")


TWO = Expected("A", "loud", BY_SERIES, ("x", "y"))


def test_the_last_gateway_counts() -> None:
    found = row(TWO, {("A", "x"): 101, ("A", "y"): 103}, [arrival("x", 102), arrival("y", 104), arrival("y", 106)])
    assert (found.fired_after, found.arrived_after, found.problem) == (3, 4, "")
    assert found.receivers == ["chat"]


@pytest.mark.parametrize(
    ("fired", "arrivals", "problem"),
    [
        ({("A", "x"): 101}, [arrival("x", 102)], "never fired for y: because"),
        ({}, [], "never fired for x, y: because"),
        ({("A", "x"): 101, ("A", "y"): 101}, [arrival("x", 102)], "never arrived for y: no message"),
        # Another alert of the same gateways.
        ({("B", "x"): 101, ("B", "y"): 101}, [], "never fired for x, y: because"),
    ],
)
def test_a_gateway_that_is_missing_is_named(fired: dict[Any, float], arrivals: list[Arrival], problem: str) -> None:
    assert row(TWO, fired, arrivals, {"A": "because"}).problem.startswith(problem)


def test_one_of_no_gateway_may_have_any_job() -> None:
    found = row(Expected("A", "loud", BY_SERIES), {("A", "prometheus"): 101}, [arrival("prometheus", 102)])
    assert found.problem == ""


def test_one_that_goes_by_its_route_need_not_fire() -> None:
    assert row(Expected("A", "", BY_ROUTE), {}, [arrival("", 102)]).problem == ""
    assert row(Expected("A", "", BY_ROUTE), {}, []).problem.startswith("never arrived")


def test_one_without_series_is_no_success() -> None:
    assert row(Expected("A", "", NOT_AT_ALL), {("A", ""): 101}, [arrival("", 102)]).problem


def test_the_verdict_names_everything() -> None:
    good, bad = row(TWO, {("A", "x"): 1, ("A", "y"): 1}, [arrival("x", 2), arrival("y", 2)]), row(TWO, {}, [])
    assert verdict([good], [], []) == ""
    assert "1 of 2 alerts: A never fired" in verdict([good, bad], [], [])
    assert "llmmon_drill_alerts" in verdict([good], ["A", "Nope"], [])
    assert "by pagerduty: see llmmon_receivers" in verdict([good], [], ["pagerduty"])
