# SPDX-License-Identifier: Apache-2.0
"""Where Alertmanager wants a list, the user may write one value without brackets."""

from __future__ import annotations

from typing import Any


def as_list(value: Any) -> list[Any]:
    """A list as it is, nothing as an empty one, and any other value as a list of one."""
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]
