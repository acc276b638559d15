# SPDX-License-Identifier: Apache-2.0
"""Traffic that nobody sent, as the metrics page of a gateway of some kind would show it.

A preset (``plugin_utils/presets.py``) says by which metrics a kind is read; here it is read the other way round.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Optional

from ansible_collections.llmmon.stack.plugins.module_utils.drill.matching import lets_through, passing
from ansible_collections.llmmon.stack.plugins.module_utils.drill.series import Series, counter

_PER_SECOND = {"seconds": 1, "milliseconds": 1000, "microseconds": 1000000}
INSTANCE = "drill:8000"

# A metric's name, and its labels.
Key = tuple[str, tuple[tuple[str, str], ...]]


@dataclasses.dataclass(frozen=True)
class Traffic:
    """What one model does: requests, tokens, dollars and so on per second.

    ``failed`` is the share of requests that fail. ``answers`` are edges in seconds, and which share of all answers is
    between the edge before and this one.
    """

    model: str
    requests: float = 0
    failed: float = 0
    answers: tuple[tuple[float, float], ...] = ()
    tokens: float = 0
    dollars: float = 0
    team: str = ""
    waiting: float = 0
    kv_cache_usage: float = 0
    deployment_failed: float = 0
    deployment_requests: float = 0
    fallbacks: float = 0


@dataclasses.dataclass(frozen=True)
class Kind:
    """A kind of gateway: its preset, and which of its failures count (``llmmon_failure_definition``)."""

    preset: Mapping[str, Any]
    failure_definition: str = "all"

    def knows(self, signal: str) -> bool:
        """Whether a signal can be read of it; ``percentile`` is of its response times."""
        if signal == "percentile":
            return "metrics" in self.preset.get("latency", {})
        return signal in self.preset

    def series(self, job: str, traffic: Traffic) -> list[Series]:
        """What Prometheus has of this traffic at a gateway of this kind."""
        rates: dict[Key, float] = {}
        gauges: dict[Key, float] = {}
        for (name, labels), rate in self._counters(job, traffic):
            key = (name, tuple(sorted(labels.items())))
            rates[key] = rates.get(key, 0) + rate
        for (name, labels), value in self._gauges(job, traffic):
            gauges[name, tuple(sorted(labels.items()))] = value
        # Requests may be counted by the histogram of their times, which then is in both: as many as there are requests.
        for (name, labels), rate in self._histogram(job, traffic):
            rates.setdefault((name, tuple(sorted(labels.items()))), rate)
        counters = [counter(key[0], dict(key[1]), rate) for key, rate in rates.items()]
        return counters + [Series(key[0], dict(key[1]), value) for key, value in gauges.items()]

    def request_counters(self, job: str, model: str) -> list[tuple[str, dict[str, str]]]:
        """A series that counts requests which succeed; empty where there is none."""
        found = self._succeeding(self._labels(job, model))
        return [found] if found else []

    def _labels(self, job: str, model: str, **others: str) -> dict[str, str]:
        """Labels by the source's own names, and by ours: a gateway without such a label may have been given one."""
        found = {"job": job, "instance": INSTANCE}
        for label, value in {"model": model, **others}.items():
            if value:
                found.update(dict.fromkeys([label, *self.preset.get("labels", {}).get(label, [])], value))
        return found

    def _counters(self, job: str, traffic: Traffic) -> Iterator[tuple[tuple[str, dict[str, str]], float]]:
        base = self._labels(job, traffic.model, team=traffic.team)
        if "requests" in self.preset:
            yield from self._requests(base, traffic)
        for entry in self.preset.get("tokens", []):
            kind = entry.get("type", "output")
            origins = [] if "type" in entry else self.preset.get("labels", {}).get("type", ["type"])
            found = _first([entry], {**base, **dict.fromkeys(origins, kind)})
            if found:
                yield found, traffic.tokens
        paid = _first(self.preset.get("cost_usd", []), base)
        if paid:
            yield paid, traffic.dollars
        if traffic.deployment_requests and "deployments" in self.preset:
            behind = self._labels(job, traffic.model, deployment="drill", address="drill")
            # The source's own label of a model may be the deployment's.
            attempts = _first(self.preset["deployments"]["requests"], behind)
            failures = _first(self.preset["deployments"]["failures"], behind)
            if attempts and failures:
                yield attempts, traffic.deployment_requests
                yield failures, traffic.deployment_failed
        if traffic.fallbacks and "fallbacks" in self.preset:
            other = _first(self.preset["fallbacks"], self._labels(job, traffic.model, fallback="drill-other"))
            if other:
                yield other, traffic.fallbacks

    def _requests(self, base: dict[str, str], traffic: Traffic) -> Iterator[tuple[tuple[str, dict[str, str]], float]]:
        failing = _first(self._failures(), base)
        failed = traffic.requests * traffic.failed
        counted = False
        if failing and failed:
            yield failing, failed
            counted = any(
                failing[0] in entry["metrics"] and lets_through(entry.get("matchers", ""), failing[1])
                for entry in self.preset["requests"]
            )
        succeeding = self._succeeding(base)
        if succeeding:
            yield succeeding, traffic.requests - (failed if counted else 0)

    def _failures(self) -> list[dict[str, Any]]:
        failures = self.preset.get("failures", {})
        return list(failures.get(self.failure_definition) or failures.get("all") or [])

    def _succeeding(self, base: dict[str, str]) -> Optional[tuple[str, dict[str, str]]]:
        """A series of requests that is none of failures."""
        for entry in self.preset.get("requests", []):
            name = entry["metrics"][0]
            of_failures = [one.get("matchers", "") for one in self._failures() if name in one["metrics"]]
            if any(not matchers for matchers in of_failures):
                continue
            labels = passing(entry.get("matchers", ""), base, of_failures[0] if of_failures else None)
            if labels is not None and not any(lets_through(matchers, labels) for matchers in of_failures):
                return name, labels
        return None

    def _histogram(self, job: str, traffic: Traffic) -> Iterator[tuple[tuple[str, dict[str, str]], float]]:
        latency = self.preset.get("latency", {})
        found = _first([latency], self._labels(job, traffic.model)) if "metrics" in latency else None
        if not found or not traffic.answers:
            return
        name, labels = found
        unit, total = _PER_SECOND[latency["unit"]], 0.0
        for edge, share in traffic.answers:
            total += share * traffic.requests
            yield (f"{name}_bucket", {**labels, "le": f"{edge * unit:.12g}"}), total
        yield (f"{name}_bucket", {**labels, "le": "+Inf"}), total
        yield (f"{name}_count", labels), total
        yield (f"{name}_sum", labels), total * traffic.answers[-1][0] * unit

    def _gauges(self, job: str, traffic: Traffic) -> Iterator[tuple[tuple[str, dict[str, str]], float]]:
        base = self._labels(job, traffic.model)
        for signal, value in (("waiting", traffic.waiting), ("kv_cache_usage", traffic.kv_cache_usage)):
            found = _first(self.preset.get(signal, []), base)
            if found and value:
                yield found, value


def _first(entries: Iterable[Mapping[str, Any]], base: Mapping[str, str]) -> Optional[tuple[str, dict[str, str]]]:
    """The newest name of the first metric whose matchers can be met, and labels that meet them."""
    for entry in entries:
        labels = passing(entry.get("matchers", ""), base)
        if labels is not None:
            return entry["metrics"][0], labels
    return None
