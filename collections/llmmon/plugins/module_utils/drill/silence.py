# SPDX-License-Identifier: Apache-2.0
"""Why an alert did not fire: which rule below it gives nothing, though the series that it should read are there."""

from __future__ import annotations

import re
from collections.abc import Collection

from ansible_collections.llmmon.stack.plugins.module_utils.drill.loaded import Loaded

_NAMES = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_SELECTED = re.compile(r"([a-zA-Z_:][a-zA-Z0-9_:]*)\{")
_MOST_NAMED = 3


def read_by(loaded: Loaded, query: str) -> set[str]:
    """Names of all recorded series that an expression reads, directly or through others."""
    recorded = _recorded(loaded)
    found: set[str] = set()
    fresh = _read(query, recorded)
    while fresh:
        found |= fresh
        fresh = {name for one in fresh for query in recorded[one] for name in _read(query, recorded)} - found
    return found


def why_silent(loaded: Loaded, query: str, there: Collection[str]) -> str:
    """One phrase; ``there`` are the recorded names that have a series."""
    recorded = _recorded(loaded)
    empty = read_by(loaded, query) - set(there)
    # What reads another one that is empty has to be empty.
    first = sorted(
        name for name in empty if not any(_read(query, recorded) & (empty - {name}) for query in recorded[name])
    )
    if not first:
        return "its expression gives nothing for series that should make it fire"
    phrases = []
    for name in first[:_MOST_NAMED]:
        metrics = sorted({metric for query in recorded[name] for metric in _SELECTED.findall(query)} - set(recorded))
        of = f" of {', '.join(metrics[:_MOST_NAMED])}" if metrics else ""
        phrases.append(f"{name} records nothing{of}")
    return "it reads what is not there, " + "; ".join(phrases)


def _recorded(loaded: Loaded) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for group in loaded.groups:
        for rule in group["rules"]:
            if rule["type"] == "recording":
                found.setdefault(rule["name"], []).append(rule["query"])
    return found


def _read(query: str, recorded: Collection[str]) -> set[str]:
    return set(_NAMES.findall(query)) & set(recorded)
