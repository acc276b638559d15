# SPDX-License-Identifier: Apache-2.0
"""Thresholds that fit what was usual, and what they, and those in force, would have told."""

from __future__ import annotations

import dataclasses
import json
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Optional

from ansible_collections.llmmon.stack.plugins.module_utils.calibration.history import (
    ENOUGH_MINUTES,
    STEP,
    History,
    ModelHistory,
    Series,
)

# How far above the 99th percentile of all its P95 a model's threshold lies.
ROOM = 1.5
# An edge of the histogram is taken if it is not further off than this: answers beyond an edge are counted exactly.
NEAR = 2.0
# How many times its usual failures a gateway may have, and the least that it may have in any case.
FAILURES, LEAST_FAILURES = 2.0, 0.01
# Shares of failures to choose from, if the one in force is too low.
FAILURE_RATIOS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)
# How many times the usual to choose from, if the number in force is too low.
SURGE_RATIOS = (4.0, 5.0, 6.0, 8.0, 10.0, 15.0, 20.0, 30.0, 50.0, 100.0, 200.0, 500.0, 1000.0)
# Once a week is rare enough to be looked at.
RARELY = 1.0
# Whoever surges more often than that surges as it likes, and is told of what is beyond all of it.
NEVER = 0.0
_WEEK = 7 * 86400
# How long the condition of these alerts must hold, in seconds.
LASTING = 300
_SPECIAL = re.compile(r"([\\.+*?()|\[\]{}^$])")


@dataclasses.dataclass(frozen=True)
class Proposal:
    """What is proposed for one number of one model, and how often each value would have fired in the time looked at."""

    name: str
    current: float
    fired: int
    proposed: float
    would_fire: int


@dataclasses.dataclass(frozen=True)
class GatewayFinding:
    """What is proposed for the surges of one gateway."""

    gateway: str
    proposals: tuple[Proposal, ...]


@dataclasses.dataclass(frozen=True)
class Finding:
    """What is known of one model: levels, None where the source does not tell, and proposals, none with little data."""

    gateway: str
    model: str
    requests_per_hour: float
    # With enough requests in 5 minutes.
    minutes: int
    # P95 in seconds: half of the time below, and 99 of 100 minutes below.
    p95_median: Optional[float]
    p95_high: Optional[float]
    failures: Optional[float]
    proposals: tuple[Proposal, ...]

    @property
    def enough(self) -> bool:
        return self.minutes >= ENOUGH_MINUTES


def findings(history: History, current: Mapping[str, float]) -> list[Finding]:
    """What the history says of each model; ``current`` are the thresholds of models without their own."""
    return [_finding(model, history, {**current, **model.own}) for model in history.models]


def _finding(model: ModelHistory, history: History, current: Mapping[str, float]) -> Finding:
    minutes = max(len(model.latency.values), len(model.failures.values)) * STEP // 60
    proposals = []
    if len(model.latency.values) * STEP // 60 >= ENOUGH_MINUTES:
        edges = history.edges.get(model.gateway, [])
        in_force = current["latency_p95_seconds"]
        proposed = latency_threshold(model.latency.values, edges)
        proposals.append(_proposal("latency_p95_seconds", model.latency, in_force, proposed))
    if len(model.failures.values) * STEP // 60 >= ENOUGH_MINUTES:
        in_force = current["failure_ratio"]
        proposals.append(_rarely("failure_ratio", model.failures, in_force, FAILURE_RATIOS, history, RARELY))
    hours = (history.end - history.start) / 3600
    return Finding(
        gateway=model.gateway,
        model=model.model,
        requests_per_hour=round(model.requests / hours, 1),
        minutes=minutes,
        p95_median=_rounded(quantile(model.latency.values, 0.5)),
        p95_high=_rounded(quantile(model.latency.values, 0.99)),
        failures=_rounded(quantile(model.failures.values, 0.5)),
        proposals=tuple(proposals),
    )


def gateway_findings(history: History, current: Mapping[str, float]) -> list[GatewayFinding]:
    """What the history says of each gateway's surges; ``current`` are the thresholds of gateways without their own."""
    found: dict[str, list[Proposal]] = {}
    for (gateway, name), series in sorted(history.surges.items()):
        in_force = history.own.get((gateway, name), current[name])
        found.setdefault(gateway, []).append(_rarely(name, series, in_force, SURGE_RATIOS, history, NEVER))
    return [GatewayFinding(gateway, tuple(proposals)) for gateway, proposals in found.items()]


def _rarely(
    name: str, series: Series, in_force: float, others: Iterable[float], history: History, often: float
) -> Proposal:
    """The number in force where the alert would have fired rarely; else the first above it of at most ``often`` a week.

    The last, if there is none.
    """
    weeks = max((history.end - history.start) / _WEEK, 1.0)
    if len(episodes(series, in_force)) <= RARELY * weeks:
        return _proposal(name, series, in_force, in_force)
    above = [other for other in others if other > in_force] or [in_force]
    rare = (number for number in above if len(episodes(series, number)) <= often * weeks)
    return _proposal(name, series, in_force, next(rare, above[-1]))


def _proposal(name: str, series: Series, current: float, proposed: float) -> Proposal:
    return Proposal(name, current, len(episodes(series, current)), proposed, len(episodes(series, proposed)))


def latency_threshold(values: Sequence[float], edges: Sequence[float]) -> float:
    """Seconds that the P95 should not exceed: well above what it was, at an edge of the histogram if one is near.

    No percentile is above the last edge, so the threshold is not either: there slow answers are still counted.
    """
    wanted = (quantile(values, 0.99) or 0.0) * ROOM
    edge = next((edge for edge in edges if edge >= wanted), edges[-1] if edges else math.inf)
    return edge if edge <= NEAR * wanted else significant(wanted)


def episodes(series: Series, threshold: float, lasting: float = LASTING) -> list[tuple[float, float]]:
    """When an alert with this threshold would have fired: from, until."""
    found: list[tuple[float, float]] = []
    since: Optional[float] = None
    last = -math.inf
    for moment, value in zip(series.times, series.values):
        if since is not None and (moment - last > STEP or value <= threshold):
            if last - since >= lasting:
                found.append((since + lasting, last))
            since = None
        if value > threshold and since is None:
            since = moment
        last = moment
    if since is not None and last - since >= lasting:
        found.append((since + lasting, last))
    return found


def availability(failures: float) -> float:
    """An objective that a gateway keeps which goes on like this, in half per cents."""
    allowed = math.ceil(round(failures * FAILURES * 200, 6)) / 200
    return round(1 - max(allowed, LEAST_FAILURES), 4)


def objectives(history: History, current: float) -> dict[str, float]:
    """The availability of each gateway that does not keep its own, or ``current`` where it has none."""
    proposed = {job: availability(share) for job, share in sorted(history.failures.items())}
    return {job: target for job, target in proposed.items() if target < history.objectives.get(job, current)}


def overrides(
    found: Iterable[Finding], gateways: Iterable[GatewayFinding], targets: Mapping[str, float]
) -> list[dict[str, Any]]:
    """Entries for llmmon_threshold_overrides; what is as it should be is left out."""
    of_gateways: dict[str, dict[str, Any]] = {job: {"slo": {"availability": target}} for job, target in targets.items()}
    for gateway in gateways:
        changes = {one.name: one.proposed for one in gateway.proposals if one.proposed != one.current}
        if changes:
            of_gateways.setdefault(gateway.gateway, {}).update(changes)
    entries: list[dict[str, Any]] = [{"gateway": escaped(job), **own} for job, own in sorted(of_gateways.items())]
    for finding in found:
        changes = {one.name: one.proposed for one in finding.proposals if one.proposed != one.current}
        if changes:
            entries.append({"gateway": escaped(finding.gateway), "model": escaped(finding.model), **changes})
    return entries


def as_yaml(entries: Iterable[Mapping[str, Any]]) -> str:
    """The variable to paste. JSON in one line is YAML, too."""
    lines = [
        "  - {" + ", ".join(f"{key}: {json.dumps(value)}" for key, value in entry.items()) + "}" for entry in entries
    ]
    return "\n".join(["llmmon_threshold_overrides:", *lines, ""]) if lines else ""


def escaped(name: str) -> str:
    """A regular expression of Prometheus's that matches one name."""
    return _SPECIAL.sub(r"\\\1", name)


def quantile(values: Sequence[float], share: float) -> Optional[float]:
    """The value below which this share of the values is; None of none."""
    ordered = sorted(value for value in values if not math.isnan(value))
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else None


def significant(value: float) -> float:
    """A number with two digits that count, rounded up."""
    if value <= 0:
        return value
    unit = 10.0 ** (math.floor(math.log10(value)) - 1)
    return float(f"{math.ceil(round(value / unit, 6)) * unit:.3g}")


def _rounded(value: Optional[float]) -> Optional[float]:
    return None if value is None else round(value, 4)
