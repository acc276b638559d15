# SPDX-License-Identifier: Apache-2.0
"""Whether an alert can fire here, by the series that it reads: they exist, or are rightly absent."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterable, Sequence

from ansible_collections.llmmon.stack.plugins.module_utils.alive.absences import (
    LABELS_OF_EVENTS,
    OF_GATEWAYS,
    RIGHTLY_ABSENT,
    WITHOUT_RECEIVERS,
)
from ansible_collections.llmmon.stack.plugins.module_utils.alive.bounds import out_of_reach
from ansible_collections.llmmon.stack.plugins.module_utils.alive.expressions import (
    Binary,
    Expression,
    Matcher,
    Selector,
    walk,
)
from ansible_collections.llmmon.stack.plugins.module_utils.alive.gateways import Gateway
from ansible_collections.llmmon.stack.plugins.module_utils.alive.joins import apart
from ansible_collections.llmmon.stack.plugins.module_utils.alive.prometheus import Seen
from ansible_collections.llmmon.stack.plugins.module_utils.alive.reading import Alert, Reading, Rules, needed_parts
from ansible_collections.llmmon.stack.plugins.module_utils.alive.signals import Said, Signals

# What is recorded for each model begins with this.
_OF_MODELS = "job_model"
# Prometheus makes these itself, of whatever fires.
_OF_ALERTS = frozenset(["ALERTS", "ALERTS_FOR_STATE"])


@dataclasses.dataclass(frozen=True)
class Found:
    """What is said of an alert, of one gateway if ``job`` says so: why it cannot fire, or what is all right."""

    alert: str
    problem: str = ""
    note: str = ""
    job: str = ""


class Judge:
    """Judges alerts by what a Prometheus has seen; rule files in ``own_files`` are the collection's.

    ``receivers``: whether there is a receiver that Alertmanager counts notifications of.
    """

    def __init__(
        self, rules: Rules, gateways: Sequence[Gateway], seen: Seen, own_files: str, receivers: bool = True
    ) -> None:
        self._absent = {**RIGHTLY_ABSENT, **({} if receivers else WITHOUT_RECEIVERS)}
        self._rules, self.seen, self._own_files = rules, seen, own_files
        self._gateways = gateways
        self._are_of_gateways = functools.lru_cache(maxsize=None)(self._is_of_a_gateway)
        read = {reading for alert in rules.alerts for reading in _read_by(rules, alert)}
        names = {name for reading in read for name in reading.names if self._are_of_gateways(reading)}
        self._signals = Signals(gateways, names, seen)

    def judge(self, alert: Alert) -> list[Found]:
        """Everything that is said of an alert; nothing where all that it reads is there."""
        if alert.expression is None:
            return [Found(alert.name, note=f"its expression is not understood here ({alert.trouble})")]
        ours = alert.file.startswith(self._own_files)
        readings = _read_by(self._rules, alert)
        of_gateways = [reading for reading in readings if self._are_of_gateways(reading)]
        found = [one for gateway in self._gateways for one in self._of_gateway(alert, gateway, of_gateways)]
        for reading in readings if ours else self._unforgiven(alert.expression):
            if not self._are_of_gateways(reading):
                said = self._of_others(reading, ours)
                found.append(Found(alert.name, *said))
        if not any(one.problem for one in found):
            found.append(Found(alert.name, apart(alert.expression, self._rules, self.seen)))
        return [one for one in dict.fromkeys(found) if one.problem or one.note]

    def _is_of_a_gateway(self, reading: Reading) -> bool:
        """Whether a gateway's kind says what this is."""
        return any(
            gateway.signals_of(name)
            for gateway in self._gateways
            if reading.may_be_of(gateway.job)
            for name in reading.names
        )

    def _of_gateway(self, alert: Alert, gateway: Gateway, readings: Sequence[Reading]) -> Iterable[Found]:
        by_signal: dict[str, list[Reading]] = {}
        for reading in readings:
            if reading.may_be_of(gateway.job):
                for signal in dict.fromkeys(one for name in reading.names for one in gateway.signals_of(name)):
                    by_signal.setdefault(signal, []).append(reading)
        if not by_signal:
            return
        if gateway.job not in self.seen.up:
            yield Found(alert.name, note=f"{gateway.job} is not scraped now", job=gateway.job)
            return
        models = _tells_models(alert)
        said = [self._signals.judge(gateway, signal, mine, models) for signal, mine in by_signal.items()]
        yield from (Found(alert.name, one.problem, one.note, gateway.job) for one in said)
        if alert.expression is not None and not any(one.problem for one in said):
            far = out_of_reach(alert.expression, self._rules, lambda names: self.seen.edges(gateway.job, names))
            yield Found(alert.name, far, job=gateway.job)

    def _of_others(self, reading: Reading, ours: bool) -> Said:
        """Of what no gateway's kind knows: the stack's own series, and whatever the user's rules read."""
        selector, names = reading.selector, set(reading.names)
        if names & _OF_ALERTS:
            return Said()
        if self.seen.any(str(selector)):
            # A user's rule may add up by a label that only some series have, or none yet.
            absent = [label for label in reading.by if ours and label not in LABELS_OF_EVENTS]
            absent = [label for label in absent if not self.seen.any(str(_labelled(selector, label)))]
            return Said(f"no series of {selector} has the label {' or '.join(absent)}" if absent else "")
        of_gateway = any(reading.may_be_of(gateway.job) for gateway in self._gateways)
        expected = {**self._absent, **(OF_GATEWAYS if of_gateway else {})}
        for name in sorted(names & expected.keys()):
            return Said(note=f"{name} is not there: {expected[name]}")
        if ours and names and all(":" in name for name in names):
            return Said(note=f"no gateway here tells what {selector} is made of")
        return Said(f"{selector} has no series here")

    def _unforgiven(self, expression: Expression) -> tuple[Reading, ...]:
        """What a user's alert reads, but for a side of ``or`` whose other side has something."""
        if isinstance(expression, Selector):
            return self._rules.readings(expression)
        if isinstance(expression, Binary) and expression.operator == "or":
            sides = [self._unforgiven(side) for side in (expression.left, expression.right)]
            if any(self._are_there(side) for side in sides):
                return ()
            return tuple(reading for side in sides for reading in side)
        return tuple(reading for part in needed_parts(expression) for reading in self._unforgiven(part))

    def _are_there(self, readings: Sequence[Reading]) -> bool:
        return all(set(one.names) & _OF_ALERTS or self.seen.any(str(one.selector)) for one in readings)


def _read_by(rules: Rules, alert: Alert) -> tuple[Reading, ...]:
    return rules.readings(alert.expression) if alert.expression is not None else ()


def _tells_models(alert: Alert) -> bool:
    """Whether an alert fires for each model by itself."""
    return alert.expression is not None and any(
        isinstance(part, Selector) and part.name.startswith(_OF_MODELS) for part in walk(alert.expression)
    )


def _labelled(selector: Selector, label: str) -> Selector:
    return dataclasses.replace(selector, matchers=(*selector.matchers, Matcher(label, "!=", "")))
