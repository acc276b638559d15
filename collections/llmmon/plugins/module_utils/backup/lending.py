# SPDX-License-Identifier: Apache-2.0
"""Let the user who signed in fetch an archive, which is root's: by a copy, in a directory that the next run clears.

Not in /tmp: that may be memory, and nobody would find there what a killed play left.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from ansible_collections.llmmon.stack.plugins.module_utils.archive.names import ArchiveName
from ansible_collections.llmmon.stack.plugins.module_utils.errors import StackError
from ansible_collections.llmmon.stack.plugins.module_utils.host import places
from ansible_collections.llmmon.stack.plugins.module_utils.host.disk import remove
from ansible_collections.llmmon.stack.plugins.module_utils.host.operation import Operations

OPERATION = "fetch"
# Left for the services.
_RESERVE = 64 * 1024 * 1024
_CHUNK = 2**20


class LendingError(StackError):
    """The archive cannot be fetched; it stays where it is."""


def lend(archive: Path, user: int, data_root: Path) -> list[Path]:
    """Where the user finds the archive's checksum and the archive; root takes them from where they are."""
    files = [places.checksum(archive), archive]
    if ArchiveName.parse(archive.name) is None or not all(path.is_file() for path in files):
        raise LendingError(f"{archive} is no archive with its checksum beside it: name one that backup.yml wrote")
    if user == 0:
        return files
    with Operations(data_root).locked(OPERATION):
        return _copied(files, user, data_root)


def _copied(files: list[Path], user: int, data_root: Path) -> list[Path]:
    place = data_root / places.BACKUP_FETCH
    remove(place)
    _require_entrance(data_root, user)
    needed, free = sum(path.stat().st_size for path in files) + _RESERVE, shutil.disk_usage(data_root).free
    if free < needed:
        raise LendingError(
            f"the copy of {files[-1]} for the user who fetches it needs {needed // 2**20} MiB in {data_root} and"
            f" {free // 2**20} MiB are free: free some disk, or copy the archive itself as root"
        )
    try:
        place.mkdir(mode=0o700)
        for path in files:
            _copy(path, place / path.name, user)
        os.chown(place, user, -1)
    except OSError as error:
        remove(place)
        raise LendingError(
            f"{files[-1]} cannot be copied to {place} for the user who fetches it: {error.strerror}; the archive itself"
            " stays where it is"
        ) from error
    except BaseException:
        remove(place)
        raise
    return [place / path.name for path in files]


def _copy(source: Path, target: Path, user: int) -> None:
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0)
    with os.fdopen(descriptor, "wb") as copy, source.open("rb") as content:
        shutil.copyfileobj(content, copy, _CHUNK)
        os.fchown(copy.fileno(), user, -1)
        os.fchmod(copy.fileno(), 0o400)


def _require_entrance(directory: Path, user: int) -> None:
    """Refuse a place that the user cannot get to; whether a group of his could enter it is not looked at."""
    for path in (directory, *directory.parents):
        status = path.stat()
        if not status.st_mode & (0o100 if status.st_uid == user else 0o001):
            raise LendingError(
                f"the user who signed in (uid {user}) cannot enter {path}, where the copy to be fetched would lie:"
                f" allow it with chmod o+x {path}, or copy the archive as root"
            )
