"""Room on the disk, asked for before anything is started."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.testbed.shell import TestbedError

NEEDED_BYTES = 6 * 10**9


def require_room(directory: Path, needed: int = NEEDED_BYTES) -> None:
    """Fail when the file system that will hold `directory` has too little room."""
    existing = next(parent for parent in (directory, *directory.parents) if parent.exists())
    free = shutil.disk_usage(existing).free
    if free < needed:
        raise TestbedError(
            f"The testbed needs {needed / 10**9:.0f} GB of free disk in {directory} but only {free / 10**9:.1f} GB"
            " are left: free some, or set LLMMON_TESTBED_DIR to a folder on a bigger disk."
        )
