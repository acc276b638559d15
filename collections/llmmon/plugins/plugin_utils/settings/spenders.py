# SPDX-License-Identifier: Apache-2.0
"""What is wrong with llmmon_top_spenders."""

from __future__ import annotations

from typing import Any

from ansible_collections.llmmon.stack.plugins.plugin_utils.presets import SPENDERS
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.shapes import shown

# So many of each kind of spender are a graph, and a small part of what a gateway exposes.
_MOST = 100


def spender_problems(chosen: dict[str, Any]) -> list[str]:
    """Sentences that name the key; none when all is well."""
    by, limit = chosen.get("by") or [], chosen.get("limit", 20)
    found = [
        f"llmmon_top_spenders.by has {shown(spender)}, which is unknown; known are {', '.join(SPENDERS)}"
        for spender in by
        if spender not in SPENDERS
    ]
    if len(set(map(str, by))) < len(by):
        found.append("llmmon_top_spenders.by names one of them twice")
    if not str(limit).isdecimal() or not 1 <= int(limit) <= _MOST:
        found.append(f"llmmon_top_spenders.limit is {shown(limit)}, but must be a whole number from 1 to {_MOST}")
    return found
