# SPDX-License-Identifier: Apache-2.0
"""Variables that look like llmmon's and are not: Ansible takes any name, so a misspelt one would have no effect."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

PREFIX = "llmmon_"


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


def _suggestion(name: str, known: list[str]) -> str:
    # Compared without what they all begin with, which would make any two of them alike.
    by_rest = {other.removeprefix(PREFIX): other for other in known}
    nearest = difflib.get_close_matches(name.removeprefix(PREFIX), sorted(by_rest), n=1)
    return f"; did you mean {by_rest[nearest[0]]}?" if nearest else "."
