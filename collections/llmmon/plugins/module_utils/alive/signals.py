# SPDX-License-Identifier: Apache-2.0
"""Whether a gateway counts what an alert reads of it, and why not."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, Optional

from ansible_collections.llmmon.stack.plugins.module_utils.alive.expressions import Matcher
from ansible_collections.llmmon.stack.plugins.module_utils.alive.gateways import (
    ALIKE,
    ALIKE_AT_ONCE,
    ALIKE_MISSED,
    ALWAYS,
    ENOUGH,
    EVENTS,
    OF_MODELS,
    Gateway,
    family,
    new_name,
)
from ansible_collections.llmmon.stack.plugins.module_utils.alive.prometheus import BEFORE, Seen, one_of
from ansible_collections.llmmon.stack.plugins.module_utils.alive.promql import quoted
from ansible_collections.llmmon.stack.plugins.module_utils.alive.reading import Reading

_NOT_ASKED = ("job", "le")


class Said(NamedTuple):
    """Why an alert cannot fire, or why it is all right that something is not there; at most one of the two."""

    problem: str = ""
    note: str = ""


class Signals:
    """What gateways count now and have counted; ``names`` are all that any alert reads of them."""

    def __init__(self, gateways: Sequence[Gateway], names: Iterable[str], seen: Seen) -> None:
        self._seen = seen
        self._jobs, self._names = [gateway.job for gateway in gateways], sorted(names)
        self._known: dict[tuple[str, str, frozenset[Reading], bool], Said] = {}

    def judge(self, gateway: Gateway, signal: str, readings: Sequence[Reading], models: bool) -> Said:
        """What there is to say of a signal that is read in these ways; ``models``: whether for each model by itself."""
        key = gateway.job, signal, frozenset(readings), models
        if key not in self._known:
            self._known[key] = self._judged(gateway, signal, readings, models)
        return self._known[key]

    def _judged(self, gateway: Gateway, signal: str, readings: Sequence[Reading], models: bool) -> Said:
        names = {name for reading in readings for name in reading.names}
        there = names & self._there(gateway.job)
        if not there:
            return self._missing(gateway, signal, names)
        lost = self._lost(gateway, signal, names - there)
        if lost:
            return Said(f"{lost[0]} is no more on its page, where {lost[1]} is new")
        buckets = {name for name in names if name.endswith("_bucket")}
        if buckets and not buckets & there:
            return Said(_without_buckets(min(there)))
        found = [self._labelled(gateway, one, there & set(one.names)) for one in readings]
        found += [self._without_models(gateway, signal, readings)] if models else []
        return next((said for said in sorted(found, key=lambda said: not said.problem) if any(said)), Said())

    def _there(self, job: str, offset: str = "") -> set[str]:
        return self._seen.names(self._jobs, self._names, offset)[job] if self._names else set()

    # -- what is there, by its labels

    def _labelled(self, gateway: Gateway, reading: Reading, there: set[str]) -> Said:
        """What is wrong with the labels of the names of a reading that are there."""
        if not there:
            return Said()
        for matcher in reading.matchers(*_NOT_ASKED):
            if matcher.takes("") or self._has_one(gateway, there, [matcher.label]):
                continue
            said = f"no series of {min(there)} has the label {matcher.label}"
            if matcher.label in gateway.team:
                return Said(note=f"{gateway.job}: {said}: no request was of a team")
            if _marks(gateway, matcher, there):
                return Said(note=f"{gateway.job}: {said}: {EVENTS['failures']}")
            if not self._is_used(gateway):
                return Said(note=f"{gateway.job}: {said}: nobody has got an answer yet")
            return Said(said)
        for matcher in reading.matchers("job"):
            if (
                matcher.label == "le"
                and "Inf" not in matcher.value
                and not self._seen.any(_of(gateway, there, matcher))
            ):
                return Said(
                    note=f"{gateway.job}: the threshold is no edge of {min(there)}, percentiles tell slow answers"
                )
        return Said()

    def _without_models(self, gateway: Gateway, signal: str, readings: Sequence[Reading]) -> Said:
        """That models cannot be told apart any more."""
        apart = [one for one in readings if set(gateway.model) & set(one.by)] if signal in OF_MODELS else []
        there = {name for one in apart for name in one.names} & self._there(gateway.job)
        if not there or self._has_one(gateway, there, gateway.model) or not self._is_used(gateway):
            return Said()
        # Right for a server of one model; but where there was a label, somebody took it away.
        if gateway.has_default_model and not any(
            self._has_one(gateway, there, gateway.model, offset) for offset in BEFORE
        ):
            return Said()
        return Said(f"no series of {min(there)} has the label {' or '.join(gateway.model)}")

    def _has_one(self, gateway: Gateway, names: set[str], labels: Iterable[str], offset: str = "") -> bool:
        each = [_of(gateway, names, Matcher(label, "!=", "")) for label in labels]
        return self._seen.any(" or ".join(f"{one} offset {offset}" if offset else one for one in each))

    # -- what is not there

    def _missing(self, gateway: Gateway, signal: str, names: set[str]) -> Said:
        job, wanted = gateway.job, gateway.newest(names)
        families = {family(name) for name in names}
        if families & {family(name) for name in self._seen.declared(job)}:
            if families & {family(name) for name in self._seen.page(job)}:
                return Said(_without_buckets(wanted))
            if signal in ALWAYS and signal != "requests" and self._answered(gateway) >= ENOUGH:
                return Said(f"its page declares {wanted}, of which no series is kept: see metric_relabel_configs")
            return Said(note=f"{job} declares {wanted}, and has counted nothing there yet")
        lost = self._lost(gateway, signal, names) or self._looks_renamed(gateway, signal, names)
        if lost:
            return Said(f"{lost[0]} is not on its page, where {lost[1]} looks like its new name")
        if self._seen.names([job], set(gateway.signals[signal]) - names)[job]:
            return Said(note=f"{job} has no {wanted}, and other metrics of the same")
        if signal in EVENTS:
            return Said(note=f"{job} has no {wanted}: {EVENTS[signal]}")
        if signal == "requests" and self._is_used(gateway):
            return Said(f"{wanted} is not on its page, which counts other things of requests")
        if gateway.vanishing or self._answered(gateway) < ENOUGH:
            return Said(note=f"{job} has no {wanted}: it has answered too few requests to have it")
        before = self._last_there(job, names)
        if before:
            return Said(f"{wanted} is gone, which was on its page {before} ago")
        if signal in ALWAYS and gateway.complete:
            return Said(f"{wanted} is not on its page")
        return Said(note=f"{job} does not tell {wanted}")

    def _last_there(self, job: str, names: set[str]) -> Optional[str]:
        """How long ago, at the least, a job had one of the names; None where it never had."""
        return next((offset for offset in BEFORE if self._there(job, offset) & names), None)

    def _lost(self, gateway: Gateway, signal: str, names: set[str]) -> Optional[tuple[str, str]]:
        """A name that was there, and the one that is there since it is gone."""
        before = self._last_there(gateway.job, names)
        if not before:
            return None
        gone = names & self._there(gateway.job, before)
        old = self._seen.page(gateway.job, before)
        # What only something that happens begins, or what nobody uses leaves, comes and goes by itself.
        least = ALIKE if gateway.vanishing else ALIKE_MISSED if signal in EVENTS else ALIKE_AT_ONCE
        name = new_name(gone, gateway.families, self._page(gateway.job), old, least)
        return (gateway.newest(gone), name) if name else None

    def _looks_renamed(self, gateway: Gateway, signal: str, names: set[str]) -> Optional[tuple[str, str]]:
        """A name that this gateway never had, and one of its page that looks like it."""
        counted_of_each = signal not in EVENTS and self._answered(gateway) >= ENOUGH
        least = ALIKE_MISSED if counted_of_each else ALIKE
        name = new_name(names, gateway.families, self._page(gateway.job), (), least)
        return (gateway.newest(names), name) if name else None

    def _page(self, job: str) -> set[str]:
        return self._seen.page(job) | self._seen.declared(job)

    def _answered(self, gateway: Gateway) -> float:
        """How many requests it has answered well since it runs, as far as it counts them."""
        requests = gateway.counters.get("requests", ())
        failures = [one for one in gateway.counters.get("failures", ()) if one[0] not in dict(requests)]
        return self._total(gateway, requests) - self._total(gateway, failures)

    def _is_used(self, gateway: Gateway) -> bool:
        """Whether somebody has surely got an answer: who is refused, as the prober is, counts as a request alone."""
        others = [*gateway.counters.get("tokens", ()), *gateway.counters.get("latency", ())]
        of_answers = [one for one in others if one not in gateway.counters.get("requests", ())]
        return self._total(gateway, of_answers) > 0 if of_answers else self._answered(gateway) >= ENOUGH

    def _total(self, gateway: Gateway, counters: Iterable[tuple[str, str]]) -> float:
        each = [f"{name}{{job={quoted(gateway.job)}, {matchers}}}" for name, matchers in counters]
        return sum(self._seen.total(one) for one in each)


def _marks(gateway: Gateway, matcher: Matcher, names: Iterable[str]) -> bool:
    """Whether only what failed has a label: failures are those of the requests that have it."""
    return matcher.operator == "!=" and any({"requests", "failures"} <= {*gateway.signals_of(name)} for name in names)


def _of(gateway: Gateway, names: Iterable[str], *matchers: Matcher) -> str:
    inside = [f"job={quoted(gateway.job)}", f"__name__=~{one_of(names)}", *map(str, matchers)]
    return f"{{{', '.join(inside)}}}"


def _without_buckets(name: str) -> str:
    return f"{family(name)} has no buckets (le), of which percentiles are made"
