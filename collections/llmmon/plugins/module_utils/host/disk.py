# SPDX-License-Identifier: Apache-2.0
"""What lies on the disk, how much of it, that it does, and that it goes."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Optional

# Enough for two releases of configuration with all dashboards.
_LEAST_FREE_MB = 32
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW


def walk(root: Path, leave_out: Collection[str] = ()) -> Iterator[os.DirEntry[str]]:
    """Whatever is no directory below one, sorted and however deep; what vanishes meanwhile is not there.

    A link is what it is itself, never what it leads to. What has a path in ``leave_out`` is left out, with all
    below it.
    """
    waiting = [str(root)]
    while waiting:
        directory = waiting.pop()
        try:
            with os.scandir(directory) as found:
                entries = sorted(found, key=lambda entry: entry.name)
        except (FileNotFoundError, NotADirectoryError):
            continue
        deeper = []
        for entry in entries:
            if entry.path in leave_out:
                continue
            if entry.is_dir(follow_symlinks=False):
                deeper.append(entry.path)
            else:
                yield entry
        waiting += reversed(deeper)


def disk_usage(directory: Path) -> int:
    """Bytes on disk below a directory; files that vanish meanwhile count nothing."""
    total = 0
    for entry in walk(directory):
        with contextlib.suppress(OSError):
            total += entry.stat(follow_symlinks=False).st_blocks * 512
    return total


def why_not_written(error: OSError, place: str) -> str:
    """An error of writing as part of a sentence: where it was, and what to do when the disk is full."""
    where = str(error.filename or place)
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"the disk is full at {where}: free some there, and run again"
    return f"{where}: {error.strerror or error}"


def lack_of_room(directory: Path, variable: str) -> Optional[str]:
    """Why a directory that takes little cannot take it: too few bytes, or no inode; None when it can."""
    place = os.statvfs(nearest_existing(directory))
    free_mb = place.f_bavail * place.f_frsize // 2**20
    if free_mb < _LEAST_FREE_MB:
        return (
            f"only {free_mb} MiB of disk are free at {directory}, where {_LEAST_FREE_MB} are needed: free some, or set"
            f" {variable} to another file system"
        )
    # Some file systems do not count inodes.
    if place.f_files and not place.f_favail:
        return f"no inode is free at {directory}: delete files there, or set {variable} to another file system"
    return None


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
    """Delete a file, a link or a directory with all that lies in it, however deep; what is gone is no trouble."""
    with contextlib.suppress(FileNotFoundError):
        if path.is_dir() and not path.is_symlink():
            _empty(path)
            path.rmdir()
        else:
            path.unlink()


def _empty(path: Path) -> None:
    """Delete what lies in a directory.

    Directories come up beside their parents before these go, so that no path becomes too long and nothing calls itself
    as often as somebody has made directories. Each is opened by its name in the one before: no link is followed.
    """
    top = os.open(path, _DIRECTORY)
    try:
        while True:
            names = _without_files(top)
            if not names:
                return
            for name in names:
                directory = os.open(name, _DIRECTORY, dir_fd=top)
                try:
                    for deeper in _without_files(directory):
                        os.rename(deeper, f".llmmon-{secrets.token_hex(8)}", src_dir_fd=directory, dst_dir_fd=top)
                finally:
                    os.close(directory)
                os.rmdir(name, dir_fd=top)
    except OSError as error:
        # Names of a descriptor say little.
        error.filename = f"{path}/{error.filename or ''}"
        raise
    finally:
        os.close(top)


def _without_files(directory: int) -> list[str]:
    """Delete the files in an open directory; returns the names of its directories."""
    with os.scandir(directory) as found:
        entries = list(found)
    for entry in entries:
        if not entry.is_dir(follow_symlinks=False):
            os.unlink(entry.name, dir_fd=directory)
    return [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
