# SPDX-License-Identifier: Apache-2.0
"""What Prometheus has now, and had before, each question asked once."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping
from typing import Any, Callable

from ansible_collections.llmmon.stack.plugins.module_utils.alive.promql import quoted

Labels = dict[str, str]
# A query of Prometheus's to the labels and the value of each series.
Ask = Callable[[str], list[tuple[Labels, float]]]
# A job to the families that its pages declare, with or without samples.
Declared = Callable[[str], set[str]]

# At which times to look for what is gone, the last first.
BEFORE = ("5m", "15m", "1h", "6h", "1d", "3d", "7d")


class Seen:
    """The answers; ``ask`` raises HttpError where Prometheus gives none."""

    def __init__(self, ask: Ask, declared: Declared) -> None:
        self.ask: Ask = functools.lru_cache(maxsize=None)(ask)
        self.declared: Declared = functools.lru_cache(maxsize=None)(declared)

    def any(self, selector: str) -> bool:
        """Whether there is such a series."""
        return bool(self.ask(f"group({selector})"))

    @functools.cached_property
    def up(self) -> set[str]:
        """The jobs with a target that answers."""
        return {labels.get("job", "") for labels, _ in self.ask("group by (job) (up == 1)")}

    def names(self, jobs: Iterable[str], names: Iterable[str], offset: str = "") -> dict[str, set[str]]:
        """Which of the names each job has, or had."""
        wanted = f"{{job=~{one_of(jobs)}, __name__=~{one_of(names)}}}{_ago(offset)}"
        found: dict[str, set[str]] = {job: set() for job in jobs}
        for labels, _ in self.ask(f"group by (job, __name__) ({wanted})"):
            found[labels["job"]].add(labels["__name__"])
        return found

    def page(self, job: str, offset: str = "") -> set[str]:
        """All names that a job has, or had."""
        wanted = f"{{job={quoted(job)}}}{_ago(offset)}"
        return {labels["__name__"] for labels, _ in self.ask(f"group by (__name__) ({wanted})")}

    def edges(self, job: str, names: Iterable[str]) -> list[float]:
        """The finite edges of a job's histograms, whose buckets have these names."""
        wanted = f"{{job={quoted(job)}, __name__=~{one_of(names)}}}"
        found = [labels.get("le", "") for labels, _ in self.ask(f"group by (le) ({wanted})")]
        return sorted(float(edge) for edge in found if edge and "Inf" not in edge)

    def total(self, expression: str) -> float:
        """What all series of an expression add up to; 0 where there are none."""
        return sum(value for _, value in self.ask(f"sum({expression})"))


def one_of(values: Iterable[str]) -> str:
    """A regular expression for any of the values, quoted as PromQL wants it."""
    return quoted("|".join(re.escape(value) for value in sorted(values)))


def _ago(offset: str) -> str:
    return f" offset {offset}" if offset else ""


def samples(answer: Mapping[str, Any]) -> list[tuple[Labels, float]]:
    """Labels and values of an answer to an instant query."""
    return [(sample["metric"], float(sample["value"][1])) for sample in answer["data"]["result"]]
