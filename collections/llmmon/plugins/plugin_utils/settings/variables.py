# SPDX-License-Identifier: Apache-2.0
"""Variables that look like llmmon's and are not: Ansible takes any name, so a misspelt one would have no effect."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

PREFIX = "llmmon_"
_ALMOST_THE_SAME = 0.8


def nearest(name: str, known: Iterable[str], likeness: float = 0.6) -> str | None:
    """The known name that is most like a name, None when none is alike."""
    # Compared without what they all begin with, which would make any two of them alike.
    by_rest = {str(other).removeprefix(PREFIX): str(other) for other in known}
    found = difflib.get_close_matches(str(name).removeprefix(PREFIX), sorted(by_rest), n=1, cutoff=likeness)
    return by_rest[found[0]] if found else None


def unknown_variable_problems(names: Iterable[str], known: Iterable[str]) -> list[str]:
    """A sentence for each name that starts with ``llmmon_`` and is not known, with the nearest known name if any.

    Neither the order nor repetitions in ``names`` and ``known`` change what is said.
    """
    of_llmmon = sorted({str(name) for name in known if str(name).startswith(PREFIX)})
    unknown = sorted({str(name) for name in names if str(name).startswith(PREFIX)} - set(of_llmmon))
    return [
        f"{name} is not a variable of llmmon{_suggestion(name, of_llmmon)} Correct or remove it in your inventory."
        for name in unknown
    ]


def misspelt_prefix_problems(names: Iterable[str], known: Iterable[str]) -> list[str]:
    """A sentence for each name like ``llmon_receivers``: nearly the prefix, and after it what llmmon has."""
    of_llmmon = sorted({str(name) for name in known if str(name).startswith(PREFIX)})
    found = []
    for name in sorted(map(str, set(names))):
        beginning, line, rest = name.partition("_")
        if not line or name.startswith(PREFIX) or not rest or not _is_like_the_prefix(beginning):
            continue
        meant = nearest(rest, of_llmmon, _ALMOST_THE_SAME)
        if meant:
            found.append(f"{name} is not a variable of llmmon; did you mean {meant}? Correct it in your inventory.")
    return found


def _is_like_the_prefix(beginning: str) -> bool:
    likeness = difflib.SequenceMatcher(None, beginning.lower(), PREFIX.rstrip("_")).ratio()
    return beginning[:1].lower() == PREFIX[0] and likeness >= _ALMOST_THE_SAME


def _suggestion(name: str, known: list[str]) -> str:
    found = nearest(name, known)
    return f"; did you mean {found}?" if found else "."
