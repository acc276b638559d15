# SPDX-License-Identifier: Apache-2.0
"""What lies on the disk, how much of it, that it does, and that it goes."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
from pathlib import Path

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW


def disk_usage(directory: Path) -> int:
    """Bytes on disk below a directory; files that vanish meanwhile count nothing."""
    total = 0
    waiting = [str(directory)]
    # Not by os.walk, which before Python 3.12 goes as deep into itself as the directories go into each other.
    while waiting:
        with contextlib.suppress(OSError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                with contextlib.suppress(OSError):
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(entry.path)
                    else:
                        total += entry.stat(follow_symlinks=False).st_blocks * 512
    return total


def why_not_written(error: OSError, place: str) -> str:
    """An error of writing as part of a sentence: where it was, and what to do when the disk is full."""
    where = str(error.filename or place)
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"the disk is full at {where}: free some there, and run again"
    return f"{where}: {error.strerror or error}"


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
            _remove_directory(path)
        else:
            path.unlink()


def _remove_directory(path: Path) -> None:
    """Delete a directory, however deep what lies in it is.

    ``shutil.rmtree`` before Python 3.14 needs a frame and an open file for each level, and there are too few of both. Here
    what lies deeper is moved up first. Links are not followed, also when one takes the place of a directory meanwhile.
    """
    top = os.open(path, _DIRECTORY)
    try:
        names = os.listdir(top)
        while names:
            name = names.pop()
            try:
                names += _empty(top, name)
                os.rmdir(name, dir_fd=top)
            except FileNotFoundError:
                continue
            except OSError as error:
                # The second is what O_NOFOLLOW may say of a link.
                if error.errno not in (errno.ENOTDIR, errno.ELOOP):
                    raise OSError(error.errno, error.strerror, str(path / name)) from error
                os.unlink(name, dir_fd=top)
    finally:
        os.close(top)
    path.rmdir()


def _empty(top: int, name: str) -> list[str]:
    """Delete the files in a directory of ``top``, and move its directories up; returns their new names."""
    moved = []
    directory = os.open(name, _DIRECTORY, dir_fd=top)
    try:
        for entry in os.listdir(directory):
            try:
                os.unlink(entry, dir_fd=directory)
            except FileNotFoundError:
                continue
            except (IsADirectoryError, PermissionError):
                moved.append(f".going.{secrets.token_hex(8)}")
                os.rename(entry, moved[-1], src_dir_fd=directory, dst_dir_fd=top)
    finally:
        os.close(directory)
    return moved
