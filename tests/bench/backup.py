"""Compare writing an archive with `tar | gzip`: `python -m tests.bench.backup [--megabytes N] [--runs N]`.

What is measured is what takes a backup its time: read the blocks of a snapshot, hash, compress, write, and wait until
the disk has it. Prometheus makes a snapshot by links; only the newest samples are written anew.
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.bench import blocks
from tests.conftest import REPOSITORY

LEAST_SHARE, MOST_MEGABYTES = 0.8, 100

WRITE = """
import resource, sys, time
from pathlib import Path
from ansible_collections.llmmon.stack.plugins.module_utils.archive_writing import ArchiveWriter, gzip_command
from ansible_collections.llmmon.stack.plugins.module_utils.backup_sources import tree
begun = time.monotonic()
with ArchiveWriter(Path(sys.argv[2]), [gzip_command(int(sys.argv[3]))]) as writer:
    writer.add_all(tree(Path(sys.argv[1]), "prometheus/data"))
    writer.finish()
print(time.monotonic() - begun, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def by_tar(source: Path, target: Path, level: int) -> float:
    """Seconds that tar and gzip take, gzip as nice as a backup's and the file on the disk as with a backup."""
    begun = time.monotonic()
    command = 'tar -cf - -C "$0" . | nice -n 10 gzip --no-name "-$2" > "$1" && sync "$1"'
    subprocess.run(["sh", "-c", command, str(source), str(target), str(level)], check=True)
    return time.monotonic() - begun


def by_backup(source: Path, target: Path, level: int) -> tuple[float, float]:
    """Seconds that a backup's writing takes, in a process of its own, and the most MB that process ever had."""
    finished = subprocess.run(
        [sys.executable, "-c", WRITE, str(source), str(target), str(level)],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY / "collections")},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    seconds, kibibytes = finished.stdout.split()
    return float(seconds), int(kibibytes) * 1024 / 1e6


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.backup", description=__doc__)
    parser.add_argument("--megabytes", type=int, default=2000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--level", type=int, default=1, help="of gzip, for both")
    parser.add_argument("--directory", type=Path, help="where the blocks and the archives are written")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.directory) as name:
        source = Path(name) / "blocks"
        size = blocks.fill(source, options.megabytes * 10**6)
        tar_seconds, backup_seconds, memory = [], [], []
        for run in range(options.runs):
            # By turns, so that what else the machine does bothers both alike.
            plain, archive = Path(name) / "plain.tar.gz", Path(name) / "archive.tar.gz"
            tar_seconds.append(by_tar(source, plain, options.level))
            seconds, most = by_backup(source, archive, options.level)
            backup_seconds.append(seconds)
            memory.append(most)
            packed = archive.stat().st_size
            print(f"run {run + 1}: tar | gzip {tar_seconds[-1]:.1f} s, backup {seconds:.1f} s", flush=True)
            plain.unlink()
            archive.unlink()
    print(f"machine: {os.cpu_count()} cores, Python {platform.python_version()}, load {os.getloadavg()[0]:.1f}")
    print(f"data:    {size / 1e6:.0f} MB, of which the archive makes {packed / 1e6:.0f} MB at level {options.level}")
    return report(size, tar_seconds, backup_seconds, max(memory))


def report(size: int, tar_seconds: list[float], backup_seconds: list[float], memory: float) -> int:
    for what, seconds in (("tar | gzip", tar_seconds), ("backup", backup_seconds)):
        median = statistics.median(seconds)
        speed = size / 1e6 / median
        print(f"{what:12s}{median:6.1f} s (median; {min(seconds):.1f} to {max(seconds):.1f}), {speed:.0f} MB/s")
    share = statistics.median(tar_seconds) / statistics.median(backup_seconds)
    print(f"throughput: {share:.0%} of tar | gzip (at least {LEAST_SHARE:.0%})")
    print(f"memory:     {memory:.0f} MB (at most {MOST_MEGABYTES})")
    return 0 if share >= LEAST_SHARE and memory <= MOST_MEGABYTES else 1


if __name__ == "__main__":
    raise SystemExit(main())
