# SPDX-License-Identifier: Apache-2.0
"""The longest of several durations, and whether something is one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ansible_collections.llmmon.stack.plugins.module_utils.durations import milliseconds


def longest_interval(durations: Iterable[Any]) -> str:
    """The longest of several durations, in whole seconds, rounded up.

    Raises ValueError for whatever Prometheus would not take, and when there is none.
    """
    return f"{-(-max(map(milliseconds, durations)) // 1000)}s"


def is_duration(value: Any) -> bool:
    """Whether Prometheus would take the value for a duration."""
    try:
        milliseconds(value)
    except ValueError:
        return False
    return True
