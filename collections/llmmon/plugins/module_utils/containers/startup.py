# SPDX-License-Identifier: Apache-2.0
"""Whether a container that was started has become ready, and stays so.

The engine starts a container that ended again and again, so one look says little: what counts is that it has not been
started anew between two looks.
"""

from __future__ import annotations

import datetime
from typing import Any, Optional

from ansible_collections.llmmon.stack.plugins.module_utils.clients.engine import Engine, EngineError
from ansible_collections.llmmon.stack.plugins.module_utils.errors import StackError
from ansible_collections.llmmon.stack.plugins.module_utils.host.waiting import wait_for

# A container that the engine started again this often will not come up.
_MOST_RESTARTS = 3
TIMEOUT_VARIABLE = "llmmon_start_timeout"
_POLL_SECONDS = 0.1
# How long one that ends as soon as it is started may take for it.
_LAST_WORDS_SECONDS = 5.0
_KILLED = 137


class NotRunning(StackError):
    """A container did not become ready, or did not stay so. The message says why, with its last words."""


def passes_health_test(engine: Engine, attributes: dict[str, Any]) -> bool:
    """Run a container's own health test now, which the engine itself does at its intervals only."""
    test = (attributes["Config"].get("Healthcheck") or {}).get("Test") or ["NONE"]
    if test[0] == "NONE":
        return bool(attributes["State"]["Running"])
    command = ["/bin/sh", "-c", test[1]] if test[0] == "CMD-SHELL" else test[1:]
    try:
        return engine.execute(attributes["Id"], command, "").exit_code == 0
    except EngineError:
        # It ended meanwhile; why is said by the next look.
        return False


def wait_until_ready(engine: Engine, name: str, since: datetime.datetime, timeout: float) -> None:
    """Wait for a started container to pass its health test, for ``timeout`` seconds at most; raises NotRunning."""

    def look() -> Optional[bool]:
        attributes = _found(engine, name)
        refuse_ended(engine, name, attributes, since)
        return True if attributes["State"]["Running"] and passes_health_test(engine, attributes) else None

    if wait_for(look, timeout, _POLL_SECONDS) is None:
        words = last_words(engine, name, since)
        raise NotRunning(f"it is not ready {timeout:g} s after its start ({TIMEOUT_VARIABLE}): {words}")


def refuse_ended(
    engine: Engine, name: str, attributes: dict[str, Any], since: datetime.datetime, restarts_before: int = 0
) -> None:
    """Raise NotRunning, with its last words, if a container has ended for good, or ends again and again.

    ``restarts_before`` is how often the engine had started it anew before it was waited for.
    """
    if not _ended(attributes, restarts_before):
        return

    def ended() -> Optional[dict[str, Any]]:
        found = _found(engine, name)
        return None if found["State"]["Status"] == "running" else found

    # Of one that was started anew a moment ago, neither its exit code nor its last words can be known yet.
    attributes = wait_for(ended, _LAST_WORDS_SECONDS, _POLL_SECONDS) or attributes
    raise NotRunning(f"it ends as soon as it is started{ending(attributes)}: {last_words(engine, name, since)}")


def watch(engine: Engine, name: str, since: datetime.datetime, seconds: float) -> None:
    """See a ready container stay ready for so many seconds, without being started anew."""
    first = starts(_found(engine, name))

    def look() -> Optional[bool]:
        attributes = _found(engine, name)
        if starts(attributes) != first:
            words = last_words(engine, name, since)
            raise NotRunning(f"it was ready, and ended soon after its start{ending(attributes)}: {words}")
        return None

    wait_for(look, seconds, _POLL_SECONDS)
    if not passes_health_test(engine, _found(engine, name)):
        raise NotRunning(f"it was ready, and is so no more: {last_words(engine, name, since)}")


def started_at(attributes: dict[str, Any]) -> datetime.datetime:
    """When a container was last started (aware, UTC)."""
    started = datetime.datetime.strptime(attributes["State"]["StartedAt"][:19], "%Y-%m-%dT%H:%M:%S")
    return started.replace(tzinfo=datetime.timezone.utc)


def starts(attributes: dict[str, Any]) -> tuple[str, int, bool]:
    """What changes whenever a container ends or is started anew."""
    state = attributes["State"]
    return state["StartedAt"], int(attributes.get("RestartCount", 0)), bool(state["Running"])


def ending(attributes: dict[str, Any]) -> str:
    """How a container ended, as part of a sentence; nothing when the engine does not tell."""
    state = attributes["State"]
    if state.get("OOMKilled") or state.get("ExitCode") == _KILLED:
        return " (it was killed, as it is when its memory does not suffice: llmmon_memory_limits)"
    return f" (exit code {state['ExitCode']})" if state.get("ExitCode") else ""


def last_words(engine: Engine, name: str, since: datetime.datetime, lines: int = 5) -> str:
    """What a container printed last, in one line. The help that follows an unknown flag would hide the reason."""
    try:
        printed = engine.logs_since(name, since)
    except EngineError as error:
        return str(error)
    reasons = [line for line in printed if _is_reason(line)]
    return " | ".join((reasons or printed)[-lines:]) or "it printed nothing"


def _is_reason(line: str) -> bool:
    """Whether a line of a log tells of a fault."""
    lowered = line.lower()
    signs = ("error", "err=", "fatal", "panic", "level=crit", "cannot", "failed", "invalid", "unexpected")
    return any(sign in lowered for sign in signs) and not lowered.lstrip().startswith("-")


def _found(engine: Engine, name: str) -> dict[str, Any]:
    attributes = engine.inspect(name)
    if attributes is None:
        raise NotRunning("somebody removed it meanwhile")
    return attributes


def stays_as_it_is(name: str) -> str:
    """What becomes of a container that does not run and has none before it, as part of a sentence."""
    return f"there is no container of before to go back to, so {name} stays as it is, for you to look at"


def _ended(attributes: dict[str, Any], restarts_before: int) -> bool:
    """Whether a container has ended for good, or ends again and again."""
    state = attributes["State"]
    restarts = int(attributes.get("RestartCount", 0)) - restarts_before
    return restarts >= _MOST_RESTARTS or state["Status"] in {"exited", "dead"}
