"""Waiting ends when nothing is left to wait for, and says what is left when the time is over."""

from __future__ import annotations

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.clients.readiness import is_healthy, wait_until_ready


@pytest.mark.parametrize(
    ("attributes", "healthy"),
    [
        (None, False),
        ({}, False),
        ({"State": {"Running": False, "Health": {"Status": "healthy"}}}, False),
        ({"State": {"Running": True}}, True),
        ({"State": {"Running": True, "Health": None}}, True),
        ({"State": {"Running": True, "Health": {"Status": "starting"}}}, False),
        ({"State": {"Running": True, "Health": {"Status": "healthy"}}}, True),
    ],
)
def test_a_container_runs_and_passes_its_check_if_it_has_one(attributes: dict[str, object], healthy: bool) -> None:
    assert is_healthy(attributes) is healthy


def test_it_ends_with_the_first_look_that_finds_nothing() -> None:
    looks = [["a", "b"], ["b"], []]
    assert wait_until_ready(lambda: looks.pop(0), timeout=5, interval=0.01) == []
    assert looks == []


@pytest.mark.usefixtures("fast_clock")
def test_what_is_not_ready_in_time_is_named() -> None:
    looks = [["a", "b"], ["b"]]
    assert wait_until_ready(lambda: looks.pop(0) if len(looks) > 1 else looks[0], timeout=9, interval=1) == ["b"]
