"""Whether a container that was started stays up."""

from __future__ import annotations

import datetime
from typing import Any, cast

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.clients.engine import Engine, EngineError, ToolResult
from ansible_collections.llmmon.stack.plugins.module_utils.containers.startup import (
    NotRunning,
    last_words,
    wait_until_ready,
    watch,
)

SINCE = datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC)
HELP = [
    "usage: prometheus [<flags>]",
    "Flags:",
    *(f"  --flag{number}=1  error of the {number}th kind" for number in range(90)),
]


def state(restarts: int = 0, started: str = "1", status: str = "running", **more: Any) -> dict[str, Any]:
    return {
        "Id": "1",
        "Config": {"Healthcheck": {"Test": ["CMD", "ready?"]}},
        "State": {"Status": status, "Running": status == "running", "StartedAt": started, **more},
        "RestartCount": restarts,
    }


class Script:
    """An engine whose container goes through states, the last of which stays; and what its health test answers."""

    def __init__(self, *states: dict[str, Any], healthy: tuple[bool, ...] = (True,), words: list[str] | None = None):
        self.states, self.healthy, self.words = list(states), list(healthy), words or []

    def inspect(self, _: str) -> dict[str, Any]:
        return self.states.pop(0) if len(self.states) > 1 else self.states[0]

    def execute(self, *_: Any) -> ToolResult:
        passed = self.healthy.pop(0) if len(self.healthy) > 1 else self.healthy[0]
        return ToolResult(0 if passed else 1, "")

    def logs_since(self, *_: Any) -> list[str]:
        return self.words


def ready(script: Script) -> None:
    wait_until_ready(cast(Engine, script), "x", SINCE, 30)


def stays(script: Script) -> None:
    watch(cast(Engine, script), "x", SINCE, 30)


@pytest.mark.usefixtures("fast_clock")
def test_a_container_becomes_ready_and_stays_so() -> None:
    ready(Script(state(), healthy=(False, False, True)))
    # It may need two attempts, for instance while a name does not resolve yet.
    ready(Script(state(1), state(2)))
    stays(Script(state(2)))


@pytest.mark.usefixtures("fast_clock")
@pytest.mark.parametrize(
    ("script", "words"),
    [
        (Script(state(), healthy=(False,)), "is not ready 30 s after its start (llmmon_start_timeout)"),
        (Script(state(0), state(3, ExitCode=2), healthy=(False,)), "ends as soon as it is started (exit code 2)"),
        (Script(state(status="exited", ExitCode=137)), "its memory does not suffice: llmmon_memory_limits"),
        (Script(state(status="exited", OOMKilled=True, ExitCode=1)), "llmmon_memory_limits"),
    ],
)
def test_a_container_does_not_become_ready(script: Script, words: str) -> None:
    with pytest.raises(NotRunning) as caught:
        ready(script)
    assert words in str(caught.value)


@pytest.mark.usefixtures("fast_clock")
def test_one_that_was_started_anew_at_this_moment_is_heard_out() -> None:
    """Its exit code is 0 while it runs, and its log is empty until it has said why it ends."""

    class Speechless(Script):
        def logs_since(self, *_: Any) -> list[str]:
            return self.words if self.states[0]["State"]["Status"] == "restarting" else []

    starts, ends = state(6, "7"), state(6, "7", "restarting", ExitCode=2)
    with pytest.raises(NotRunning) as caught:
        ready(Speechless(starts, starts, starts, ends, words=["error: no such flag"]))
    assert str(caught.value) == "it ends as soon as it is started (exit code 2): error: no such flag"


@pytest.mark.usefixtures("fast_clock")
@pytest.mark.parametrize(
    ("script", "words"),
    [
        (Script(state(), state(1, "2")), "was ready, and ended soon after its start"),
        # By hand: the engine's count begins anew then, the time does not.
        (Script(state(), state(0, "2")), "ended soon after its start"),
        (Script(state(), state(status="restarting")), "ended soon after its start"),
        (Script(state(), healthy=(False,)), "is so no more"),
    ],
)
def test_a_container_does_not_stay_ready(script: Script, words: str) -> None:
    with pytest.raises(NotRunning) as caught:
        stays(script)
    assert words in str(caught.value)


def test_the_reason_is_found_before_the_help() -> None:
    script = Script(state(), words=["prometheus: error: unknown long flag '--no-such-flag'", *HELP])
    assert last_words(cast(Engine, script), "x", SINCE) == "prometheus: error: unknown long flag '--no-such-flag'"
    script.words = ["starting", "done"]
    assert last_words(cast(Engine, script), "x", SINCE) == "starting | done"
    script.words = []
    assert last_words(cast(Engine, script), "x", SINCE) == "it printed nothing"


def test_a_log_that_cannot_be_read_is_said() -> None:
    class Silent(Script):
        def logs_since(self, *_: Any) -> list[str]:
            raise EngineError("reading the log failed")

    assert last_words(cast(Engine, Silent(state())), "x", SINCE) == "reading the log failed"
