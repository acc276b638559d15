"""From when an alert's expression had a result to when the alert fired: `for` and `keep_firing_for`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible_collections.llmmon.stack.plugins.module_utils.durations import milliseconds

# Seconds between two evaluations, and between two samples.
STEP = 60


@dataclass(frozen=True)
class Firing:
    """What an alerting rule said: its labels, its rule, and the seconds at which its expression had a result."""

    labels: dict[str, str]
    rule: dict[str, Any]
    seconds: list[int]


@dataclass(frozen=True)
class Episode:
    """An alert fired from the second ``start`` until before ``end``; its labels include its name."""

    labels: tuple[tuple[str, str], ...]
    start: float
    end: float

    def label(self, name: str) -> str:
        return dict(self.labels).get(name, "")


def episode(labels: dict[str, str], start: float, end: float) -> Episode:
    return Episode(tuple(sorted(labels.items())), start, end)


def episodes(firings: Iterable[Firing]) -> list[Episode]:
    """All episodes, the earliest first."""
    found = [
        episode(firing.labels, start, end) for firing in firings for start, end in fired(firing.seconds, firing.rule)
    ]
    return sorted(found, key=lambda one: (one.start, one.labels))


def fired(seconds: Sequence[int], rule: Mapping[str, Any]) -> list[tuple[int, int]]:
    """When an alert fired (from, until before), given the evaluations at which its expression had a result.

    As Prometheus does it: an alert that waits forgets at the first evaluation without a result; one that fires goes on
    until it has had none for ``keeps`` seconds.
    """
    waits, keeps = _seconds(rule, "for"), _seconds(rule, "keep_firing_for")
    found: list[tuple[int, int]] = []
    pending = firing = last = None
    for now in seconds:
        if last is not None and now - last > STEP:
            # The first evaluation without a result starts the clock; what comes back in time has never been away.
            if firing is None:
                pending = None
            elif now > last + STEP + keeps or not keeps:
                found.append((firing, _over(last, keeps)))
                pending = firing = None
        if firing is None:
            pending = now if pending is None else pending
            if now - pending >= waits:
                firing = now
        last = now
    if firing is not None and last is not None:
        found.append((firing, _over(last, keeps)))
    return found


def _over(last: int, keeps: float) -> int:
    """The evaluation that ends an alert whose expression had its last result at this one."""
    return last + STEP + int(-(-keeps // STEP)) * STEP


def _seconds(rule: Mapping[str, Any], key: str) -> float:
    return milliseconds(rule[key]) / 1000 if key in rule else 0
