# SPDX-License-Identifier: Apache-2.0
"""Read an archive that anybody may have written: everything is checked before anything of it is used.

The files go into a staging directory that nobody but root enters, and count for nothing until the manifest at the end
has confirmed each of them. What an archive says of its sizes is believed only as far as it is kept.
"""

from __future__ import annotations

import dataclasses
import hashlib
import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Optional

from ansible_collections.llmmon.stack.plugins.module_utils.archive import format as names
from ansible_collections.llmmon.stack.plugins.module_utils.archive.format import (
    ArchiveError,
    FileRecord,
    Header,
    Manifest,
)
from ansible_collections.llmmon.stack.plugins.module_utils.archive.source import CHUNK, ArchiveSource, open_source
from ansible_collections.llmmon.stack.plugins.module_utils.archive.tar_members import (
    BLOCK,
    TarMember,
    read_members,
    shown,
)
from ansible_collections.llmmon.stack.plugins.module_utils.configuration.releases import is_release_name

# Far more than a stack has, few enough to remember.
MOST_MEMBERS = 200_000
_PROMETHEUS_BLOCK = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}")


@dataclasses.dataclass(frozen=True)
class Contents:
    """An archive that was found whole and genuine."""

    header: Header
    files: dict[str, FileRecord]


# Opens a file for a member and gives its descriptor; None when the member is only to be checked.
Sink = Callable[[TarMember], int]


def read_archive(archive: Path, room: int, sink: Optional[Sink] = None) -> Contents:
    """Check the whole archive and give its files to ``sink``; refuse it with one sentence that names it.

    ``room`` is how many bytes there is room for. What ``sink`` got before a refusal is the caller's to remove.
    """
    try:
        with open_source(archive) as source:
            return _Reading(source, room, sink).run()
    except ArchiveError as error:
        raise ArchiveError(f"the archive {archive} is refused: {error}") from error


class _Reading:
    """One pass over an archive."""

    def __init__(self, source: ArchiveSource, room: int, sink: Optional[Sink]) -> None:
        self.source = source
        self.room = room
        self.sink = sink
        self.files: dict[str, FileRecord] = {}
        self.directories: set[str] = set()
        self.left = 0

    def run(self) -> Contents:
        members = read_members(self.source)
        header = self._header(members)
        self.left = header.size
        for member in members:
            if member.path == names.MANIFEST and not member.directory:
                manifest = self._manifest(member)
                break
            self._take(member, header)
        else:
            raise ArchiveError("it ends without a manifest.json: it was not made to its end; use another archive")
        for member in members:
            raise ArchiveError(
                f"{shown(member.path)} follows after manifest.json, the last member; do not use this archive"
            )
        _compare(self.files, manifest.files)
        _require_parts(self.files, header)
        return Contents(header, self.files)

    def _header(self, members: Iterator[TarMember]) -> Header:
        first = next(members, None)
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

    def _manifest(self, member: TarMember) -> Manifest:
        # A manifest has a line for each file, which bounds what is read into memory by what was seen.
        expected = sum(6 * len(path) + 200 for path in self.files) + 200
        return Manifest.from_json(self._small(member, min(expected, names.MANIFEST_LIMIT)))

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

    def _take(self, member: TarMember, header: Header) -> None:
        path = member.path
        self._require_new(member)
        if member.directory:
            self.directories.add(path)
            if member.size:
                raise ArchiveError(f"{shown(path)} is a directory with content; do not use this archive")
            return
        check_place(path, header)
        if member.size > self.left:
            raise ArchiveError(
                f"{shown(path)} makes it larger than the {header.size} bytes declared in its backup.json; do not use"
                " this archive"
            )
        self.left -= member.size
        descriptor = self.sink(member) if self.sink is not None else None
        try:
            self.files[path] = FileRecord(member.size, self._copy(member, descriptor))
        finally:
            if descriptor is not None:
                os.close(descriptor)

    def _require_new(self, member: TarMember) -> None:
        path = member.path
        if len(self.files) + len(self.directories) >= MOST_MEMBERS:
            raise ArchiveError(f"it has more than {MOST_MEMBERS} members; do not use this archive")
        if path in self.files or (path in self.directories and not member.directory):
            raise ArchiveError(f"{shown(path)} appears twice in it; do not use this archive")
        while "/" in path:
            path = path.rpartition("/")[0]
            if path in self.files:
                raise ArchiveError(f"it holds {shown(path)} as a file and as a directory; do not use this archive")
            self.directories.add(path)

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


def check_place(path: str, header: Header) -> None:
    """Refuse a file that has a possible path, but no business in an archive with this header."""
    parts = path.split("/")
    if path == names.STATE:
        return
    service = parts[1] if parts[0] == names.CONFIG else parts[0]
    reason = None
    if service not in header.services:
        reason = f"belongs to {shown(service)}, which its backup.json does not name"
    elif parts[0] == names.CONFIG:
        if len(parts) < 4 or not is_release_name(parts[2]):
            reason = "does not lie in a release"
    elif header.scope == names.SCOPE_CONFIG:
        reason = "is data in an archive of configuration"
    elif path.startswith(f"{names.PROMETHEUS_DATA}/") and (len(parts) < 4 or not _PROMETHEUS_BLOCK.fullmatch(parts[2])):
        reason = "does not lie in a block of Prometheus"
    elif path.startswith(f"{names.GRAFANA_DATA}/") and parts[2] in names.GRAFANA_DATABASE_FILES:
        reason = "would lie beside the database"
    if reason:
        raise ArchiveError(f"{shown(path)} {reason}; do not use this archive")


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


def _require_parts(files: dict[str, FileRecord], header: Header) -> None:
    """Refuse an archive that lacks what its header promises."""
    for service, record in header.services.items():
        for release in {record.release, record.running_release} - {""}:
            if not any(path.startswith(f"{names.CONFIG}/{service}/{release}/") for path in files):
                raise ArchiveError(
                    f"its backup.json says that {service} had the configuration {release}, which is missing; use"
                    " another archive"
                )
    if header.scope == names.SCOPE_FULL:
        databases = [path for path in (names.GRAFANA_SQLITE, names.GRAFANA_DUMP) if path in files]
        if "grafana" in header.services and len(databases) != 1:
            raise ArchiveError(f"it holds {len(databases)} databases of Grafana instead of one; use another archive")
        if "alertmanager" in header.services and names.ALERTMANAGER_SILENCES not in files:
            raise ArchiveError(f"{names.ALERTMANAGER_SILENCES} is missing; use another archive")
