# SPDX-License-Identifier: Apache-2.0
"""How a proof fails."""

from __future__ import annotations

from typing import Any, Optional

from ansible_collections.llmmon.stack.plugins.module_utils.errors import StackError


class NotProved(StackError):
    """Something is not as it should be; the message says what to do, and ``facts`` is what was found all the same."""

    def __init__(self, message: str, facts: Optional[dict[str, Any]] = None) -> None:
        super().__init__(message)
        self.facts = facts or {}
