# SPDX-License-Identifier: Apache-2.0
"""llmmon_threshold_overrides: numbers that alerts compare with, for some gateways and models only.

Of two overrides that set the same number for the same model the later one counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# As the user wrote it, which is how rules show it: 0.2, 1e-06, "0.5" (from --extra-vars).
Number = int | float | str

# Numbers that a model can have, each with the recorded series that tells which models there are.
_REQUESTS = "job_model:llm_requests:rate5m"
OF_MODELS = {
    "failure_ratio": _REQUESTS,
    "slow_request_ratio": _REQUESTS,
    "latency_p95_seconds": _REQUESTS,
    "latency_degraded_ratio": _REQUESTS,
    "latency_degraded_floor_seconds": _REQUESTS,
    "failures_unusual_ratio": _REQUESTS,
    "failures_unusual_floor_ratio": _REQUESTS,
    "minimum_requests": _REQUESTS,
    "waiting_requests": "job_model:llm_requests_waiting",
    "kv_cache_usage_ratio": "job_model:llm_kv_cache_usage_ratio",
}
# What a model owes its users (slo of an entry with a model), under names beside those of thresholds.
MODEL_OBJECTIVES = {f"slo_{name}": _REQUESTS for name in ("availability", "latency", "minimum_requests")}
# Numbers of whole gateways: their alerts add up all models.
OF_GATEWAYS = ("request_surge_ratio", "token_surge_ratio")


@dataclass(frozen=True)
class Override:
    """One entry of llmmon_threshold_overrides.

    ``jobs`` are the gateways that it is about, None for all there are. ``model`` is a regular expression, None for all
    models. ``numbers`` and ``slo`` hold what it sets, ``slo`` of gateways alone: that of models is among the numbers.
    """

    jobs: tuple[str, ...] | None
    model: str | None
    numbers: Mapping[str, Number]
    slo: Mapping[str, Number]

    def is_about(self, job: str) -> bool:
        """Whether it is about a gateway."""
        return self.jobs is None or job in self.jobs


@dataclass(frozen=True)
class Overrides:
    """All of them, in the user's order."""

    given: Sequence[Override] = ()

    @classmethod
    def of(cls, entries: Iterable[Mapping[str, Any]], jobs: Sequence[str]) -> Overrides:
        """From llmmon_threshold_overrides, which has been checked, and the names of all gateways."""
        return cls([_override(entry, jobs) for entry in entries])

    def for_models(self, name: str) -> list[Override]:
        """Those that set a number that models can have, the one that counts most first."""
        return [override for override in reversed(self.given) if name in override.numbers]

    def of_gateway(self, name: str, job: str, default: Number) -> Number:
        """What a number of whole gateways is for one of them."""
        values = [entry.numbers[name] for entry in self.given if name in entry.numbers and entry.is_about(job)]
        return values[-1] if values else default

    def slo_of(self, job: str, default: Mapping[str, Number]) -> dict[str, Number]:
        """What a gateway owes its users."""
        slo = dict(default)
        for entry in self.given:
            slo |= entry.slo if entry.is_about(job) else {}
        return slo


def matching(pattern: Any, names: Iterable[str]) -> tuple[str, ...]:
    """The names that a regular expression matches in full, as Prometheus's do.

    Raises re.error for one that does not compile.
    """
    compiled = re.compile(str(pattern))
    return tuple(name for name in names if compiled.fullmatch(name))


def _override(entry: Mapping[str, Any], jobs: Sequence[str]) -> Override:
    given = {key: value for key, value in entry.items() if value is not None}
    gateway, model = given.pop("gateway", None), given.pop("model", None)
    slo = {key: value for key, value in given.pop("slo", {}).items() if value is not None}
    return Override(
        jobs=None if gateway is None else matching(gateway, jobs),
        model=None if model is None else str(model),
        slo=slo if model is None else {},
        numbers=given if model is None else given | {f"slo_{key}": value for key, value in slo.items()},
    )
