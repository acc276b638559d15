# SPDX-License-Identifier: Apache-2.0
"""What Alertmanager counts of its notifications, and what the counts say of each receiver. Pure functions."""

from __future__ import annotations

import dataclasses

from ansible_collections.llmmon.stack.plugins.module_utils.clients.metrics import samples

# Alertmanager's counters, by what they are called here. A notification is counted when it begins, not when it has
# arrived: what has arrived are requests that did not fail.
COUNTERS = {
    "notifications": "alertmanager_notifications_total",
    "notifications_failed": "alertmanager_notifications_failed_total",
    "requests": "alertmanager_notification_requests_total",
    "requests_failed": "alertmanager_notification_requests_failed_total",
}

# Integration and receiver; the receiver is empty when Alertmanager does not tell them apart.
Key = tuple[str, str]


@dataclasses.dataclass(frozen=True)
class Counts:
    """What Alertmanager has counted of one receiver."""

    notifications: int = 0
    notifications_failed: int = 0
    requests: int = 0
    requests_failed: int = 0

    def since(self, before: Counts) -> Counts:
        """What was counted in between; a counter that went back was started anew."""
        old, new = dataclasses.asdict(before), dataclasses.asdict(self)
        return Counts(**{name: new[name] - (old[name] if new[name] >= old[name] else 0) for name in new})


@dataclasses.dataclass(frozen=True)
class Receiver:
    """Who must be reached."""

    name: str
    integration: str
    variable: str
    settings: str = ""


@dataclasses.dataclass(frozen=True)
class Delivery:
    """What became of the alert for a receiver, or for several that are counted as one."""

    integration: str
    receivers: tuple[Receiver, ...]
    counts: Counts

    @property
    def reached(self) -> bool:
        return self.counts.requests - self.counts.requests_failed >= len(self.receivers)

    @property
    def given_up(self) -> bool:
        return not self.reached and self.counts.notifications_failed > 0

    @property
    def names(self) -> list[str]:
        return [receiver.name for receiver in self.receivers]


def counted(page: str) -> dict[Key, Counts]:
    """The counters on a metrics page, added up over what else tells them apart, such as the reason of a failure."""
    found: dict[Key, dict[str, int]] = {}
    for ours, theirs in COUNTERS.items():
        for labels, value in samples(page, theirs):
            key = (labels.get("integration", ""), labels.get("receiver_name", ""))
            counts = found.setdefault(key, dict.fromkeys(COUNTERS, 0))
            counts[ours] += int(value)
    return {key: Counts(**counts) for key, counts in found.items()}


def assess_deliveries(before: dict[Key, Counts], after: dict[Key, Counts], receivers: list[Receiver]) -> list[Delivery]:
    """What became of the alert for each receiver between two readings of the counters."""
    told_apart = any(name for _, name in {*before, *after})
    groups: dict[Key, list[Receiver]] = {}
    for receiver in receivers:
        groups.setdefault((receiver.integration, receiver.name if told_apart else ""), []).append(receiver)
    return [
        Delivery(key[0], tuple(group), after.get(key, Counts()).since(before.get(key, Counts())))
        for key, group in groups.items()
    ]


def settled(deliveries: list[Delivery]) -> bool:
    """Whether waiting longer cannot change the verdict."""
    return all(delivery.reached or delivery.given_up for delivery in deliveries)
