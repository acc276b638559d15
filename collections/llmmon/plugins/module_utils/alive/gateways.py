# SPDX-License-Identifier: Apache-2.0
"""What a gateway should have on its page, as its kind says, and when it is right that some of it is not there."""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Iterable, Mapping
from typing import Any

# Counters of what may never have happened: most gateways begin such a series with the first time.
EVENTS = {
    "failures": "no request has failed",
    "deployment_failures": "no deployment has failed",
    "fallbacks": "no request was answered by another model",
    "cooldowns": "no deployment was left out",
    "cached_input": "no cache was used",
    "cost_usd": "it has counted no money",
    "team_budgets": "no team has a budget in the gateway",
}
# A page that counts requests has these, whatever else its release counts.
ALWAYS = ("requests", "latency")
# What is counted for each model.
OF_MODELS = ("requests", "latency", "failures", "tokens")
# After so many answers, what is counted of each must be there.
ENOUGH = 20

_SUFFIX = re.compile(r"_(?:total|count|sum|bucket|created)$")
# Words that say nothing of what is counted.
_EMPTY = frozenset(["total", "seconds", "second", "milliseconds", "ms", "metric", "count", "number", "num"])
# Metrics of the process, whatever it does.
_OF_ANY_PROCESS = re.compile(r"(?:go|process|python|promhttp|scrape|jvm|nodejs|target|otel)_")
# How much of a name its new one has: one that appears in the moment in which the other goes, one where the other has to
# be, since there were requests, and any.
ALIKE_AT_ONCE, ALIKE_MISSED, ALIKE = 0.3, 0.5, 0.65


@dataclasses.dataclass(frozen=True)
class Gateway:
    """One gateway: ``signals`` are what its kind counts, each with all its names, the newest first.

    ``model`` and ``team`` are the labels by which the kind tells these apart.
    """

    job: str
    kind: str
    signals: Mapping[str, tuple[str, ...]]
    # Of some signals, names with the matchers of what counts of them, as text.
    counters: Mapping[str, tuple[tuple[str, str], ...]] = dataclasses.field(default_factory=dict)
    model: tuple[str, ...] = ()
    team: tuple[str, ...] = ()
    # Whether all that is known of a kind is on the page of each gateway of it.
    complete: bool = False
    # Whether series without a model are right.
    has_default_model: bool = False
    # Whether series that nobody uses leave the page.
    vanishing: bool = False

    @classmethod
    def of(cls, job: str, said: Mapping[str, Any]) -> Gateway:
        """As the option ``gateways`` says it."""
        return cls(
            job,
            said["kind"],
            {signal: tuple(names) for signal, names in said["signals"].items()},
            {signal: tuple((name, text) for name, text in found) for signal, found in said["counters"].items()},
            tuple(said["model"]),
            tuple(said["team"]),
            said["complete"],
            said["has_default_model"],
            said["vanishing"],
        )

    def signals_of(self, name: str) -> tuple[str, ...]:
        """What a series' name belongs to; nothing where this kind does not know it."""
        return self._signals.get(name) or self._signals.get(family(name), ())

    @functools.cached_property
    def _signals(self) -> Mapping[str, tuple[str, ...]]:
        found: dict[str, list[str]] = {}
        for signal, names in self.signals.items():
            for name in names:
                found.setdefault(name, []).append(signal)
        return {name: tuple(signals) for name, signals in found.items()}

    @functools.cached_property
    def families(self) -> frozenset[str]:
        """Whatever is known to be on pages of this kind."""
        return frozenset(family(name) for names in self.signals.values() for name in names)

    def newest(self, names: Iterable[str]) -> str:
        """Of several names, the one that the kind prefers."""
        order = [family(name) for known in self.signals.values() for name in known]
        return min(names, key=lambda name: (order.index(family(name)) if family(name) in order else len(order), name))


def family(name: str) -> str:
    """A name without what only the format adds."""
    return _SUFFIX.sub("", name)


def _words(name: str) -> frozenset[str]:
    words = re.split(r"[_:]+|(?<=[a-z])(?=[A-Z])", family(name))
    return frozenset(word.lower().rstrip("s") for word in words if word and word.lower() not in _EMPTY)


def alike(one: str, other: str) -> float:
    """How much of two names is the same, from 0 to 1."""
    ours, theirs = _words(one), _words(other)
    return len(ours & theirs) / len(ours | theirs) if ours | theirs else 0.0


def new_name(
    missing: Iterable[str], known: Iterable[str], now: Iterable[str], before: Iterable[str], least: float
) -> str:
    """Which name on a page is probably the new one of those that are missing; "" if none looks like it.

    ``known`` are the families that belong to something else; ``now`` and ``before`` are the names on the page, the
    latter of a time at which a missing one was still there, empty where there was no such time.
    """
    others = {family(name) for name in now} - set(known) - {family(name) for name in before}
    found = [(alike(name, other), other) for name in missing for other in others if not _OF_ANY_PROCESS.match(other)]
    likeness, name = max(found, default=(0.0, ""))
    return name if likeness >= least else ""
