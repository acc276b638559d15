# SPDX-License-Identifier: Apache-2.0
"""What is said of all alerts together. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.llmmon.stack.plugins.module_utils.alive.judging import Found
from ansible_collections.llmmon.stack.plugins.module_utils.proof.errors import sentence_list

# So many names say enough.
_MOST = 10
VARIABLE = "llmmon_alerts_not_proved"


def summary(alerts: Sequence[str], found: Iterable[Found], known: Mapping[str, str]) -> dict[str, Any]:
    """All of it as facts: ``known`` are alerts that need not be able to fire, each with the user's reason.

    ``line`` is what a summary says, ``problem`` what fails a proof; empty where nothing does.
    """
    wrong = [one for one in dict.fromkeys(found) if one.problem]
    dead = {one.alert for one in wrong}
    unproved = sorted(dead - known.keys())
    names = sorted(set(alerts))
    said = [one for one in wrong if one.alert not in known]
    alive = len(names) - len(dead)
    line = f"alerts: {alive} can fire" + (f", {len(dead)} cannot: {_named(sorted(dead))}" if dead else "")
    return {
        "total": len(names),
        "cannot_fire": [{"alert": one.alert, "gateway": one.job, "why": one.problem} for one in wrong],
        "notes": _notes(found),
        "line": line,
        "known": [f"{name}: {known[name]}" for name in sorted(dead & known.keys())],
        "superfluous": sorted(known.keys() - dead),
        "problem": (
            f"alerts that cannot fire here: {len(unproved)} ({alive} can). {sentence_list(_by_reason(said))}"
            if unproved
            else ""
        ),
    }


def _by_reason(found: Iterable[Found]) -> list[str]:
    """One sentence a reason, with all alerts that it holds for."""
    alerts: dict[tuple[str, str], list[str]] = {}
    for one in found:
        alerts.setdefault((one.job, one.problem), []).append(one.alert)
    return [
        f"{_named(sorted(set(names)))}{f' of {job}' if job else ''}: {problem}"
        for (job, problem), names in alerts.items()
    ]


def _named(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST} more" if len(names) > _MOST else ""
    return ", ".join(names[:_MOST]) + more


def _notes(found: Iterable[Found]) -> list[dict[str, Any]]:
    """What is rightly absent, each reason once, with the alerts that wait for it."""
    alerts: dict[str, list[str]] = {}
    for one in found:
        if one.note and one.alert not in alerts.setdefault(one.note, []):
            alerts[one.note].append(one.alert)
    return [{"why": why, "alerts": names} for why, names in alerts.items()]
