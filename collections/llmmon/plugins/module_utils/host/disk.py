# SPDX-License-Identifier: Apache-2.0
"""What lies on the disk, how much of it, that it does, and that it goes."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path


def disk_usage(directory: Path) -> int:
    """Bytes on disk below a directory; files that vanish meanwhile count nothing."""
    total = 0
    for parent, _, files in os.walk(directory):
        for file in files:
            try:
                total += (Path(parent) / file).lstat().st_blocks * 512
            except OSError:
                continue
    return total


def nearest_existing(path: Path) -> Path:
    """The path itself or its first parent that exists."""
    return next(candidate for candidate in (path, *path.parents) if candidate.exists())


def sync(path: Path) -> None:
    """Wait until a file, or the names in a directory, have reached the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove(path: Path) -> None:
    """Delete a file, a link or a directory with all that lies in it; what is gone already is no trouble."""
    with contextlib.suppress(FileNotFoundError):
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path)
        else:
            path.unlink()
