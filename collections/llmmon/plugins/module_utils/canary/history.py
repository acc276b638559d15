# SPDX-License-Identifier: Apache-2.0
"""What Prometheus has recorded of canaries over a day, a week and a month, for the status page."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Optional
from urllib.parse import urlencode

from .causes import FAILING
from .errors import CanaryError
from .fetching import PageUnavailable, page_of

WINDOWS = ("24h", "7d", "30d")
_TIMEOUT = 60.0
_BY = "by (gateway, model)"

# The gateway's name and the model's.
Model = tuple[str, str]


class HistoryUnavailable(CanaryError):
    """Prometheus gives no answer that can be used; the text says why, in a few words."""


@dataclass
class Figures:
    """Of one model in one window. None is what nobody knows."""

    asked: float = 0.0
    failed: float = 0.0
    median: Optional[float] = None
    p95: Optional[float] = None

    @property
    def answered(self) -> float | None:
        """The part of the requests that got an answer."""
        return 1 - min(1.0, self.failed / self.asked) if self.asked > 0 else None


@dataclass
class History:
    """Figures by model and window."""

    figures: dict[Model, dict[str, Figures]] = field(default_factory=dict)

    def of(self, model: Model, window: str) -> Figures:
        """The figures of a model, which may not be known."""
        return self.figures.get(model, {}).get(window, Figures())


def read(prometheus: str, at: float) -> History:
    """Ask Prometheus at this URL for the figures as of one moment, in seconds since 1970.

    Raises HistoryUnavailable.
    """
    history = History()
    failing = "|".join(FAILING)
    for window in WINDOWS:
        for name, asked in {
            "asked": f"sum {_BY} (increase(llmmon_canary_requests_total[{window}]))",
            "failed": f'sum {_BY} (increase(llmmon_canary_requests_total{{cause=~"{failing}"}}[{window}]))',
            "median": f"max {_BY} (quantile_over_time(0.5, llmmon_canary_duration_seconds[{window}]))",
            "p95": f"max {_BY} (quantile_over_time(0.95, llmmon_canary_duration_seconds[{window}]))",
        }.items():
            for model, value in _query(prometheus, asked, at).items():
                setattr(history.figures.setdefault(model, {}).setdefault(window, Figures()), name, value)
    return history


def _query(prometheus: str, expression: str, at: float) -> Mapping[Model, float]:
    url = f"{prometheus}/api/v1/query?{urlencode({'query': expression, 'time': at})}"
    try:
        return dict(_number(one) for one in json.loads(page_of(url, _TIMEOUT))["data"]["result"])
    except PageUnavailable as error:
        raise HistoryUnavailable(f"Prometheus {error}") from error
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise HistoryUnavailable("Prometheus answers what cannot be read") from error


def _number(result: Mapping[str, Any]) -> tuple[Model, float]:
    labels, value = result["metric"], float(result["value"][1])
    if not math.isfinite(value):
        raise ValueError("a number is none")
    return (str(labels["gateway"]), str(labels["model"])), value
