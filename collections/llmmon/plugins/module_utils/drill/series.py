# SPDX-License-Identifier: Apache-2.0
"""Synthetic series: what each was worth up to the moment at which a drill begins, and how they are written."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Union

MINUTE, HOUR, DAY = 60, 3600, 86400
# So long before the drill what is recorded ends: from then on the rules have to record it themselves, and a rule that
# does not cannot live on what was there. Prometheus takes a sample for the newest one for 5 minutes.
RECORDED_UNTIL = 6 * MINUTE
# Ages in seconds, oldest first. What exposes metrics is scraped every 15 seconds; the last hours are there by the
# minute, as the sums over them want it, and the weeks before them every half an hour.
SCRAPED = tuple(range(35 * MINUTE, -1, -15))
BY_THE_DAY = (*range(25 * HOUR, 40 * MINUTE, -10 * MINUTE), *range(40 * MINUTE, -1, -MINUTE))
RECORDED = (*range(22 * DAY, 7 * HOUR, -HOUR // 2), *range(7 * HOUR, RECORDED_UNTIL - 1, -MINUTE))

# A value, or what gives one for an age in seconds; None is no sample.
Value = Union[float, Callable[[int], Union[float, None]]]


@dataclasses.dataclass(frozen=True)
class Series:
    """One series: its name, its labels, its value at each age, and the ages in seconds at which it has samples."""

    name: str
    labels: Mapping[str, str]
    value: Value
    ages: tuple[int, ...] = SCRAPED

    def key(self) -> tuple[str, tuple[tuple[str, str], ...]]:
        """What tells it from others. A label without a value is none."""
        return self.name, tuple(sorted((name, value) for name, value in self.labels.items() if value))

    def samples(self) -> Iterator[tuple[int, float]]:
        """Age in seconds and value, oldest first."""
        for age in self.ages:
            value = self.value(age) if callable(self.value) else self.value
            if value is not None:
                yield age, value


def counter(name: str, labels: Mapping[str, str], per_second: float) -> Series:
    """A counter that rises evenly."""
    return Series(name, labels, lambda age: 1000 + per_second * (SCRAPED[0] - age))


def lately(age: int) -> float:
    """The value of a counter of what has just happened for the first time."""
    return float(age < 4 * MINUTE)


def recorded(name: str, labels: Mapping[str, str], value: Value) -> Series:
    """What a rule had recorded in the weeks before."""
    return Series(name, labels, value, RECORDED)


def openmetrics(series: Iterable[Series], now: int) -> str:
    """The samples as OpenMetrics text that ends ``now`` (seconds since 1970); of two alike the first counts."""
    found: dict[tuple[str, tuple[tuple[str, str], ...]], Series] = {}
    for one in series:
        found.setdefault(one.key(), one)
    lines = []
    # One metric after the other, as the format wants it.
    for (name, labels), one in sorted(found.items(), key=lambda item: item[0]):
        written = ",".join(f'{label}="{_escaped(value)}"' for label, value in labels)
        lines += [f"{name}{{{written}}} {value!r} {now - age}" for age, value in one.samples()]
    return "\n".join([*lines, "# EOF\n"])


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
