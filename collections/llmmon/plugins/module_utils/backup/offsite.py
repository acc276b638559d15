# SPDX-License-Identifier: Apache-2.0
"""Copy archives off the host with restic, which encrypts them and knows many kinds of places.

No step waits without end: all of them together have ``timeout`` seconds, after which restic is ended with all that it
has started. A repository is made only where there has never been one, as far as this host knows.
"""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import os
import re
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Optional

from ansible_collections.llmmon.stack.plugins.module_utils.backup.copies import Copies
from ansible_collections.llmmon.stack.plugins.module_utils.errors import StackError
from ansible_collections.llmmon.stack.plugins.module_utils.host.tools import last_words
from ansible_collections.llmmon.stack.plugins.module_utils.host.waiting import wait_for

# The user and password that an address may hold.
_CREDENTIALS = re.compile(r"(://)[^/@\s]*@")
_TAG = "llmmon"
# What restic says since 0.17 by its exit code, and in words of many kinds before.
_NO_REPOSITORY, _LOCKED, _WRONG_PASSWORD = 10, 11, 12
_HINT = "Is there a repository at the following location"
_ABSENT = re.compile(r"no such file|not exist|doesn't exist|\b404\b|not found", re.IGNORECASE)
# How long restic may take to remove its lock when it is told to end.
_GRACE_SECONDS = 10
_MOST_WORDS = 2**20
_NOT_COPIED = "was written but not copied off the host"
_WITHOUT_FORGETTING = "was copied off the host, but older copies there were not removed"


class CopyError(StackError):
    """The archive is on the host, but not off it; or older copies are still there."""


@dataclasses.dataclass(frozen=True)
class Restic:
    """A repository, as restic names it, and the file on the host with its password.

    ``anew`` allows to make a repository where there was one.
    """

    repository: str = dataclasses.field(repr=False)
    password_file: Path
    timeout: float
    anew: bool = False

    @property
    def shown(self) -> str:
        """The address without a password."""
        return _CREDENTIALS.sub(r"\1", self.repository)

    @property
    def local(self) -> Optional[Path]:
        """The directory of a repository of this host, None for one that is elsewhere."""
        path = self.repository.removeprefix("local:")
        return Path(path) if path.startswith("/") else None

    @contextlib.contextmanager
    def copying(self, archive: Path, scope: str) -> Iterator[OffsiteCopy]:
        """Make the copy of an archive; two at once wait for each other."""
        deadline = time.monotonic() + self.timeout
        with _alone(archive, deadline), tempfile.NamedTemporaryFile("w", encoding="utf-8") as address:
            # An address may hold a password, which no argument may show.
            address.write(self.repository)
            address.flush()
            yield OffsiteCopy(self, archive, scope, deadline, Path(address.name))


@dataclasses.dataclass(frozen=True)
class _Done:
    """How a command of restic ended."""

    code: int
    words: str

    @property
    def no_repository(self) -> bool:
        """Whether it says that it was there, and that there is no repository."""
        said, hint, _ = self.words.partition(_HINT)
        return self.code == _NO_REPOSITORY or bool(self.code and hint and _ABSENT.search(said))


class OffsiteCopy:
    """One archive on its way off the host."""

    def __init__(self, restic: Restic, archive: Path, scope: str, deadline: float, address: Path) -> None:
        self._restic = restic
        self._archive = archive
        self._deadline = deadline
        self._copied = False
        self._base = ["restic", "--repository-file", str(address), "--password-file", str(restic.password_file)]
        self._which = ["--host", socket.gethostname(), "--tag", f"{_TAG},{scope}"]

    def make(self, paths: list[Path], copies: Copies) -> None:
        """Add the files as a snapshot, in a repository that is made when this host knows of no earlier one."""
        if not self._restic.password_file.is_file():
            raise self._failed(
                f"there is no file {self._restic.password_file}; correct llmmon_backup_restic_password_file"
            )
        self._open(copies)
        self._require("backup", *self._which, *map(str, paths))
        self._copied = True
        copies.note(self._restic.shown)

    def forget(self, keep: int, hours: int) -> None:
        """Forget all but the last ``keep`` of this host and scope, and those of the last hours."""
        within = ["--keep-within", f"{hours}h"] if hours else []
        # By tags alone: each archive has a path of its own.
        self._require("forget", *self._which, "--group-by", "host,tags", "--keep-last", str(keep), *within, "--prune")

    def _open(self, copies: Copies) -> None:
        """Find the repository, and remove the locks that killed restics left; one that is at work keeps its own."""
        found = self._run("unlock")
        if not found.code:
            return
        if not found.no_repository:
            raise self._failed(self._explained("unlock", found))
        last = copies.last(self._restic.shown)
        if last and not self._restic.anew:
            raise self._failed(
                f"there is no repository at {self._restic.shown} any more, to which this host last copied at {last}: is"
                " its disk or share not mounted? To begin a new one there, run once with"
                " llmmon_backup_restic_anew=true"
            )
        self._require("init")

    def _require(self, command: str, *arguments: str) -> None:
        done = self._run(command, *arguments)
        if done.code:
            raise self._failed(self._explained(command, done))

    def _run(self, *arguments: str) -> _Done:
        """Run restic in a group of its own, with whatever it starts, and end all of them when the time is over."""
        with tempfile.TemporaryFile() as words:
            try:
                process = subprocess.Popen(
                    [*self._base, "--quiet", *arguments],
                    env={"HOME": "/root", **os.environ},
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    # Not a pipe: what restic has started may hold it after its end.
                    stderr=words,
                    start_new_session=True,
                )
            except OSError as error:
                raise self._failed(
                    f"restic cannot be started ({error.strerror}); install the package restic, or run backup.yml"
                ) from error
            try:
                code = process.wait(max(self._deadline - time.monotonic(), 0))
            except subprocess.TimeoutExpired as error:
                _end(process)
                raise self._failed(
                    f"restic {arguments[0]} was ended, because the copy took longer than {self._restic.timeout:.0f} s:"
                    f" find out whether {self._restic.shown} still answers, or raise llmmon_backup_copy_timeout"
                ) from error
            except BaseException:
                _end(process)
                raise
            words.seek(0)
            return _Done(code, words.read(_MOST_WORDS).decode(errors="replace"))

    def _failed(self, reason: str) -> CopyError:
        return CopyError(f"{self._archive} {_WITHOUT_FORGETTING if self._copied else _NOT_COPIED}: {reason}")

    def _explained(self, command: str, done: _Done) -> str:
        said = last_words(done.words.replace(self._restic.repository, self._restic.shown))
        words = _CREDENTIALS.sub(r"\1", said) or f"exit code {done.code}"
        if done.code == _WRONG_PASSWORD or "wrong password or no key found" in words:
            return (
                f"the password in {self._restic.password_file} does not open the repository {self._restic.shown}: put"
                " the right one there, or correct llmmon_backup_restic_password_file"
            )
        if done.code == _LOCKED or "already locked" in words:
            return (
                f"restic {command} failed, because another restic is at work there ({words}): run again when it has"
                " ended; when there is none, 'restic unlock --remove-all' removes its lock"
            )
        return (
            f"restic {command} failed: {words}; find out whether {self._restic.shown} can be reached and written from"
            " the host, or correct llmmon_backup_restic_repository"
        )


def same_disk(restic: Restic, archive: Path) -> str:
    """A sentence when a repository lies on the file system of the archives, and is lost with it."""
    place = restic.local
    if place is None or not place.exists() or place.stat().st_dev != archive.parent.stat().st_dev:
        return ""
    return (
        f"the repository {place} is on the same file system as the archives, so both are lost together: set"
        " llmmon_backup_restic_repository to another disk or host"
    )


@contextlib.contextmanager
def _alone(archive: Path, deadline: float) -> Iterator[None]:
    """Hold the lock of copies, on the directory of archives; the kernel releases it when the process dies."""
    directory = os.open(archive.parent, os.O_RDONLY)
    try:

        def lock() -> Optional[bool]:
            try:
                fcntl.flock(directory, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return None
            return True

        if not wait_for(lock, max(deadline - time.monotonic(), 0), interval=0.2):
            raise CopyError(
                f"{archive} {_NOT_COPIED}: another copy is still at work; see its end with"
                " journalctl --unit llmmon-backup.service, then run again"
            )
        yield
    finally:
        os.close(directory)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process and its group: first so that restic removes its lock, then in any case."""
    for number in (signal.SIGINT, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_GRACE_SECONDS)
