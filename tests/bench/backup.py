"""Compare writing an archive with `tar | gzip`: `python -m tests.bench.backup [--megabytes N] [--runs N]`.

What is measured is what takes a backup its time: read the blocks of a snapshot, hash, compress, write, read back as a
restore does, and wait until the disk has it. Prometheus makes a snapshot by links; only the newest samples are written
anew.
"""

from __future__ import annotations

import argparse
import subprocess
import tempfile
import time
from pathlib import Path

from tests.bench import blocks, throughput

WRITE = """
import resource, sys, time
from pathlib import Path
from ansible_collections.llmmon.stack.plugins.module_utils.archive.format import Header, ServiceRecord
from ansible_collections.llmmon.stack.plugins.module_utils.archive.writing import ArchiveWriter, gzip_command
from ansible_collections.llmmon.stack.plugins.module_utils.backup.sources import tree
from ansible_collections.llmmon.stack.plugins.module_utils.host.clock import utc_now
begun = time.monotonic()
files = tree(Path(sys.argv[1]), "prometheus/data")
created = utc_now().replace(microsecond=0)
header = Header("full", created, "bench", {"prometheus": ServiceRecord()}, sum(file.size for file in files))
with ArchiveWriter(Path(sys.argv[2]), header, [gzip_command(int(sys.argv[3]))]) as writer:
    writer.write(files)
print(time.monotonic() - begun, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def by_tar(source: Path, target: Path, level: int) -> float:
    """Seconds that tar and gzip take, gzip as nice as a backup's and the file on the disk as with a backup."""
    begun = time.monotonic()
    command = 'tar -cf - -C "$0" . | nice -n 10 gzip --no-name "-$2" > "$1" && sync "$1"'
    subprocess.run(["sh", "-c", command, str(source), str(target), str(level)], check=True)
    return time.monotonic() - begun


def main() -> int:
    options = throughput.options(argparse.ArgumentParser(prog="python -m tests.bench.backup", description=__doc__))
    with tempfile.TemporaryDirectory(dir=options.directory) as name:
        source = Path(name) / "blocks"
        size = blocks.fill(source, options.megabytes * 10**6)
        tar_seconds, backup_seconds, memory = [], [], []
        for run in range(options.runs):
            # By turns, so that what else the machine does bothers both alike.
            plain, archive = Path(name) / "plain.tar.gz", Path(name) / "archive.tar.gz"
            tar_seconds.append(by_tar(source, plain, options.level))
            seconds, most = throughput.measured(WRITE, source, archive, options.level)
            backup_seconds.append(seconds)
            memory.append(most)
            packed = archive.stat().st_size
            print(f"run {run + 1}: tar | gzip {tar_seconds[-1]:.1f} s, backup {seconds:.1f} s", flush=True)
            plain.unlink()
            archive.unlink()
    print(f"data:    {size / 1e6:.0f} MB, of which the archive makes {packed / 1e6:.0f} MB at level {options.level}")
    return throughput.report(size, ("tar | gzip", tar_seconds), ("backup", backup_seconds), max(memory))


if __name__ == "__main__":
    raise SystemExit(main())
