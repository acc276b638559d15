# SPDX-License-Identifier: Apache-2.0
"""Wait until services and their containers are ready."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Optional, TypeVar

from ansible_collections.llmmon.stack.plugins.module_utils.host.waiting import wait_for

Trouble = TypeVar("Trouble")


def is_healthy(attributes: Optional[dict[str, Any]]) -> bool:
    """Whether a container, as the engine describes it, runs and passes its health check if it has one."""
    state = (attributes or {}).get("State", {})
    health = state.get("Health") or {}
    return bool(state.get("Running")) and health.get("Status", "healthy") == "healthy"


def waits_to_be_started(attributes: Optional[dict[str, Any]]) -> bool:
    """Whether the engine lets a container wait, for up to a minute, because it has ended again and again.

    What it is to load may be what it lacks, and a signal would reach nobody.
    """
    state = (attributes or {}).get("State", {})
    return bool(state.get("Status") == "restarting")


def wait_until_ready(look: Callable[[], list[Trouble]], timeout: float, interval: float = 0.5) -> list[Trouble]:
    """Look until there is nothing that is not ready, for ``timeout`` seconds; returns what the last look found."""
    found: list[Trouble] = []

    def probe() -> Optional[bool]:
        found[:] = look()
        return None if found else True

    wait_for(probe, timeout, interval)
    return found
