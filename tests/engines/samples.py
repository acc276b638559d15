"""Every sample that a Prometheus has, and whether an engine that it writes to has the same ones."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from tests.support import prometheus

# Milliseconds and values, in the order of the answer.
Samples = list[tuple[int, float]]
Series = dict[tuple[tuple[str, str], ...], Samples]
# What Thanos Receive adds.
_OF_RECEIVERS = frozenset({"receive", "tenant_id"})


@dataclass
class Compared:
    """What an engine has of a Prometheus's samples."""

    series: int = 0
    samples: int = 0
    lost: int = 0
    other_values: int = 0
    too_many: int = 0
    out_of_order: int = 0
    # Some that are lost, for people.
    examples: list[str] = field(default_factory=list)

    @property
    def same(self) -> bool:
        return not (self.lost or self.other_values or self.too_many or self.out_of_order)


def read(server: prometheus.Server, labels: Mapping[str, str], since: float, until: float) -> Series:
    """All samples of series with these labels, after ``since`` and up to ``until``, without the labels."""
    selector = ",".join(f'{name}="{value}"' for name, value in labels.items())
    span = {"start": str(since), "end": str(until), "match[]": f'{{__name__!="", {selector}}}'}
    dropped = labels.keys() | _OF_RECEIVERS
    found: Series = {}
    for name in server.get("label/__name__/values", **span):
        asked = f'{{__name__="{name}", {selector}}}[{math.ceil(until - since)}s]'
        # Thanos shows replicas as one, unless it is asked not to.
        for series in server.get("query", query=asked, time=str(until), dedup="false")["result"]:
            kept = sorted((key, value) for key, value in series["metric"].items() if key not in dropped)
            samples = ((round(at * 1000), float(value)) for at, value in series["values"])
            # Versions differ in whether the first moment of a span is a part of it.
            found[tuple(kept)] = [(at, value) for at, value in samples if since * 1000 < at <= until * 1000]
    return {series: samples for series, samples in found.items() if samples}


def compare(own: Series, engine: Series, *, numbers_only: bool = False) -> Compared:
    """``numbers_only`` is for VictoriaMetrics, which keeps and shows no NaN but those that say that a series ends."""
    if numbers_only:
        own, engine = _numbers(own), _numbers(engine)
    result = Compared(series=len(own))
    for series, samples in own.items():
        wanted = dict(samples)
        found = engine.get(series, [])
        there = dict(found)
        result.samples += len(wanted)
        missing = wanted.keys() - there.keys()
        result.lost += len(missing)
        result.too_many += len(there.keys() - wanted.keys()) + len(found) - len(there)
        result.out_of_order += sum(at >= following for (at, _), (following, _) in pairwise(found))
        result.other_values += sum(not _alike(wanted[at], there[at]) for at in wanted.keys() & there.keys())
        if missing and len(result.examples) < 5:
            result.examples.append(f"{dict(series)}: {len(missing)} of {len(wanted)}, the first at {min(missing)}")
    result.too_many += sum(len(samples) for series, samples in engine.items() if series not in own)
    return result


def _numbers(series: Series) -> Series:
    return {labels: [(at, value) for at, value in found if not math.isnan(value)] for labels, found in series.items()}


def _alike(one: float, other: float) -> bool:
    """VictoriaMetrics keeps fewer digits."""
    return math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-12) or (math.isnan(one) and math.isnan(other))
