# SPDX-License-Identifier: Apache-2.0
"""The bytes of an archive: read once from the disk, checked and decompressed on the way, never more than asked for."""

from __future__ import annotations

import contextlib
import hashlib
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Optional

from ansible_collections.llmmon.stack.plugins.module_utils.archive.format import ArchiveError, read_checksum_line
from ansible_collections.llmmon.stack.plugins.module_utils.archive.names import CHECKSUM_SUFFIX
from ansible_collections.llmmon.stack.plugins.module_utils.archive.read_ahead import read_ahead

CHUNK = 256 * 1024
_CHUNKS_AHEAD = 8
_TRUNCATED = "it is truncated: it ends in the middle; copy it once more, or use another archive"
_GZIP = b"\x1f\x8b"
_AS_GZIP = 31
# What people take for an archive, by its first bytes.
_KINDS = (
    (_GZIP, "gzip"),
    (b"age-encryption.org/", "age"),
    (b"-----BEGIN AGE ENCRYPTED FILE", "age"),
    (b"-----BEGIN PGP MESSAGE", "gpg"),
    (b"\x28\xb5\x2f\xfd", "a file of zstd"),
    (b"\xfd7zXZ\x00", "a file of xz"),
    (b"BZh", "a file of bzip2"),
    (b"PK\x03\x04", "a zip archive"),
    (b"7z\xbc\xaf", "an archive of 7-Zip"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"PGDMP", "a dump of PostgreSQL"),
    (b"\x7fELF", "a program"),
    (b"<", "a page of HTML or XML"),
    (b"{", "a JSON file"),
)


def kind_of(start: bytes) -> str:
    """What a file is by its first 512 bytes: ``gzip``, ``age``, ``gpg``, or words for what is none of these."""
    if not start:
        return "empty"
    for magic, kind in _KINDS:
        if start.startswith(magic):
            return kind
    if start[257:262] == b"ustar":
        return "a tar that is not compressed"
    try:
        start.decode("ascii")
    except UnicodeDecodeError:
        return "a file of an unknown kind"
    return "a text"


class ArchiveSource:
    """The decompressed bytes of an archive, in order."""

    def __init__(self, read: Callable[[], bytes]) -> None:
        self._read = read
        self._chunk = memoryview(b"")

    def take(self, most: int) -> memoryview:
        """From one to ``most`` bytes, none at the end of the archive."""
        if not self._chunk:
            self._chunk = memoryview(self._read())
        taken, self._chunk = self._chunk[:most], self._chunk[most:]
        return taken

    def exactly(self, size: int) -> bytes:
        """``size`` bytes, which the caller knows to be few."""
        parts = []
        while size:
            part = self.take(size)
            if not part:
                raise ArchiveError(_TRUNCATED)
            parts.append(part)
            size -= len(part)
        return b"".join(parts)


class _Decompressor:
    """What a gzip'd file holds."""

    def __init__(self, raw: Callable[[int], bytes]) -> None:
        self._raw = raw
        self._decoder = zlib.decompressobj(_AS_GZIP)
        self._pending = b""

    def read(self) -> bytes:
        """Some bytes, none at the end."""
        while True:
            if self._decoder.eof:
                self._pending = self._decoder.unused_data or self._raw(CHUNK)
                if not self._pending:
                    return b""
                if not self._pending.startswith(_GZIP[:1]):
                    raise ArchiveError("something else follows after its end; use another archive")
                # Several gzip streams in a row are one, as for gzip itself.
                self._decoder = zlib.decompressobj(_AS_GZIP)
            data = self._pending or self._raw(CHUNK)
            if not data:
                raise ArchiveError(_TRUNCATED)
            try:
                found = self._decoder.decompress(data, CHUNK)
            except zlib.error as error:
                raise ArchiveError(
                    f"it is damaged ({str(error).rpartition(': ')[2]}); copy it once more, or use another archive"
                ) from error
            self._pending = self._decoder.unconsumed_tail
            if found:
                return found


class _File:
    """The archive's file: read once, its checksum taken on the way."""

    def __init__(self, handle: IO[bytes]) -> None:
        self._handle = handle
        self._hash = hashlib.sha256()

    def read(self, most: int) -> bytes:
        data = self._handle.read(most)
        self._hash.update(data)
        return data

    def digest(self) -> str:
        """The checksum of the whole file, whatever of it was read so far."""
        while self.read(CHUNK):
            continue
        return self._hash.hexdigest()


def decompressed(raw: Callable[[int], bytes]) -> ArchiveSource:
    """What a gzip'd archive holds, of which ``raw`` gives some bytes at each call, none at its end."""
    return ArchiveSource(_Decompressor(raw).read)


@contextlib.contextmanager
def open_source(archive: Path) -> Iterator[ArchiveSource]:
    """Open an archive; at the end its checksum is compared with the file beside it, if there is one."""
    expected = _expected_checksum(archive)
    try:
        handle = archive.open("rb")
        start = handle.read(512)
    except OSError as error:
        raise ArchiveError(f"it cannot be read: {error.strerror}") from error
    with handle:
        require_gzip(archive, start)
        handle.seek(0)
        file = _File(handle)
        # zlib releases the interpreter while it works, as do hashing and writing what it made.
        with read_ahead(_Decompressor(file.read).read, _CHUNKS_AHEAD) as read:
            yield ArchiveSource(read)
        if expected and file.digest() != expected:
            raise ArchiveError(
                f"its checksum is not the one in {archive.name}{CHECKSUM_SUFFIX}; copy both files once more from where"
                " they came from"
            )


def require_gzip(archive: Path, start: bytes) -> None:
    """Refuse what is not gzip by its first bytes, and say what it is."""
    kind = kind_of(start)
    if archive.suffix == ".gpg" and kind == "a file of an unknown kind":
        kind = "gpg"
    if kind in ("age", "gpg"):
        key = "--identity KEY " if kind == "age" else ""
        raise ArchiveError(
            f"it is encrypted: decrypt it where the private key is ({kind} --decrypt {key}--output FILE.tar.gz"
            f" FILE.tar.gz.{kind}) and name the result in archive"
        )
    if kind != "gzip":
        raise ArchiveError(
            f"it is {kind} and not a gzip'd tar as backup.yml makes them: name the right file in archive"
        )


def _expected_checksum(archive: Path) -> Optional[str]:
    beside = archive.with_name(archive.name + CHECKSUM_SUFFIX)
    try:
        with beside.open("rb") as handle:
            text = handle.read(1024)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ArchiveError(f"{beside.name} beside it cannot be read: {error.strerror}") from error
    return read_checksum_line(text.decode(errors="replace"), archive.name)
