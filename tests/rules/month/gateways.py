"""The five gateways of the simulated month, and what is usual for them.

Rates are requests per second at the busiest time, latencies are medians in seconds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

# The same for all: what a gateway exposes for all its models. 2 s, the threshold of whoever sets none, is one of them.
EDGES = (0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 8.0, 12.0, 20.0, 30.0, 60.0, 120.0)


@dataclass(frozen=True)
class Model:
    """One model behind a gateway.

    ``share`` of the gateway's requests; answers take ``median`` seconds, spread by ``sigma`` (of a lognormal
    distribution); ``failures`` is the share of requests that always fail; ``tokens`` are input and output of a request.
    """

    name: str
    share: float
    median: float
    sigma: float
    failures: float
    tokens: tuple[int, int]


@dataclass(frozen=True)
class Gateway:
    """``night`` and ``weekend`` are shares of what is usual at noon of a working day."""

    name: str
    rate: float
    night: float
    weekend: float
    models: tuple[Model, ...]
    # Whether it works through jobs instead of serving people.
    batch: bool = False

    @property
    def target(self) -> dict[str, object]:
        """What the role is told of it."""
        return {"name": self.name, "kind": "canonical", "targets": [f"{self.name}:8000"]}


GATEWAYS = (
    Gateway(
        "big",
        20.0,
        0.12,
        0.35,
        (
            Model("chat-large", 0.35, 6.0, 0.7, 0.006, (1200, 400)),
            Model("chat-mini", 0.45, 1.2, 0.6, 0.004, (600, 200)),
            Model("embed", 0.20, 0.15, 0.5, 0.005, (300, 0)),
        ),
    ),
    Gateway(
        "mid",
        0.6,
        0.15,
        0.40,
        (
            Model("chat", 0.7, 4.0, 0.7, 0.012, (900, 350)),
            Model("code", 0.3, 3.0, 0.8, 0.012, (2500, 300)),
        ),
    ),
    Gateway("small", 18 / 3600, 0.4, 0.6, (Model("support", 1.0, 3.0, 0.7, 0.015, (500, 250)),)),
    Gateway("fast", 3.0, 0.10, 0.50, (Model("classify", 1.0, 0.35, 0.5, 0.006, (200, 10)),)),
    Gateway("batch", 4.0, 0.002, 0.002, (Model("summary", 1.0, 8.0, 0.6, 0.008, (4000, 500)),), batch=True),
)


def named(names: Sequence[str]) -> tuple[Gateway, ...]:
    """The gateways of these names, in this order."""
    known = {gateway.name: gateway for gateway in GATEWAYS}
    return tuple(known[name] for name in names)
