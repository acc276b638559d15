# SPDX-License-Identifier: Apache-2.0
"""How a proof fails."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Optional

from ansible_collections.llmmon.stack.plugins.module_utils.errors import StackError

# A reader takes in so many sentences at a time.
_MOST = 10


def sentence_list(sentences: Sequence[str]) -> str:
    """The sentences in one message, the first of them if there are many."""
    more = [f"and {len(sentences) - _MOST} more"] if len(sentences) > _MOST else []
    return " | ".join([*sentences[:_MOST], *more])


class NotProved(StackError):
    """Something is not as it should be; the message says what to do, and ``facts`` is what was found all the same."""

    def __init__(self, message: str, facts: Optional[dict[str, Any]] = None) -> None:
        super().__init__(message)
        self.facts = facts or {}
