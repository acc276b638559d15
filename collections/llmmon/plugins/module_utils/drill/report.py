# SPDX-License-Identifier: Apache-2.0
"""What came of a drill: a row for each alert, and the table of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any, Optional

from ansible_collections.llmmon.stack.plugins.module_utils.drill.listening import Mailbox
from ansible_collections.llmmon.stack.plugins.module_utils.drill.plan import BY_ROUTE, BY_SERIES, Expected, Plan

# Alert and its label job to when it first fired, in seconds since 1970.
Fired = Mapping[tuple[str, str], float]


@dataclasses.dataclass(frozen=True)
class Row:
    """One alert. Seconds are counted from when the drill began; None is never."""

    alert: str
    fired_after: Optional[float]
    arrived_after: Optional[float]
    receivers: list[str]
    title: str
    text: str
    waits: str
    how: str
    problem: str

    def as_dict(self) -> dict[str, Any]:
        """As a module returns it."""
        return dataclasses.asdict(self)


def rows(plan: Plan, fired: Fired, mailbox: Mailbox, began: float, errors: Mapping[str, str]) -> list[Row]:
    """One for each alert. ``errors`` says of alerts that did not fire why."""
    return [_row(one, fired, mailbox, began, errors) for one in plan.expected]


def finished(plan: Plan, fired: Fired, mailbox: Mailbox) -> bool:
    """Whether there is nothing to wait for any more."""
    return not any(_row(one, fired, mailbox, 0, {}).problem for one in plan.expected)


def _row(one: Expected, fired: Fired, mailbox: Mailbox, began: float, errors: Mapping[str, str]) -> Row:
    arrivals = [arrival for arrival in mailbox.all() if arrival.alert == one.alert]
    wanted = one.jobs or ("",)
    # Not before all its gateways have: the last one counts.
    fires = [_first(fired, one.alert, job) for job in wanted]
    comes = [min((a.at for a in arrivals if job in ("", a.job)), default=None) for job in wanted]
    first = arrivals[0] if arrivals else None
    return Row(
        alert=one.alert,
        fired_after=_last(fires, began) if one.how == BY_SERIES else None,
        arrived_after=_last(comes, began),
        receivers=sorted({arrival.receiver for arrival in arrivals}),
        title=first.title if first else "",
        text=first.text if first else "",
        waits=one.waits,
        how=one.how,
        problem=_problem(one, dict(zip(wanted, fires)), dict(zip(wanted, comes)), errors),
    )


def _first(fired: Fired, alert: str, job: str) -> Optional[float]:
    return min((at for (name, of), at in fired.items() if name == alert and job in ("", of)), default=None)


def _last(times: Iterable[Optional[float]], began: float) -> Optional[float]:
    known = [at for at in times if at is not None]
    return round(max(known) - began, 1) if known else None


def _problem(
    one: Expected,
    fires: Mapping[str, Optional[float]],
    comes: Mapping[str, Optional[float]],
    errors: Mapping[str, str],
) -> str:
    if one.how not in (BY_SERIES, BY_ROUTE):
        return "the drill knows no series that make it fire"
    if one.how == BY_SERIES and None in fires.values():
        of = _of(job for job, at in fires.items() if at is None)
        why = errors.get(one.alert, "its expression gives nothing for series that should make it fire")
        return f"never fired{of}: {why}"
    if None in comes.values():
        of = _of(job for job, at in comes.items() if at is None)
        return f"never arrived{of}: no message of it came out of the drill's Alertmanager"
    return ""


def _of(jobs: Iterable[str]) -> str:
    named = ", ".join(job for job in jobs if job)
    return f" for {named}" if named else ""


def verdict(found: Iterable[Row], wanted: Iterable[str], failed_integrations: Iterable[str]) -> str:
    """One sentence with everything that is wrong; empty when all arrived."""
    found = list(found)
    problems = [f"{row.alert} {row.problem}" for row in found if row.problem]
    unknown = sorted(set(wanted) - {row.alert for row in found})
    if unknown:
        problems.append(f"no rule that is loaded is called {', '.join(unknown)}: correct llmmon_drill_alerts")
    failed = list(failed_integrations)
    if failed:
        problems.append(
            f"Alertmanager could not send by {', '.join(failed)}: see llmmon_receivers, and verify.yml -e"
            " llmmon_verify_delivery=true, which says why"
        )
    if not problems:
        return ""
    return f"the fire drill failed for {len(problems)} of {len(found)} alerts: " + " | ".join(problems)
