"""Compare reading an archive with `gzip -d | tar -x`: `python -m tests.bench.restore [--megabytes N] [--runs N]`.

The archive is made of blocks of a real TSDB, again and again under other names. What is measured is what takes a
restore its time: decompress, compare every checksum, write the files to staging. The exchange after that is renames.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import math
import os
import platform
import random
import statistics
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path

from tests.conftest import REPOSITORY
from tests.testbed.tools import tool

LEAST_SHARE, MOST_MEGABYTES = 0.8, 100
# Crockford's alphabet, of which the names of blocks are made.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
RELEASE = "20260102T030405.000000Z"

READ = """
import os, resource, sys, time
from pathlib import Path
from ansible_collections.llmmon.stack.plugins.module_utils.archive_reading import Owner, Staging, read_archive
me = Owner(os.geteuid(), os.getegid())
begun = time.monotonic()
staging = Staging(Path(sys.argv[2]), {name: me for name in ("prometheus", "alertmanager", "grafana")})
read_archive(Path(sys.argv[1]), 2**50, staging.open)
print(time.monotonic() - begun, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def make_blocks(folder: Path) -> list[Path]:
    """Files of some blocks that promtool makes of counters and of gauges that jump about."""
    source, blocks = folder / "samples.om", folder / "blocks"
    chance = random.Random(1)  # noqa: S311 - the same each time, and no secret
    with source.open("w") as handle:
        for kind in ("requests", "latency"):
            handle.write(f"# TYPE {kind} gauge\n")
            for series in range(150):
                value = 0.0
                for second in range(1_700_000_000, 1_700_000_000 + 7000, 10):
                    value = value + chance.randrange(50) if kind == "requests" else chance.expovariate(2)
                    handle.write(f'{kind}{{model="m{series}"}} {value} {second}\n')
        handle.write("# EOF\n")
    promtool = tool("promtool", "3.5.3")
    subprocess.run(
        [promtool, "tsdb", "create-blocks-from", "openmetrics", source, blocks], check=True, capture_output=True
    )
    source.unlink()
    return sorted(path for path in blocks.rglob("*") if path.is_file())


def make_archive(folder: Path, size: int) -> Path:
    """An archive of at least that many bytes of blocks, compressed as backup.yml does by default."""
    files = make_blocks(folder)
    size_of_all = sum(path.stat().st_size for path in files)
    copies = math.ceil(size / size_of_all)
    configuration = b"global: {}\n"
    service = dict.fromkeys(("version", "image", "image_id", "release", "running_release"), "")
    service |= {"version": "3.5.3", "release": RELEASE}
    header = {"format": 1, "scope": "full", "created": "2026-01-02T03:04:05Z", "host": "bench"}
    header |= {"services": {"prometheus": {**service, "digests": []}}}
    header |= {"bytes": copies * size_of_all + len(configuration)}
    archive = folder / "llm_monitoring_backup_20260102_030405_full.tar.gz"
    records: dict[str, dict[str, object]] = {}
    with (
        archive.open("wb") as output,
        subprocess.Popen(["gzip", "-1"], stdin=subprocess.PIPE, stdout=output) as gzip,
        gzip.stdin or output as pipe,
        tarfile.open(fileobj=pipe, mode="w|", format=tarfile.PAX_FORMAT) as tar,
    ):

        def add(path: str, content: bytes) -> None:
            records[path] = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
            info = tarfile.TarInfo(path)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))

        add("backup.json", json.dumps(header).encode())
        add(f"config/prometheus/{RELEASE}/prometheus.yml", configuration)
        blocks = sorted({path.relative_to(folder / "blocks").parts[0] for path in files})
        contents = [(path.relative_to(folder / "blocks").parts, path.read_bytes()) for path in files]
        for copy in range(copies):
            for (block, *inside), content in contents:
                number = copy * len(blocks) + blocks.index(block)
                name = "01" + "".join(ALPHABET[number // 32**place % 32] for place in range(24))
                add("/".join(["prometheus/data", name, *inside]), content)
        add("manifest.json", json.dumps({"format": 1, "files": records}).encode())
    return archive


def by_tar(archive: Path, target: Path) -> float:
    """Seconds that gzip and tar take."""
    begun = time.monotonic()
    command = 'gzip -dc "$0" | tar -xf - -C "$1"'
    subprocess.run(["sh", "-c", command, str(archive), str(target)], check=True)
    return time.monotonic() - begun


def by_restore(archive: Path, target: Path) -> tuple[float, float]:
    """Seconds that the restore's reading takes, in a process of its own, and the most MB that process ever had."""
    finished = subprocess.run(
        [sys.executable, "-c", READ, str(archive), str(target)],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY / "collections")},
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    seconds, kibibytes = finished.stdout.split()
    return float(seconds), int(kibibytes) * 1024 / 1e6


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.restore", description=__doc__)
    parser.add_argument("--megabytes", type=int, default=2000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--directory", type=Path, help="where the archive and its files are written")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.directory) as name:
        folder = Path(name)
        archive = make_archive(folder, options.megabytes * 10**6)
        tar_seconds, restore_seconds, memory = [], [], []
        for run in range(options.runs):
            # By turns, so that what else the machine does bothers both alike.
            with tempfile.TemporaryDirectory(dir=folder) as target:
                tar_seconds.append(by_tar(archive, Path(target)))
            with tempfile.TemporaryDirectory(dir=folder) as target:
                seconds, most = by_restore(archive, Path(target))
            restore_seconds.append(seconds)
            memory.append(most)
            print(f"run {run + 1}: gzip | tar {tar_seconds[-1]:.1f} s, restore {seconds:.1f} s", flush=True)
        size = options.megabytes
        packed = archive.stat().st_size / 1e6
        print(f"machine: {os.cpu_count()} cores, Python {platform.python_version()}; archive {packed:.0f} MB")
        return report(size, tar_seconds, restore_seconds, max(memory))


def report(size: int, tar_seconds: list[float], restore_seconds: list[float], memory: float) -> int:
    for what, seconds in (("gzip -d | tar -x", tar_seconds), ("restore", restore_seconds)):
        median = statistics.median(seconds)
        print(f"{what:18s}{median:6.1f} s (median; {min(seconds):.1f} to {max(seconds):.1f}), {size / median:.0f} MB/s")
    share = statistics.median(tar_seconds) / statistics.median(restore_seconds)
    print(f"throughput: {share:.0%} of gzip -d | tar -x (at least {LEAST_SHARE:.0%})")
    print(f"memory:     {memory:.0f} MB (at most {MOST_MEGABYTES})")
    return 0 if share >= LEAST_SHARE and memory <= MOST_MEGABYTES else 1


if __name__ == "__main__":
    raise SystemExit(main())
