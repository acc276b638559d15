# SPDX-License-Identifier: Apache-2.0
"""Where an archive's files are written while it is read, with their owners and modes."""

from __future__ import annotations

import dataclasses
import errno
import os
from pathlib import Path

from ansible_collections.llmmon.stack.plugins.module_utils.archive import format as names
from ansible_collections.llmmon.stack.plugins.module_utils.archive.format import ArchiveError
from ansible_collections.llmmon.stack.plugins.module_utils.archive.tar_members import TarMember


@dataclasses.dataclass(frozen=True)
class FileOwner:
    """Whom a service's files belong to."""

    uid: int
    gid: int


class Extraction:
    """Where an archive's files wait, in a directory of root's alone; data have their owners from here on."""

    def __init__(self, root: Path, owners: dict[str, FileOwner]) -> None:
        self.root = root
        self.owners = owners

    def open(self, member: TarMember) -> int:
        """Make the file of a member, new and for writing."""
        owner, mode = self._access(member)
        path = self.root / member.path
        if not path.parent.is_dir():
            self._make_directories(member.path.split("/")[:-1], owner)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        os.fchown(descriptor, owner.uid, owner.gid)
        os.fchmod(descriptor, mode)
        return descriptor

    def _access(self, member: TarMember) -> tuple[FileOwner, int]:
        service = member.path.partition("/")[0]
        # Grafana's plug-ins are programs; nothing else is.
        program = member.executable and member.path.startswith(f"{names.GRAFANA_DATA}/")
        if service in self.owners:
            return self.owners[service], 0o750 if program else 0o640
        return FileOwner(os.geteuid(), os.getegid()), 0o600

    def _make_directories(self, parts: list[str], owner: FileOwner) -> None:
        path = self.root
        for part in parts:
            path = path / part
            if not path.is_dir():
                path.mkdir(mode=0o750)
                path.chmod(0o750)
                os.chown(path, owner.uid, owner.gid)


def explain_full_disk(error: OSError, directory: Path) -> ArchiveError:
    """What an error while staging means; nothing but staging was touched by then."""
    reason = "the disk is full" if error.errno in (errno.ENOSPC, errno.EDQUOT) else str(error.strerror)
    return ArchiveError(f"{directory} cannot be written: {reason}; nothing was changed, free some disk and run again")
