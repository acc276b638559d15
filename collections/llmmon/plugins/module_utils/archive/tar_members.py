# SPDX-License-Identifier: Apache-2.0
"""The members of a tar that anybody may have written: only what backup.yml writes is known."""

from __future__ import annotations

import dataclasses
import re
import tarfile
from collections.abc import Iterator

from ansible_collections.llmmon.stack.plugins.module_utils.archive import format as names
from ansible_collections.llmmon.stack.plugins.module_utils.archive.format import ArchiveError, member_path, shown
from ansible_collections.llmmon.stack.plugins.module_utils.archive.source import CHUNK, ArchiveSource

BLOCK = 512
_EXTENDED_HEADER_LIMIT = 16 * 1024
_PADDING_LIMIT = 1024 * 1024
# What an extended header may say; the rest would change what a member is.
_EXTENDED_KEYS = {"path", "size", "mtime", "atime", "ctime", "uid", "gid", "uname", "gname", "comment"}
# How the texts in one are encoded: as UTF-8, or as the bytes that a file system has, which need not be that.
_CHARACTER_SETS = {"BINARY", "ISO-IR 10646 2000 UTF-8"}
_EXTENDED_RECORD = re.compile(rb"(\d{1,6}) ([^=\n]+)=")
_KINDS = {
    tarfile.LNKTYPE: "a hard link",
    tarfile.SYMTYPE: "a symbolic link",
    tarfile.CHRTYPE: "a device",
    tarfile.BLKTYPE: "a device",
    tarfile.FIFOTYPE: "a fifo",
    tarfile.CONTTYPE: "a contiguous file",
    tarfile.GNUTYPE_LONGNAME: "a long name of GNU tar",
    tarfile.GNUTYPE_LONGLINK: "a long link of GNU tar",
    tarfile.GNUTYPE_SPARSE: "a sparse file",
    tarfile.XGLTYPE: "a global header",
}


@dataclasses.dataclass(frozen=True)
class TarMember:
    """A file or directory of the archive as its tar header says."""

    path: str
    size: int
    directory: bool
    executable: bool


def read_members(source: ArchiveSource) -> Iterator[TarMember]:
    """The members of a tar, each to be read to the end of its content before the next is asked for.

    Only what backup.yml writes is known here: files, directories, and extended headers with a path or size.
    """
    extended: dict[str, str] = {}
    first = True
    while True:
        block = source.exactly(BLOCK)
        if not any(block):
            break
        try:
            found = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
        except tarfile.HeaderError as error:
            raise ArchiveError(
                "what is compressed in it is not a tar archive; name the right file in archive"
                if first
                else "it is damaged: something else is where a member should begin; use another archive"
            ) from error
        first = False
        if found.type == tarfile.XHDTYPE and not extended:
            extended = _extended_header(source, found.size)
            continue
        if found.type not in (tarfile.REGTYPE, tarfile.AREGTYPE, tarfile.DIRTYPE):
            kind = _KINDS.get(found.type, "a member of an unknown kind")
            raise ArchiveError(
                f"{shown(found.name)} is {kind}, and an archive holds only files; do not use this archive"
            )
        path = extended.get("path", found.name)
        size = extended.get("size", str(found.size))
        if not (size.isascii() and size.isdigit()):
            raise ArchiveError(f"{shown(path)} has an invalid size; do not use this archive")
        extended = {}
        directory = found.type == tarfile.DIRTYPE
        yield TarMember(_checked(path, directory), int(size), directory, bool(found.mode & 0o100))
    if extended or first:
        raise ArchiveError("it holds nothing; use another archive")
    _require_padding(source)


def _checked(path: str, directory: bool) -> str:
    # A directory is where its files may be: what holds for a file in it holds for it.
    if directory:
        path = path.rstrip("/")
        if path not in {name for place in _PLACES for name in _with_parents(place)}:
            member_path(f"{path}/file")
        return path
    return member_path(path)


_PLACES = (names.CONFIG, names.PROMETHEUS_DATA, names.ALERTMANAGER_DATA, names.GRAFANA_DATA)


def _with_parents(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[: count + 1]) for count in range(len(parts))]


def _extended_header(source: ArchiveSource, size: int) -> dict[str, str]:
    """What an extended header says of the next member (POSIX.1-2001, "pax Header Block")."""
    if not 0 < size <= _EXTENDED_HEADER_LIMIT:
        raise ArchiveError("it holds an extended header of an impossible size; do not use this archive")
    text = source.exactly(size)
    source.exactly(-size % BLOCK)
    found: dict[str, str] = {}
    position = 0
    while position < len(text):
        match = _EXTENDED_RECORD.match(text, position)
        end = position + int(match[1]) if match else 0
        if match is None or not match.end() < end <= len(text) or text[end - 1 : end] != b"\n":
            raise ArchiveError("it holds a damaged extended header; use another archive")
        key = match[2].decode("utf-8", "surrogateescape")
        value = text[match.end() : end - 1].decode("utf-8", "surrogateescape")
        known = value in _CHARACTER_SETS if key == "hdrcharset" else key in _EXTENDED_KEYS
        if not known or key in found:
            raise ArchiveError(f"it holds an extended header with {shown(key)}; do not use this archive")
        found[key] = value
        position = end
    return found


def _require_padding(source: ArchiveSource) -> None:
    """After the last member come zeros, some of them, and then nothing."""
    seen = 0
    while chunk := source.take(CHUNK):
        seen += len(chunk)
        if any(bytes(chunk)) or seen > _PADDING_LIMIT:
            raise ArchiveError("something else follows after its end; do not use this archive")
