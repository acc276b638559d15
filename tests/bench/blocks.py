"""Blocks of a TSDB as large as wanted: some that promtool makes of samples, again and again under other names."""

from __future__ import annotations

import random
import shutil
import subprocess
from pathlib import Path

from tests.testbed.tools import tool

# Crockford's alphabet, of which the names of blocks are made.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_BEGIN, _SECONDS, _SERIES = 1_700_000_000, 7000, 150


def fill(directory: Path, size: int) -> int:
    """Fill a directory with at least ``size`` bytes of blocks; returns how many bytes it holds then."""
    templates = directory.with_name(directory.name + "-templates")
    create(templates)
    blocks = sorted(path for path in templates.iterdir() if path.is_dir())
    sizes = {block: sum(path.stat().st_size for path in block.rglob("*") if path.is_file()) for block in blocks}
    directory.mkdir()
    written = number = 0
    while written < size:
        block = blocks[number % len(blocks)]
        name = "01" + "".join(_ALPHABET[number // 32**place % 32] for place in range(24))
        shutil.copytree(block, directory / name)
        written += sizes[block]
        number += 1
    shutil.rmtree(templates)
    return written


def create(directory: Path) -> None:
    """Blocks of counters and of gauges that jump about."""
    directory.mkdir()
    samples = directory / "samples.om"
    chance = random.Random(1)  # noqa: S311 - the same each time, and no secret
    with samples.open("w") as handle:
        for kind in ("requests", "latency"):
            handle.write(f"# TYPE {kind} gauge\n")
            for series in range(_SERIES):
                value = 0.0
                for second in range(_BEGIN, _BEGIN + _SECONDS, 10):
                    value = value + chance.randrange(50) if kind == "requests" else chance.expovariate(2)
                    handle.write(f'{kind}{{model="m{series}"}} {value} {second}\n')
        handle.write("# EOF\n")
    command = [
        str(tool("promtool", "3.5.3")),
        "tsdb",
        "create-blocks-from",
        "openmetrics",
        str(samples),
        str(directory),
    ]
    subprocess.run(command, check=True, capture_output=True)
    samples.unlink()
