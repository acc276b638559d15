# SPDX-License-Identifier: Apache-2.0
"""The archives in a backup directory: which are good, which may go, and what killed runs left there."""

from __future__ import annotations

import dataclasses
import datetime
import socket
from pathlib import Path
from typing import Any, Optional

from ansible_collections.llmmon.stack.plugins.module_utils.archive.names import ArchiveName
from ansible_collections.llmmon.stack.plugins.module_utils.archive.reading import read_header
from ansible_collections.llmmon.stack.plugins.module_utils.host.clock import utc_now, written
from ansible_collections.llmmon.stack.plugins.module_utils.host.places import Kind, checksum, in_backup_directory


@dataclasses.dataclass(frozen=True)
class Kept:
    """An archive on the disk; ``good`` when it has its checksum beside it, which is there before the archive.

    ``own`` is one of this host, or encrypted, so that nobody can tell.
    """

    path: Path
    name: ArchiveName
    size: int
    good: bool
    own: bool = True

    @property
    def checksum(self) -> Path:
        """Where its checksum lies."""
        return checksum(self.path)


def kept(directory: Path) -> list[Kept]:
    """The archives in a directory, oldest first; other files are none of ours."""
    found = []
    entries = directory.iterdir() if directory.is_dir() else ()
    for path in entries:
        name = ArchiveName.parse(path.name)
        if name and path.is_file() and not path.is_symlink():
            size = path.stat().st_size
            header = None if name.encryption else read_header(path)
            own = header is None or header.host == socket.gethostname()
            found.append(Kept(path, name, size, size > 0 and checksum(path).is_file(), own))
    return sorted(found, key=lambda archive: (archive.name.created, archive.path.name))


def stale(archives: list[Kept], keep: int, made: ArchiveName, hours: int = 0) -> list[Kept]:
    """Archives of the scope of ``made`` that may go now that it is there: beyond the last ``keep``.

    The one just made always stays, also when the clock went back and others look newer; and those of the ``hours``
    before it, so that many in a row do not cost what was made before them. What is not good, or another host's, does
    not count, and stays for somebody to look at.
    """
    same = [archive for archive in archives if archive.good and archive.own and archive.name.scope == made.scope]
    others = [archive for archive in same if archive.name != made]
    since = made.created - datetime.timedelta(hours=hours)
    beyond = others[: max(len(others) - (keep - 1), 0)]
    return [archive for archive in beyond if not since < archive.name.created <= made.created]


def fragments(directory: Path) -> list[Path]:
    """What killed runs left: archives that were not finished, and checksums of archives that never appeared."""
    paths = sorted(directory.iterdir()) if directory.is_dir() else []
    present = {path.name for path in paths}
    return [path for path in paths if in_backup_directory(path.name, present) is Kind.REMAINS_OF_BACKUP]


def last_good(directory: Path, now: Optional[datetime.datetime] = None) -> list[dict[str, Any]]:
    """This host's last good archive of each scope, as a status shows it."""
    newest = {archive.name.scope: archive for archive in kept(directory) if archive.good and archive.own}
    moment = now or utc_now()
    return [
        {
            "scope": scope,
            "archive": str(archive.path),
            "created": written(archive.name.created),
            "age_seconds": int((moment - archive.name.created).total_seconds()),
            "bytes": archive.size,
        }
        for scope, archive in sorted(newest.items(), reverse=True)
    ]
