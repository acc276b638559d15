"""Compare reading an archive with `gzip -d | tar -x`: `python -m tests.bench.restore [--megabytes N] [--runs N]`.

The archive is written as a backup writes it, of blocks of a real TSDB. What is measured is what takes a restore its
time: decompress, compare every checksum, write the files to staging. The exchange after that is renames.
"""

from __future__ import annotations

import argparse
import datetime
import subprocess
import tempfile
import time
from pathlib import Path

from ansible_collections.llmmon.stack.plugins.module_utils.archive.format import Header, ServiceRecord
from ansible_collections.llmmon.stack.plugins.module_utils.archive.names import ArchiveName
from ansible_collections.llmmon.stack.plugins.module_utils.archive.new_files import NewFile
from ansible_collections.llmmon.stack.plugins.module_utils.archive.writing import ArchiveWriter, gzip_command
from ansible_collections.llmmon.stack.plugins.module_utils.backup.sources import tree

from tests.bench import blocks, throughput

RELEASE = "20260102T030405.000000Z"
CREATED = datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)

READ = """
import os, resource, sys, time
from pathlib import Path
from ansible_collections.llmmon.stack.plugins.module_utils.archive.extraction import Extraction, FileOwner
from ansible_collections.llmmon.stack.plugins.module_utils.archive.reading import read_archive
me = FileOwner(os.geteuid(), os.getegid())
begun = time.monotonic()
staging = Extraction(Path(sys.argv[2]), {name: me for name in ("prometheus", "alertmanager", "grafana")})
read_archive(Path(sys.argv[1]), 2**50, staging.open)
print(time.monotonic() - begun, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def write_archive(source: Path, size: int, level: int) -> Path:
    """An archive of the blocks beside them, whose header says all that a restore asks of it."""
    archive = source.with_name(str(ArchiveName(CREATED, "full")))
    configuration = b"global: {}\n"
    service = ServiceRecord(version="3.5.3", release=RELEASE)
    header = Header("full", CREATED, "bench", {"prometheus": service}, size + len(configuration))
    settings = NewFile(f"config/prometheus/{RELEASE}/prometheus.yml", len(configuration), configuration)
    with ArchiveWriter(archive, header, [gzip_command(level)]) as writer:
        writer.write([settings, *tree(source, "prometheus/data")])
    return archive


def by_tar(archive: Path, target: Path) -> float:
    """Seconds that gzip and tar take."""
    begun = time.monotonic()
    command = 'gzip -dc "$0" | tar -xf - -C "$1"'
    subprocess.run(["sh", "-c", command, str(archive), str(target)], check=True)
    return time.monotonic() - begun


def main() -> int:
    options = throughput.options(argparse.ArgumentParser(prog="python -m tests.bench.restore", description=__doc__))
    with tempfile.TemporaryDirectory(dir=options.directory) as name:
        folder = Path(name)
        size = blocks.fill(folder / "blocks", options.megabytes * 10**6)
        archive = write_archive(folder / "blocks", size, options.level)
        tar_seconds, restore_seconds, memory = [], [], []
        for run in range(options.runs):
            # By turns, so that what else the machine does bothers both alike.
            with tempfile.TemporaryDirectory(dir=folder) as target:
                tar_seconds.append(by_tar(archive, Path(target)))
            with tempfile.TemporaryDirectory(dir=folder) as target:
                seconds, most = throughput.measured(READ, archive, target)
            restore_seconds.append(seconds)
            memory.append(most)
            print(f"run {run + 1}: gzip -d | tar -x {tar_seconds[-1]:.1f} s, restore {seconds:.1f} s", flush=True)
        packed = archive.stat().st_size
    print(f"data:    {size / 1e6:.0f} MB in an archive of {packed / 1e6:.0f} MB at level {options.level}")
    return throughput.report(size, ("gzip -d | tar -x", tar_seconds), ("restore", restore_seconds), max(memory))


if __name__ == "__main__":
    raise SystemExit(main())
