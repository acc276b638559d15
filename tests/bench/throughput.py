"""What the benches of backup and restore share: a process that says how long it took, and the report."""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.conftest import REPOSITORY

LEAST_SHARE, MOST_MEGABYTES = 0.8, 100


def options(parser: argparse.ArgumentParser) -> argparse.Namespace:
    """What both can be told."""
    parser.add_argument("--megabytes", type=int, default=2000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--level", type=int, default=1, help="of gzip, for both")
    parser.add_argument("--directory", type=Path, help="where the blocks and the archives are written")
    return parser.parse_args()


def measured(code: str, *arguments: object) -> tuple[float, float]:
    """Seconds, and the most MB that a process of its own ever had; the code prints both, the memory in KiB."""
    finished = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY / "collections")},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    seconds, kibibytes = finished.stdout.split()
    return float(seconds), int(kibibytes) * 1024 / 1e6


def report(size: int, plain: tuple[str, Sequence[float]], ours: tuple[str, Sequence[float]], memory: float) -> int:
    """Print medians and shares; returns the exit code: 1 below the least share or above the most memory."""
    print(f"machine: {os.cpu_count()} cores, Python {platform.python_version()}, load {os.getloadavg()[0]:.1f}")
    for what, seconds in (plain, ours):
        median = statistics.median(seconds)
        speed = size / 1e6 / median
        print(f"{what:18s}{median:6.1f} s (median; {min(seconds):.1f} to {max(seconds):.1f}), {speed:.0f} MB/s")
    share = statistics.median(plain[1]) / statistics.median(ours[1])
    print(f"throughput: {share:.0%} of {plain[0]} (at least {LEAST_SHARE:.0%})")
    print(f"memory:     {memory:.0f} MB (at most {MOST_MEGABYTES})")
    return 0 if share >= LEAST_SHARE and memory <= MOST_MEGABYTES else 1
