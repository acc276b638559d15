# SPDX-License-Identifier: Apache-2.0
"""Who is told of alerts, as one line, and whether nobody is. Pure functions."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Optional

from ansible_collections.llmmon.stack.plugins.module_utils.delivery.tries import Try

# Receivers of llmmon's own that tell no person.
NOT_PEOPLE = ("nobody", "heartbeat")
_HOW_TO_TRY = "verify.yml -e llmmon_verify_delivery=true sends each a test alert"
_MEANT = "llmmon_receivers_required: false if that is meant"


@dataclasses.dataclass(frozen=True)
class Told:
    """What Alertmanagers say: each with the receivers that are in force there, None where there is no answer."""

    in_force: Mapping[str, Optional[list[str]]]
    # Whether it is this host's own.
    own: bool

    @property
    def people(self) -> list[str]:
        """Names of the receivers that tell a person, each once."""
        found = [name for names in self.in_force.values() for name in names or ()]
        return [name for name in dict.fromkeys(found) if name not in NOT_PEOPLE]

    @property
    def nobody(self) -> bool:
        """Whether it is certain that nobody is told: one that gave no answer may have somebody."""
        return not self.people and None not in self.in_force.values()


def nobody_is_told(told: Told) -> str:
    """The sentence that fails a proof."""
    if told.own:
        return (
            "nobody is told of alerts, because Alertmanager has no receiver: set llmmon_receivers, or SLACK_WEBHOOK_URL"
            f" in the environment or .env, and run site.yml; or set {_MEANT}"
        )
    if not told.in_force:
        return (
            "nobody is told of alerts, because this Prometheus sends them to no Alertmanager: set"
            f" llmmon_prometheus_alertmanagers; or set {_MEANT}"
        )
    return f"nobody is told of alerts, because {_places(told)} has no receiver: set one there; or set {_MEANT}"


def told_line(told: Told, fingerprints: Mapping[str, str], tries: Mapping[str, Try], required: bool) -> str:
    """The line of every summary. ``fingerprints`` are the receivers of the inventory, with what they are now."""
    if told.nobody:
        why = (
            nobody_is_told(told)
            if required
            else "nobody is told of alerts, which llmmon_receivers_required: false allows"
        )
        return f"receivers: {why.replace('nobody', 'NOBODY', 1)}"
    if not told.people:
        return f"receivers: not known, since there is no answer from {_places(told)}"
    if not told.own:
        return f"receivers: {', '.join(told.people)} (of {_places(told)})"
    states = {name: _state(name, fingerprints, tries) for name in told.people}
    missing = [name for name in fingerprints if name not in told.people and name not in NOT_PEOPLE]
    states |= dict.fromkeys(missing, "not in force: run site.yml")
    hint = f"; {_HOW_TO_TRY}" if "not tried" in states.values() else ""
    return f"receivers: {', '.join(f'{name} ({state})' for name, state in states.items())}{hint}"


def _state(name: str, fingerprints: Mapping[str, str], tries: Mapping[str, Try]) -> str:
    if name not in fingerprints:
        return "in force, and not named in this run"
    last = tries.get(name)
    if last is None or last.settings != fingerprints[name]:
        return "not tried"
    # To the minute: 2026-01-02T03:04Z.
    when = f"tried {last.at[:16]}Z"
    return when if last.reached else f"{when} and NOT reached"


def _places(told: Told) -> str:
    return "Alertmanager" if told.own else f"the Alertmanager at {' and '.join(told.in_force)}"
