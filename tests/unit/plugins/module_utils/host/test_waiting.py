"""Waiting for a condition."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.host.waiting import wait_for


@pytest.fixture(autouse=True)
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """A clock that only sleeping moves."""
    seconds: list[float] = []
    monkeypatch.setattr("time.sleep", seconds.append)
    monkeypatch.setattr("time.monotonic", lambda: sum(seconds))
    return seconds


def after(looks: int, value: object) -> Callable[[], object]:
    left = iter([None] * looks + [value] * 100)
    return lambda: next(left)


def test_what_is_there_is_not_waited_for(slept: list[float]) -> None:
    assert wait_for(after(0, "x"), 10) == "x"
    assert slept == []


@pytest.mark.parametrize("value", [0, "", False, []])
def test_anything_but_none_is_an_outcome(value: object) -> None:
    assert wait_for(after(2, value), 10) == value


def test_waiting_ends_in_time(slept: list[float]) -> None:
    assert wait_for(after(1000, "x"), 1, interval=0.25) is None
    assert slept == [0.25] * 4


def test_one_look_is_always_taken(slept: list[float]) -> None:
    assert wait_for(after(0, "x"), 0) == "x"
    assert wait_for(after(1, "x"), 0) is None
    assert slept == []


def test_an_error_of_the_probe_ends_the_waiting(slept: list[float]) -> None:
    def refuse() -> None:
        raise ValueError

    with pytest.raises(ValueError):
        wait_for(refuse, 10)
    assert slept == []
