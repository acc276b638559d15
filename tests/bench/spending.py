"""What a playbook takes: seconds by the clock, and of the processor here and on its hosts."""

from __future__ import annotations

import resource
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tests.support.stack import Result
from tests.testbed import hosts


@dataclass(frozen=True)
class Spent:
    """Seconds of one run. The processor's are those of ansible-playbook with all it started, and of the hosts."""

    wall: float
    controller: float
    hosts: float


def spent(run: Callable[[], Result], names: Sequence[str], *, changes: bool = False) -> Spent:
    """Run a playbook on hosts of the testbed, and stop the bench where it fails, or changes what it should not."""
    ours, theirs, begun = _own_seconds(), _seconds_of(names), time.monotonic()
    result = run()
    taken = Spent(time.monotonic() - begun, _own_seconds() - ours, _seconds_of(names) - theirs)
    if result.code != 0 or (result.recap("changed") > 0) is not changes:
        raise SystemExit(f"the playbook did not go as expected:\n{result.output}")
    return taken


def line(title: str, runs: Sequence[Spent]) -> str:
    """Medians of several runs, with the spread of the clock's seconds."""
    wall = [run.wall for run in runs]
    spread = f"{min(wall):.1f} to {max(wall):.1f}"
    controller, there = (statistics.median(side) for side in zip(*((r.controller, r.hosts) for r in runs), strict=True))
    return f"{title:44} {statistics.median(wall):7.1f} {spread:>16} {controller:12.1f} {there:8.1f}"


HEADING = f"{'what':44} {'seconds':>7} {'spread':>16} {'CPU here':>12} {'on hosts':>8}"


def _own_seconds() -> float:
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    return ended.ru_utime + ended.ru_stime


def _seconds_of(names: Sequence[str]) -> float:
    """Of all processes that these hosts ever had, by the engine's account."""
    answers: list[Any] = [hosts.container_of(name).stats(stream=False, one_shot=True) for name in names]
    return float(sum(answer["cpu_stats"]["cpu_usage"]["total_usage"] for answer in answers) / 1e9)
