# SPDX-License-Identifier: Apache-2.0
"""Write an archive in one pass: read, hash, compress and encrypt at the same time, with memory that does not grow."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import io
import os
import subprocess
import tarfile
import tempfile
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import IO, Any, BinaryIO, Optional, Union

from ansible_collections.llmmon.stack.plugins.module_utils.archive.format import (
    ARCHIVE_MODE,
    MANIFEST,
    FileRecord,
    Manifest,
    member_path,
)
from ansible_collections.llmmon.stack.plugins.module_utils.errors import StackError
from ansible_collections.llmmon.stack.plugins.module_utils.host.tools import last_words

CHUNK = 1024 * 1024


class WritingError(StackError):
    """The archive cannot be written."""


@dataclasses.dataclass(frozen=True)
class NewFile:
    """A file of the archive: ``size`` bytes of content in memory, of an open file, or of one that has a path."""

    path: str
    size: int
    content: Union[bytes, Path, BinaryIO]


class _Input:
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


class _Output:
    """What tarfile writes to: the first tool's standard input, which cannot seek."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self._pipe = pipe
        self._position = 0

    def write(self, data: bytes) -> int:
        _write_all(self._pipe, data)
        self._position += len(data)
        return len(data)

    def tell(self) -> int:
        return self._position


class ArchiveWriter:
    """An archive at work: ``add`` members, then ``finish``; leaving the context without that deletes the file.

    ``filters`` are the commands that compress and encrypt, each reading what the one before wrote.
    """

    def __init__(self, path: Path, filters: list[list[str]]) -> None:
        self._path = path
        self._files: dict[str, FileRecord] = {}
        self._hash = hashlib.sha256()
        self._size = 0
        self._trouble: Optional[OSError] = None
        self._finished = False
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, ARCHIVE_MODE)
        except OSError as error:
            raise WritingError(f"the archive {path} cannot be made: {error.strerror}") from error
        self._file = os.fdopen(descriptor, "wb", buffering=0)
        self._words = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the archive
        self._processes: list[subprocess.Popen[bytes]] = []
        try:
            for command in filters:
                self._start(command)
        except OSError as error:
            self._end_tools()
            self._delete()
            raise WritingError(f"{error.filename} cannot be started: {error.strerror}") from error
        self._pipe = _stream(self._processes[0].stdin)
        self._collector = threading.Thread(target=self._collect, args=(_stream(self._processes[-1].stdout),))
        self._collector.start()
        # Typed as a file that can do everything; writing needs no more than this.
        output: Any = _Output(self._pipe)
        self._tar = tarfile.TarFile(fileobj=output, mode="w", format=tarfile.PAX_FORMAT, copybufsize=CHUNK)

    def __enter__(self) -> ArchiveWriter:
        return self

    def __exit__(self, *_: object) -> None:
        if not self._finished:
            self._end_tools()
            self._collector.join()
            self._pipe.close()
            self._delete()

    def _start(self, command: list[str]) -> None:
        before = self._processes[-1].stdout if self._processes else None
        # The services come first; what compresses takes what they leave of the processor.
        self._processes.append(
            subprocess.Popen(
                ["nice", "-n", "10", *command],
                stdin=before or subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._words,
                bufsize=0,
            )
        )
        if before:
            # Else the tool before would not notice that the one which reads from it has died.
            before.close()

    def _collect(self, stream: IO[bytes]) -> None:
        """Write what the last tool puts out; runs beside the thread that feeds the first one."""
        try:
            while chunk := stream.read(CHUNK):
                self._hash.update(chunk)
                _write_all(self._file, chunk)
                self._size += len(chunk)
        except OSError as error:
            self._trouble = error
        # After trouble this ends the tools, and with them the thread that feeds them.
        stream.close()

    def add(self, member: NewFile) -> None:
        """Append a file."""
        entry = tarfile.TarInfo(member_path(member.path))
        entry.size = member.size
        entry.mode = ARCHIVE_MODE
        with contextlib.ExitStack() as opened:
            source: Any
            if isinstance(member.content, bytes):
                source = io.BytesIO(member.content)
            elif isinstance(member.content, Path):
                source = opened.enter_context(_open(member.content, member.path))
            else:
                source = member.content
            content = _Input(member, source)
            try:
                reader: Any = content
                self._tar.addfile(entry, reader)
            except BrokenPipeError as error:
                raise self._explained() from error
            except OSError as error:
                raise WritingError(f"{member.path} cannot be read: {error.strerror}") from error
        self._files[member.path] = content.record()

    def add_all(self, members: Iterable[NewFile]) -> None:
        for member in members:
            self.add(member)

    def finish(self) -> FileRecord:
        """Append the manifest, wait until all is on the disk, and return the archive's size and checksum."""
        manifest = Manifest(dict(self._files)).to_json().encode()
        self.add(NewFile(MANIFEST, len(manifest), manifest))
        try:
            self._tar.close()
            self._pipe.close()
        except BrokenPipeError as error:
            raise self._explained() from error
        self._collector.join()
        codes = [process.wait() for process in self._processes]
        if self._trouble or any(codes):
            raise self._explained()
        try:
            os.fsync(self._file.fileno())
            self._file.close()
        except OSError as error:
            raise self._full(error) from error
        self._words.close()
        self._finished = True
        return FileRecord(self._size, self._hash.hexdigest())

    @property
    def files(self) -> int:
        """How many files the archive holds so far."""
        return len(self._files)

    def _explained(self) -> WritingError:
        """Why the pipe broke: the file could not be written, or a tool gave up."""
        self._collector.join()
        if self._trouble:
            return self._full(self._trouble)
        codes = [process.wait() for process in self._processes]
        self._words.seek(0)
        words = last_words(self._words.read())
        names = [str(process.args[3]) for process in self._processes if isinstance(process.args, list)]
        failed = [name for name, code in zip(names, codes) if code not in (0, -13)] or names
        return WritingError(f"{' and '.join(failed)} failed: {words or f'exit codes {codes}'}")

    def _full(self, error: OSError) -> WritingError:
        return WritingError(
            f"{self._path.parent} took {self._size} bytes of the archive and then no more ({error.strerror}): free some"
            " disk there, or set llmmon_backup_directory to another file system"
        )

    def _end_tools(self) -> None:
        for process in self._processes:
            process.kill()
        for process in self._processes:
            process.wait()

    def _delete(self) -> None:
        self._file.close()
        self._path.unlink(missing_ok=True)
        self._words.close()


def _stream(stream: Optional[IO[bytes]]) -> IO[bytes]:
    if stream is None:
        raise ValueError("an archive needs at least one filter")
    return stream


def _write_all(target: IO[bytes], data: bytes) -> None:
    """Write to an unbuffered file, which may take less than it is given."""
    view = memoryview(data)
    while view:
        view = view[target.write(view) :]


def _open(path: Path, shown: str) -> BinaryIO:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError as error:
        raise WritingError(
            f"{shown} cannot be read: {error.strerror}; something else is changing the host's files, so run again"
        ) from error
    return os.fdopen(descriptor, "rb", buffering=0)


def gzip_command(level: int) -> list[str]:
    """The command that compresses; without a time and a name in it, so that the same content gives the same archive."""
    return ["gzip", "--no-name", f"-{level}"]
