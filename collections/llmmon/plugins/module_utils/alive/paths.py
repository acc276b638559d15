# SPDX-License-Identifier: Apache-2.0
"""Where an alert ends: at a receiver that people read, at one that fails, muted, or nowhere. Pure functions."""

from __future__ import annotations

import dataclasses
import datetime
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Optional

from ansible_collections.llmmon.stack.plugins.module_utils.host.clock import moment
from ansible_collections.llmmon.stack.plugins.module_utils.matching import matches

NOBODY = "nobody"
# Nobody silences for so long what he wants to hear of again.
FOR_EVER = datetime.timedelta(days=90)


@dataclasses.dataclass(frozen=True)
class End:
    """Where a route ends: its receiver, why it is muted for ever, and whether it is meant for certain alerts."""

    receiver: str
    muted: str = ""
    meant: bool = False


def ends(routes: Sequence[Mapping[str, Any]], labels: Mapping[str, str]) -> list[End]:
    """All ends that an alert may have of which these labels are known. No end means that no route takes it."""
    return list(_ends(routes, labels))


def _ends(routes: Sequence[Mapping[str, Any]], labels: Mapping[str, str]) -> Iterator[End]:
    for route in routes:
        taken = _taken(route["matchers"], labels)
        if taken is False:
            continue
        inner = list(_ends(route["routes"], labels))
        yield from inner or [End(route["receiver"], route["muted"], route["meant"])]
        # What only may take it may leave it to those behind.
        if taken and not route["continue"]:
            return


def _taken(found: Iterable[Sequence[str]], labels: Mapping[str, str]) -> Optional[bool]:
    """Whether matchers take an alert; None where that depends on labels that are not known."""
    sure = True
    for label, operator, value in found:
        if label not in labels:
            sure = False
        elif not matches(operator, value, labels[label]):
            return False
    return True if sure else None


def why_nobody_hears(
    found: Sequence[End], failing: Mapping[str, str], silences: Sequence[Mapping[str, Any]], labels: Mapping[str, str]
) -> str:
    """Why an alert reaches no person; "" where it does, or where the user wants it so.

    ``failing`` are receivers that do not take what they are sent, each with the reason.
    """
    for silence in silences:
        if _is_silenced(silence, labels):
            return f"it is silenced until {silence['endsAt'][:10]}"
    reasons = [_why_not(end, failing) for end in found]
    if not found or not all(reasons) or any(end.receiver == NOBODY and end.meant for end in found):
        return ""
    return reasons[0]


def _why_not(end: End, failing: Mapping[str, str]) -> str:
    if end.muted:
        return end.muted
    if end.receiver == NOBODY:
        return "its route ends at no receiver: set llmmon_default_receivers"
    return failing.get(end.receiver, "")


def lasting(silences: Iterable[Mapping[str, Any]], now: datetime.datetime) -> list[Mapping[str, Any]]:
    """The silences that last for ever, as good as."""
    return [silence for silence in silences if moment(silence["endsAt"]) - now > FOR_EVER]


def _is_silenced(silence: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    return all(
        one["name"] in labels and matches(_operator(one), one["value"], labels[one["name"]])
        for one in silence["matchers"]
    )


def _operator(matcher: Mapping[str, Any]) -> str:
    equal = matcher.get("isEqual", True)
    return ("=~" if equal else "!~") if matcher["isRegex"] else ("=" if equal else "!=")


def known_labels(alert: str, labels: Mapping[str, str], more: Mapping[str, str]) -> dict[str, str]:
    """The labels of an alert that are known before it fires; templates are not."""
    plain = {name: value for name, value in labels.items() if "{{" not in value}
    return {**{name: value for name, value in more.items() if name not in labels}, **plain, "alertname": alert}
