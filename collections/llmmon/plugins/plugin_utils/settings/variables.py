# SPDX-License-Identifier: Apache-2.0
"""Names of variables that no role knows."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name that is most like `name`, None when none is alike."""
    return next(iter(get_close_matches(name, sorted(known), n=1, cutoff=0.75)), None)


def unknown_problems(names: Iterable[str], known: Iterable[str]) -> list[str]:
    """One sentence for each name that is not known."""
    all_known = set(known)
    found = []
    for name in sorted(set(names) - all_known):
        near = nearest(name, all_known)
        hint = f"did you mean {near}?" if near else "docs/variables.md lists all."
        found.append(f"{name} is not a variable of llmmon; {hint} Correct or remove it in your inventory")
    return found
