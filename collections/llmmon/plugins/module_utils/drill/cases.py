# SPDX-License-Identifier: Apache-2.0
"""What makes an alert fire: one case for each, in one of the worlds that a drill lets be at once."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from typing import Optional

from ansible_collections.llmmon.stack.plugins.module_utils.drill.loaded import Loaded
from ansible_collections.llmmon.stack.plugins.module_utils.drill.series import Series, recorded
from ansible_collections.llmmon.stack.plugins.module_utils.drill.traffic import INSTANCE, Kind, Traffic
from ansible_collections.llmmon.stack.plugins.module_utils.host.places import DRILL_WORLDS

# In one world all is wrong that can be at once: gateways fail, are slow, and have more traffic than ever.
# In the other there is nothing: no target, no request, and budgets of failures that are used up. A third is for budgets
# of money that are nearly used, which is neither. The rest are for the user's own alerts.
WORLDS = LOUD, QUIET, NEARLY, *OWN = DRILL_WORLDS


@dataclasses.dataclass(frozen=True)
class Gateway:
    """A gateway of the deployment, and what the loaded rules say of it."""

    job: str
    kind: Kind
    sample_limit: int
    loaded: Loaded
    minimum_requests: float = 20

    @property
    def source(self) -> str:
        """Its label ``source`` in what is recorded."""
        return self.loaded.sources().get(self.job, "")

    def traffic(self, traffic: Traffic) -> list[Series]:
        """What is scraped of it."""
        return self.kind.series(self.job, traffic)

    def history(self, name: str, model: str, value: float) -> Series:
        """What was recorded of a model."""
        return recorded(name, {"job": self.job, "model": model, "source": self.source}, value)

    def of_all(self, name: str, value: float) -> Series:
        """What was recorded of the gateway as a whole."""
        return recorded(name, {"job": self.job}, value)

    def target(self, instance: str, name: str, value: float, ages: Optional[tuple[int, ...]] = None) -> Series:
        """What Prometheus itself knows of one of its targets."""
        series = Series(name, {"job": self.job, "instance": f"{instance}:8000"}, value)
        return dataclasses.replace(series, ages=ages) if ages else series

    @property
    def busy(self) -> float:
        """Requests per second that are certainly enough to judge by."""
        return 1 + self.minimum_requests


@dataclasses.dataclass(frozen=True)
class Case:
    """The series that make one alert fire, in which world, and the signals that a gateway must have for them."""

    make: Callable[[Gateway], Iterable[Series]]
    signals: tuple[str, ...] = ("requests",)
    world: str = LOUD

    def fits(self, gateway: Gateway) -> bool:
        """Whether this can be wrong at the gateway at all."""
        return all(gateway.kind.knows(signal) for signal in self.signals)


@dataclasses.dataclass(frozen=True)
class StackCase:
    """The series that make an alert of the stack itself fire. ``now`` is in seconds since 1970."""

    make: Callable[[int], Iterable[Series]]
    world: str = LOUD


def alive(gateway: Gateway) -> list[Series]:
    """The target that all traffic is scraped from, in the world in which there is one."""
    labels = {"job": gateway.job, "instance": INSTANCE}
    relabeling = [rule["labels"] for rule in gateway.loaded.recorded("llmmon:relabelling")]
    return [
        Series("up", labels, 1),
        # It was started in 1970: what its counters begin with was counted long ago.
        Series("process_start_time_seconds", labels, 1),
        # Its metrics are read as they were, so that first values would count.
        *(Series("llmmon:relabelling", own, 1) for own in relabeling if own["job"] == gateway.job),
    ]
