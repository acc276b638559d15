# SPDX-License-Identifier: Apache-2.0
"""What Prometheus has recorded of each gateway and model, read day by day."""

from __future__ import annotations

import array
import dataclasses
import re
from collections.abc import Iterator
from typing import Any

from ansible_collections.llmmon.stack.plugins.module_utils.calibration.surges import AS_BEFORE, SURGES
from ansible_collections.llmmon.stack.plugins.module_utils.clients.http import HttpClient

# Seconds between two samples: alerts wait for minutes.
STEP = 60
# Requests of a gateway below which the share that failed says nothing of an objective.
ENOUGH = 500
# Minutes with requests below which nothing is proposed, however many there were.
ENOUGH_MINUTES = 120
_DAY = 86400
_P95 = "job_model:llm_response_latency_seconds:p95_rate5m"
_FAILED = "job_model:llm_requests_failed:ratio_rate5m"
_BUCKETS = '{__name__=~"job_model_le:llm_response_latency_.+_bucket:rate5m"}'
_UNIT = re.compile(r"_(seconds|milliseconds|microseconds)_bucket:")
_PER_SECOND = {"seconds": 1, "milliseconds": 1000, "microseconds": 1000000}


@dataclasses.dataclass
class Series:
    """Samples of a model or gateway: times in seconds, ascending, and values. A model has none of few requests."""

    times: array.array[float] = dataclasses.field(default_factory=lambda: array.array("d"))
    values: array.array[float] = dataclasses.field(default_factory=lambda: array.array("d"))


@dataclasses.dataclass
class ModelHistory:
    """One model of one gateway: requests in the whole time, its P95 in seconds and the share of its failures."""

    gateway: str
    model: str
    requests: float = 0.0
    latency: Series = dataclasses.field(default_factory=Series)
    failures: Series = dataclasses.field(default_factory=Series)
    # Thresholds that are in force, by name; only those that are the model's own.
    own: dict[str, float] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass
class History:
    """Everything there is from one moment to another, both in seconds."""

    start: float
    end: float
    models: list[ModelHistory]
    # The share of requests that failed in all this time, by gateway, where there were enough, and for long enough.
    failures: dict[str, float]
    # The availability that each gateway owes.
    objectives: dict[str, float]
    # How many times the usual there was, by gateway and name of the threshold.
    surges: dict[tuple[str, str], Series]
    # Thresholds in force that are a gateway's own, in the same way.
    own: dict[tuple[str, str], float]
    # Edges of the histogram of response times in seconds, ascending, by gateway.
    edges: dict[str, list[float]]


def read(client: HttpClient, start: float, end: float, minimum: float) -> History:
    """The history between two moments; samples with less than ``minimum`` requests in 5 minutes are left out.

    Raises HttpError when Prometheus does not answer.
    """
    found: dict[tuple[str, str], ModelHistory] = {}

    def model_of(labels: dict[str, str]) -> ModelHistory:
        key = labels.get("job", ""), labels.get("model", "")
        return found.setdefault(key, ModelHistory(*key))

    span = f"{round(end - start)}s"
    for labels, value in _now(client, f"sum_over_time(job_model:llm_requests:rate5m[{span}:{STEP}s]) * {STEP}", end):
        model_of(labels).requests += value
    enough = f"and on (job, model) job_model:llm_requests:increase5m >= {minimum:g}"
    for name, attribute in ((_P95, "latency"), (_FAILED, "failures")):
        for series in _days(client, f"{name} {enough}", start, end):
            kept: Series = getattr(model_of(series["metric"]), attribute)
            kept.times.extend(float(moment) for moment, _ in series["values"])
            kept.values.extend(float(value) for _, value in series["values"])
    own: dict[tuple[str, str], float] = {}
    for labels, value in _now(client, "llmmon:threshold_override", end):
        key = labels.get("job", ""), labels.get("model", "")
        if key in found:
            found[key].own[labels["name"]] = value
        if "model" not in labels:
            own[key[0], labels["name"]] = value
    failed, asked = (
        f"sum_over_time(job:{name}:rate5m[{span}:{STEP}s]) * {STEP}" for name in ("llm_requests_failed", "llm_requests")
    )
    # An hour of a new gateway, or of one that failed, says nothing of a month.
    long = (
        f"and on (job) count_over_time((job:llm_requests:rate5m > 0)[{span}:{STEP}s]) >= {ENOUGH_MINUTES * 60 // STEP}"
    )
    failures = {labels["job"]: value for labels, value in _now(client, f"{failed} / ({asked} >= {ENOUGH}) {long}", end)}
    objectives = {
        labels.get("job", ""): value for labels, value in _now(client, 'llmmon:objective{name="availability"}', end)
    }
    models = sorted(found.values(), key=lambda model: (model.gateway, model.model))
    return History(start, end, models, failures, objectives, _surges(client, start, end), own, _edges(client, end))


def _surges(client: HttpClient, start: float, end: float) -> dict[tuple[str, str], Series]:
    found: dict[tuple[str, str], Series] = {}
    for name, signal in SURGES.items():
        before = f"{AS_BEFORE} * job:{signal}:rate5m_same_time"
        query = f"job:{signal}:surge_ratio unless on (job) job:{signal}:rate5m <= {before}"
        for series in _days(client, query, start, end):
            kept = found.setdefault((series["metric"].get("job", ""), name), Series())
            kept.times.extend(float(moment) for moment, _ in series["values"])
            kept.values.extend(float(value) for _, value in series["values"])
    return found


def _now(client: HttpClient, query: str, at: float) -> list[tuple[dict[str, str], float]]:
    answer = client.get("/api/v1/query", query=query, time=f"{at:.3f}")
    return [(sample["metric"], float(sample["value"][1])) for sample in answer["data"]["result"]]


def _days(client: HttpClient, query: str, start: float, end: float) -> Iterator[dict[str, Any]]:
    """All series, a day at a time: Prometheus refuses more than 11000 points of one series."""
    begin = start
    while begin <= end:
        until = min(begin + _DAY - STEP, end)
        answer = client.get(
            "/api/v1/query_range", query=query, start=f"{begin:.3f}", end=f"{until:.3f}", step=str(STEP)
        )
        yield from answer["data"]["result"]
        begin = until + STEP


def _edges(client: HttpClient, at: float) -> dict[str, list[float]]:
    found: dict[str, set[float]] = {}
    answer = client.get(
        "/api/v1/query",
        query=f"count by (__name__, job, le) (last_over_time({_BUCKETS}[1d]))",
        time=f"{at:.3f}",
    )
    for sample in answer["data"]["result"]:
        labels = sample["metric"]
        unit = _UNIT.search(labels["__name__"])
        edge = float(labels["le"])
        if unit and edge != float("inf"):
            found.setdefault(labels["job"], set()).add(edge / _PER_SECOND[unit[1]])
    return {job: sorted(edges) for job, edges in found.items()}
