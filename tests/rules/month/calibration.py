"""Thresholds from what was usual: what a first week says of each gateway and each of its models.

A stand-in for what calibrate.yml proposes, and as careful: it reads recorded series only.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.rules.month.calendar import BEGINNING, DAY
from tests.rules.month.gateways import EDGES, Gateway
from tests.rules.month.simulation import Part
from tests.support.prometheus import Server

# How far above the 99th percentile of all its five minutes a model's P95 may be.
ROOM = 1.5
# How many times its usual failures a gateway may have in a month.
FAILURES = 2.0
_ENOUGH = "and on (job, model) job_model:llm_requests:increase5m >= 20"


@dataclass(frozen=True)
class Usual:
    """Seconds of P95 by gateway and model, and the share of requests that fail by gateway."""

    latency: Mapping[tuple[str, str], float]
    failures: Mapping[str, float]


def usual(server: Server, days: int) -> Usual:
    """What was usual in the first days of the month."""
    at = f"@ {BEGINNING + days * DAY * 60}"
    p95 = f"(job_model:llm_response_latency_seconds:p95_rate5m {_ENOUGH})[{days}d:5m] {at}"
    failed, all_ = (
        f"sum_over_time(job:{name}:rate5m[{days}d] {at})" for name in ("llm_requests_failed", "llm_requests")
    )
    return Usual(
        {
            (labels["job"], labels["model"]): seconds
            for labels, seconds in server.query(f"quantile_over_time(0.99, {p95})")
        },
        {labels["job"]: share for labels, share in server.query(f"{failed} / ({all_} > 0)")},
    )


def parts(known: Usual, gateways: Iterable[Gateway]) -> list[Part]:
    """The deployments that have these thresholds: as long as a deployment has but one of each, one for each gateway."""
    return [Part((gateway,), variables(known, gateway.name)) for gateway in gateways]


def variables(known: Usual, gateway: str) -> dict[str, Any]:
    """What the user sets for a gateway alone.

    Of its models the slowest decides, for the next edge of the histogram: slow answers are counted there.
    """
    found: dict[str, Any] = {}
    slowest = max((seconds for (job, _), seconds in known.latency.items() if job == gateway), default=None)
    if slowest is not None:
        found["llmmon_thresholds"] = {"latency_p95_seconds": next_edge(slowest * ROOM)}
    if gateway in known.failures:
        found["llmmon_slo"] = {"availability": availability(known.failures[gateway])}
    return found


def next_edge(seconds: float) -> float:
    """The first edge of the histogram that is not below this; the last, if all are."""
    return next((edge for edge in EDGES if edge >= seconds), EDGES[-1])


def availability(failures: float) -> float:
    """An objective that a gateway meets which goes on like this: at most 99 %, in half per cents."""
    allowed = math.ceil(failures * FAILURES * 200) / 200
    return round(1 - max(allowed, 0.01), 4)
