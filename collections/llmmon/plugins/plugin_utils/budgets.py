# SPDX-License-Identifier: Apache-2.0
"""llmmon_budgets: how many US dollars a team, a gateway or all gateways together may spend in a month and in a day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

TEAM, GATEWAY, ALL = SCOPES = ("team", "gateway", "all")
# Budgets that a gateway keeps itself.
OWN = "own"
# The keys of llmmon_budgets.
SECTIONS = {TEAM: "teams", GATEWAY: "gateways", ALL: "all"}
MONTH, DAY = PERIODS = ("month", "day")


@dataclass(frozen=True)
class Budget:
    """What one of them may spend; ``dollars`` is by period, as the user wrote it."""

    scope: str
    # A team or a gateway; empty for all together.
    name: str
    dollars: Mapping[str, Any] = field(default_factory=dict)

    @property
    def labels(self) -> dict[str, str]:
        """The labels of everything that is recorded about it."""
        label = {TEAM: "team", GATEWAY: "job"}.get(self.scope)
        return {"scope": self.scope, **({label: self.name} if label else {})}


def budgets(given: Mapping[str, Any]) -> list[Budget]:
    """All budgets of llmmon_budgets, which has been checked, in the order of their names."""
    found = []
    for scope, section in SECTIONS.items():
        value = given.get(section)
        entries = value or {} if scope != ALL else {} if value is None else {"": value}
        found += [Budget(scope, str(name), by_period(entries[name])) for name in sorted(entries, key=str)]
    return found


def by_period(value: Any) -> dict[str, Any]:
    """A number alone is for the month."""
    if isinstance(value, Mapping):
        return {period: value[period] for period in PERIODS if value.get(period) is not None}
    return {MONTH: value}
