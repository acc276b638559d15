# SPDX-License-Identifier: Apache-2.0
"""Wait for a condition, never for a time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Optional, TypeVar

Value = TypeVar("Value")


def wait_for(probe: Callable[[], Optional[Value]], timeout: float, interval: float = 0.25) -> Optional[Value]:
    """Call ``probe`` until it returns something; None when ``timeout`` seconds pass without."""
    deadline = time.monotonic() + timeout
    while True:
        value = probe()
        if value is not None:
            return value
        if time.monotonic() + interval > deadline:
            return None
        time.sleep(interval)
