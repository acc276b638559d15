# SPDX-License-Identifier: Apache-2.0
"""Read an archive that anybody may have written: everything is checked before anything of it is used.

The files go into a staging directory that nobody but root enters, and count for nothing until the manifest at the end
has confirmed each of them. What an archive says of its sizes is believed only as far as it is kept.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Optional

from ansible_collections.llmmon.stack.plugins.module_utils.archive import format as names
from ansible_collections.llmmon.stack.plugins.module_utils.archive.format import (
    ArchiveError,
    FileRecord,
    Header,
    Manifest,
    shown,
)
from ansible_collections.llmmon.stack.plugins.module_utils.archive.rules import Roster, lacking
from ansible_collections.llmmon.stack.plugins.module_utils.archive.source import (
    CHUNK,
    ArchiveSource,
    decompressed,
    open_source,
)
from ansible_collections.llmmon.stack.plugins.module_utils.archive.tar_members import (
    BLOCK,
    TarMember,
    read_members,
)


@dataclasses.dataclass(frozen=True)
class Contents:
    """An archive that was found whole and genuine."""

    header: Header
    files: dict[str, FileRecord]


# For whom an archive's size does not matter.
ANY_SIZE = 2**63
# Opens a file for a member and gives its descriptor; None when the member is only to be checked.
Sink = Callable[[TarMember], int]


def read_archive(archive: Path, room: int, sink: Optional[Sink] = None) -> Contents:
    """Check the whole archive and give its files to ``sink``; refuse it with one sentence that names it.

    ``room`` is how many bytes there is room for. What ``sink`` got before a refusal is the caller's to remove.
    """
    try:
        with open_source(archive) as source:
            return read_source(source, room, sink)
    except ArchiveError as error:
        raise ArchiveError(f"the archive {archive} is refused: {error}") from error


def read_source(source: ArchiveSource, room: int, sink: Optional[Sink] = None) -> Contents:
    """As ``read_archive``, of an archive's bytes from wherever they come."""
    return _Reading(source, room, sink).run()


def read_header(archive: Path) -> Optional[Header]:
    """What the beginning of an archive says of it; None when it cannot be read, as when it is encrypted."""
    with contextlib.suppress(OSError, ArchiveError), archive.open("rb") as handle:
        return _Reading(decompressed(handle.read), ANY_SIZE, None).header()
    return None


class _Reading:
    """One pass over an archive."""

    def __init__(self, source: ArchiveSource, room: int, sink: Optional[Sink]) -> None:
        self.source = source
        self.room = room
        self.sink = sink
        self.files: dict[str, FileRecord] = {}
        self.left = 0

    def run(self) -> Contents:
        members = read_members(self.source)
        header = self.header(members)
        self.left = header.size
        roster = Roster(header)
        for member in members:
            if member.path == names.MANIFEST and not member.directory:
                manifest = self._manifest(member, roster)
                break
            self._take(member, roster)
        else:
            raise ArchiveError("it ends without a manifest.json: it was not made to its end; use another archive")
        for member in members:
            raise ArchiveError(
                f"{shown(member.path)} follows after manifest.json, the last member; do not use this archive"
            )
        _compare(self.files, manifest.files)
        found = lacking(self.files, header)
        if found:
            raise ArchiveError(f"{found}; use another archive")
        return Contents(header, self.files)

    def header(self, members: Optional[Iterator[TarMember]] = None) -> Header:
        """The first member."""
        first = next(members or read_members(self.source), None)
        if first is None or first.path != names.HEADER or first.directory:
            raise ArchiveError(
                "its first member is not backup.json, so it is not an archive of backup.yml; name the right one"
            )
        text = self._small(first, names.HEADER_LIMIT)
        header = Header.from_json(text)
        if header.size > self.room:
            raise ArchiveError(
                f"its files need {header.size // 2**20} MiB of disk and there is room for"
                f" {max(self.room, 0) // 2**20} MiB; free some, or lower llmmon_minimum_free_mb"
            )
        self.files[names.HEADER] = FileRecord(len(text), hashlib.sha256(text).hexdigest())
        self._deliver(first, text)
        return header

    def _manifest(self, member: TarMember, roster: Roster) -> Manifest:
        # It has an entry for each file, which bounds what is read into memory by what was seen.
        return Manifest.from_json(self._small(member, roster.manifest_bytes))

    def _small(self, member: TarMember, limit: int) -> bytes:
        if member.size > limit:
            raise ArchiveError(f"{member.path} has {member.size} bytes, more than it can need; do not use this archive")
        text = self.source.exactly(member.size)
        self.source.exactly(-member.size % BLOCK)
        return text

    def _deliver(self, member: TarMember, text: bytes) -> None:
        if self.sink is not None:
            with os.fdopen(self.sink(member), "wb") as handle:
                handle.write(text)

    def _take(self, member: TarMember, roster: Roster) -> None:
        path = member.path
        found = roster.add(path, member.directory)
        if found:
            raise ArchiveError(f"{found}; do not use this archive")
        if member.directory:
            if member.size:
                raise ArchiveError(f"{shown(path)} is a directory with content; do not use this archive")
            return
        if member.size > self.left:
            raise ArchiveError(
                f"{shown(path)} makes it larger than the {roster.header.size} bytes declared in its backup.json; do not"
                " use this archive"
            )
        self.left -= member.size
        descriptor = self.sink(member) if self.sink is not None else None
        try:
            self.files[path] = FileRecord(member.size, self._copy(member, descriptor))
        finally:
            if descriptor is not None:
                os.close(descriptor)

    def _copy(self, member: TarMember, descriptor: Optional[int]) -> str:
        """Give a member's content to its file, and its checksum back."""
        digest = hashlib.sha256()
        left = member.size
        while left:
            chunk = self.source.take(min(left, CHUNK))
            if not chunk:
                raise ArchiveError(f"it is truncated: it ends in the middle of {shown(member.path)}; copy it once more")
            left -= len(chunk)
            digest.update(chunk)
            while descriptor is not None and chunk:
                chunk = chunk[os.write(descriptor, chunk) :]
        self.source.exactly(-member.size % BLOCK)
        return digest.hexdigest()


def _compare(actual: dict[str, FileRecord], expected: dict[str, FileRecord]) -> None:
    """Refuse files that are not the ones of the manifest."""
    for path in sorted(set(actual) | set(expected)):
        if path not in expected:
            reason = "is not in its manifest"
        elif path not in actual:
            reason = "is missing, though its manifest names it"
        elif actual[path] != expected[path]:
            reason = "is not what its manifest says (another size or checksum)"
        else:
            continue
        raise ArchiveError(f"{shown(path)} {reason}; use another archive")
