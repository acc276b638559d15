# SPDX-License-Identifier: Apache-2.0
"""The files that an archive is to be made of."""

from __future__ import annotations

import collections
import dataclasses
import hashlib
import os
from collections.abc import Collection
from pathlib import Path
from typing import BinaryIO, Union

from ansible_collections.llmmon.stack.plugins.module_utils.archive.format import (
    HEADER,
    HEADER_LIMIT,
    ArchiveError,
    FileRecord,
    Header,
)
from ansible_collections.llmmon.stack.plugins.module_utils.archive.rules import Roster, fault, lacking
from ansible_collections.llmmon.stack.plugins.module_utils.errors import StackError


class WritingError(StackError):
    """The archive cannot be written."""


@dataclasses.dataclass(frozen=True)
class NewFile:
    """A file of the archive: ``size`` bytes of content in memory, of an open file, or of one that has a path."""

    path: str
    size: int
    content: Union[bytes, Path, BinaryIO]
    executable: bool = False

    @property
    def source(self) -> str:
        """Where it is on the host, as far as it is anywhere, in printable characters."""
        place = self.content if isinstance(self.content, Path) else getattr(self.content, "name", self.path)
        text = os.fsencode(str(place)).decode(errors="backslashreplace")
        return text if text.isprintable() else repr(text)


class Input:
    """What tarfile reads a member from; exactly as many bytes as promised, hashed on the way."""

    def __init__(self, member: NewFile, source: BinaryIO) -> None:
        self._member = member
        self._source = source
        self._left = member.size
        self._hash = hashlib.sha256()

    def read(self, size: int) -> bytes:
        # What was appended since the size was taken is left out.
        wanted = min(size, self._left)
        data = self._source.read(wanted)
        while len(data) < wanted:
            more = self._source.read(wanted - len(data))
            if not more:
                raise WritingError(
                    f"{self._member.path} became shorter while it was read: something else is changing it; run again"
                )
            data += more
        self._left -= wanted
        self._hash.update(data)
        return data

    def record(self) -> FileRecord:
        return FileRecord(self._member.size, self._hash.hexdigest())


def require_restorable(text: bytes, header: Header, members: Collection[NewFile]) -> None:
    """Refuse what a restore would refuse, by the file of the host that it would refuse."""
    roster = Roster(header)
    for member in members:
        found = fault(member.path, roster)
        if found:
            place = most_files(members) if roster.full else member.source
            raise WritingError(
                f"restore.yml would refuse an archive with {place}: {found}; delete what llmmon and the services"
                " do not need there, or move it elsewhere, then run again"
            )
    missing = lacking(roster.files, header)
    if len(text) > HEADER_LIMIT:
        missing = f"{HEADER} has more than {HEADER_LIMIT} bytes"
    try:
        Header.from_json(text)
    except ArchiveError as error:
        missing = str(error).rpartition(";")[0]
    if missing:
        raise WritingError(
            f"restore.yml would refuse this archive: {missing}; something else is changing the host's configuration, so"
            " run again"
        )


def most_files(members: Collection[NewFile]) -> str:
    """The directory of the host that most of the files lie in."""
    ((directory, _),) = collections.Counter(str(Path(member.source).parent) for member in members).most_common(1)
    return directory


def open_file(path: Path, shown: str) -> BinaryIO:
    """Open a file to be read, and nothing else that may lie there meanwhile."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError as error:
        raise WritingError(
            f"{shown} cannot be read: {error.strerror}; something else is changing the host's files, so run again"
        ) from error
    return os.fdopen(descriptor, "rb", buffering=0)
