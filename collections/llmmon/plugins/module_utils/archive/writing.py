# SPDX-License-Identifier: Apache-2.0
"""Write an archive in one pass: read, hash, compress, read back and encrypt at the same time, in little memory."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import subprocess
import tarfile
import tempfile
import threading
from collections.abc import Collection
from pathlib import Path
from typing import IO, Any, Optional

from ansible_collections.llmmon.stack.plugins.module_utils.archive.format import (
    ARCHIVE_MODE,
    HEADER,
    MANIFEST,
    ArchiveError,
    FileRecord,
    Header,
    Manifest,
)
from ansible_collections.llmmon.stack.plugins.module_utils.archive.new_files import (
    Input,
    NewFile,
    WritingError,
    open_file,
    require_restorable,
)
from ansible_collections.llmmon.stack.plugins.module_utils.archive.reading import Contents
from ansible_collections.llmmon.stack.plugins.module_utils.archive.witness import Witness, difference
from ansible_collections.llmmon.stack.plugins.module_utils.host.tools import last_words

CHUNK = 1024 * 1024
PROGRAM_MODE = 0o700


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
    """An archive at work: ``write`` makes all of it; leaving the context without that deletes the file.

    ``filters`` are the commands that compress and, if any, encrypt, each reading what the one before wrote. What the
    first of them makes is read back at the same time, by the rules of whoever restores it.
    """

    def __init__(self, path: Path, header: Header, filters: list[list[str]]) -> None:
        self._path = path
        self._header = header
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
        self._witness = Witness()
        self._pipe = _stream(self._processes[0].stdin)
        self._pumps = [threading.Thread(target=self._pump, args=(number,)) for number in range(len(self._processes))]
        for pump in self._pumps:
            pump.start()
        # Typed as a file that can do everything; writing needs no more than this.
        output: Any = _Output(self._pipe)
        self._tar = tarfile.TarFile(
            fileobj=output, mode="w", format=tarfile.PAX_FORMAT, encoding="utf-8", copybufsize=CHUNK
        )

    def __enter__(self) -> ArchiveWriter:
        return self

    def __exit__(self, *_: object) -> None:
        if not self._finished:
            self._end_tools()
            self._end_pumps()
            self._pipe.close()
            self._delete()

    def _start(self, command: list[str]) -> None:
        # The services come first; what compresses takes what they leave of the processor.
        self._processes.append(
            subprocess.Popen(
                ["nice", "-n", "10", *command],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._words,
                bufsize=0,
            )
        )

    def _pump(self, number: int) -> None:
        """Hand on what a tool puts out, to the next one or to the file; runs beside the thread that feeds the first."""
        stream = _stream(self._processes[number].stdout)
        target = _stream(self._processes[number + 1].stdin) if number + 1 < len(self._processes) else None
        try:
            while chunk := stream.read(CHUNK):
                if number == 0:
                    self._witness.show(chunk)
                if target is None:
                    self._keep(chunk)
                else:
                    _write_all(target, chunk)
        except BrokenPipeError:
            # The next tool has given up, and said why.
            pass
        except OSError as error:
            self._trouble = error
        # After trouble this ends the tools before, and with them the thread that feeds them.
        stream.close()
        if target is not None:
            with contextlib.suppress(BrokenPipeError):
                target.close()

    def _keep(self, chunk: bytes) -> None:
        self._hash.update(chunk)
        _write_all(self._file, chunk)
        self._size += len(chunk)

    def write(self, members: Collection[NewFile]) -> FileRecord:
        """Write all of the archive, wait until it is on the disk, and return its size and checksum.

        It is refused, before anything of it is written, when a restore would refuse it; and when it was read back and
        is not what it should be.
        """
        text = self._header.to_json().encode()
        require_restorable(text, self._header, members)
        self._add(NewFile(HEADER, len(text), text))
        for member in members:
            self._add(member)
        files = dict(self._files)
        manifest = Manifest(files).to_json().encode()
        self._add(NewFile(MANIFEST, len(manifest), manifest))
        self._finish()
        try:
            other = difference(self._witness.contents(), Contents(self._header, files))
        except ArchiveError as error:
            other = str(error)
        if other:
            raise WritingError(
                f"the archive was read back while it was written, and restore.yml would refuse it: {other}; run again,"
                " and when it happens again look for faults of the host's memory with its kernel's log"
            )
        self._finished = True
        return FileRecord(self._size, self._hash.hexdigest())

    def _add(self, member: NewFile) -> None:
        """Append a file."""
        entry = tarfile.TarInfo(member.path)
        entry.size = member.size
        entry.mode = PROGRAM_MODE if member.executable else ARCHIVE_MODE
        with contextlib.ExitStack() as opened:
            source: Any
            if isinstance(member.content, bytes):
                source = io.BytesIO(member.content)
            elif isinstance(member.content, Path):
                source = opened.enter_context(open_file(member.content, member.path))
            else:
                source = member.content
            content = Input(member, source)
            try:
                reader: Any = content
                self._tar.addfile(entry, reader)
            except BrokenPipeError as error:
                raise self._explained() from error
            except OSError as error:
                raise WritingError(f"{member.path} cannot be read: {error.strerror}") from error
        self._files[member.path] = content.record()

    def _finish(self) -> None:
        """Wait until all is on the disk."""
        try:
            self._tar.close()
            self._pipe.close()
        except BrokenPipeError as error:
            raise self._explained() from error
        self._end_pumps()
        codes = [process.wait() for process in self._processes]
        if self._trouble or any(codes):
            raise self._explained()
        try:
            os.fsync(self._file.fileno())
            self._file.close()
        except OSError as error:
            raise self._full(error) from error
        self._words.close()

    @property
    def files(self) -> int:
        """How many files the archive holds so far."""
        return len(self._files)

    def _end_pumps(self) -> None:
        for pump in self._pumps:
            pump.join()
        self._witness.end()

    def _explained(self) -> WritingError:
        """Why the pipe broke: the file could not be written, or a tool gave up."""
        for pump in self._pumps:
            pump.join()
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


def gzip_command(level: int) -> list[str]:
    """The command that compresses; without a time and a name in it, so that the same content gives the same archive."""
    return ["gzip", "--no-name", f"-{level}"]
