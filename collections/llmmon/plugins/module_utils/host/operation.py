# SPDX-License-Identifier: Apache-2.0
"""One operation at a time on a host, and what is known of one that was begun and not ended.

``operation.lock`` keeps two modules apart while they work; the kernel releases it when the process dies.
``operation.json`` is the journal of an operation that spans several module runs. It outlives a kill and a reboot, and
says how far the operation came, so that the same operation, run again, can put things back first.
"""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Optional

from ansible_collections.llmmon.stack.plugins.module_utils.errors import StackError
from ansible_collections.llmmon.stack.plugins.module_utils.host.clock import utc_now, written
from ansible_collections.llmmon.stack.plugins.module_utils.host.disk import sync, why_not_written
from ansible_collections.llmmon.stack.plugins.module_utils.host.files import unfinished, write_atomically
from ansible_collections.llmmon.stack.plugins.module_utils.host.places import OPERATION_JOURNAL, OPERATION_LOCK
from ansible_collections.llmmon.stack.plugins.module_utils.host.waiting import wait_for

# Neither file holds much; what is longer is not ours.
_MOST_BYTES = 2**20
_PATIENCE = 5.0


class OperationError(StackError):
    """An operation cannot go on."""


@dataclasses.dataclass(frozen=True)
class Journal:
    """How far an operation came: its name, when it was begun (UTC), the step it took last, what it needs to undo it."""

    operation: str
    started: str
    phase: str
    details: dict[str, Any]

    def sentence(self) -> str:
        """What is known of it, and what to do."""
        return (
            f"the {self.operation} of {self.started} was interrupted (at {self.phase!r}); run {self.operation}.yml"
            " again, which first puts things back"
        )

    def to_json(self) -> str:
        return json.dumps(dataclasses.asdict(self), indent=1, sort_keys=True) + "\n"


class Operations:
    """Lock and journal below the data root, such as ``/var/lib/llmmon``."""

    def __init__(self, data_root: Path) -> None:
        self.data_root = data_root
        self._lock = data_root / OPERATION_LOCK
        self._journal = data_root / OPERATION_JOURNAL

    @contextlib.contextmanager
    def locked(self, operation: str) -> Iterator[None]:
        """Hold the lock for one module run of an operation; refuse at once when something else is at work.

        Also refuses when another operation was begun and not ended. The same one may go on, or put things back.
        """
        try:
            # Opened for appending: whoever fails to get the lock must not wipe out who has it.
            handle = self._lock.open("a+")
        except OSError as error:
            raise OperationError(
                f"{operation} cannot begin: {self._lock} cannot be opened ({error.strerror}); run site.yml"
                " first, or correct llmmon_data_root"
            ) from error
        with handle:
            os.fchmod(handle.fileno(), 0o600)
            if not wait_for(lambda: _try_to_lock(handle), self._patience(operation), interval=0.05):
                handle.seek(0)
                raise OperationError(f"{operation} cannot begin: {_holder(handle.read(_MOST_BYTES))}")
            # Another one may have begun meanwhile.
            self.refuse_others(operation)
            handle.truncate(0)
            handle.write(json.dumps({"operation": operation, "since": now(), "process": os.getpid()}))
            handle.flush()
            try:
                yield
            finally:
                handle.truncate(0)

    def _patience(self, operation: str) -> float:
        """How long to wait for the lock: where this operation goes on, others hold it only until they are refused."""
        journal = self.journal()
        return _PATIENCE if journal is not None and journal.operation == operation else 0

    def journal(self) -> Optional[Journal]:
        """The operation that was begun and not ended, None when there is none."""
        path = self._journal
        try:
            with path.open(encoding="utf-8") as handle:
                found = json.loads(handle.read(_MOST_BYTES))
            journal = Journal(**found)
            if not all(isinstance(text, str) for text in (journal.operation, journal.started, journal.phase)):
                raise TypeError
            if not isinstance(journal.details, dict):
                raise TypeError
        except FileNotFoundError:
            return None
        except (ValueError, TypeError) as error:
            raise OperationError(
                f"the journal {path} is damaged, so nobody can tell which operation was interrupted: see what lies in"
                f" {self.data_root}, put it right by hand, and delete the journal"
            ) from error
        except OSError as error:
            raise OperationError(f"the journal {path} cannot be read: {error.strerror}") from error
        return journal

    def refuse_others(self, operation: Optional[str]) -> None:
        """Refuse when another operation was begun and not ended; None is a run that is not one, such as site.yml."""
        journal = self.journal()
        if journal is not None and journal.operation != operation:
            refused = f"{operation} cannot begin" if operation else "nothing was changed"
            raise OperationError(f"{refused}: {journal.sentence()}")

    def begin(self, operation: str, phase: str, details: dict[str, Any]) -> Journal:
        """Write down that an operation that spans several module runs has begun."""
        self.refuse_others(operation)
        return self._write(Journal(operation, now(), phase, details))

    def advance(self, phase: str, **details: Any) -> Journal:
        """Write down the step that is about to be taken, and what undoing it will need."""
        journal = self.journal()
        if journal is None:
            raise OperationError(f"the journal {self._journal} is gone: somebody deleted it meanwhile")
        return self._write(
            dataclasses.replace(journal, phase=phase, details={**journal.details, **details}),
        )

    def end(self) -> None:
        """The operation has ended, well or with everything put back."""
        for path in (self._journal, *unfinished(self._journal)):
            with contextlib.suppress(FileNotFoundError):
                path.unlink()
        sync(self.data_root)

    def _write(self, journal: Journal) -> Journal:
        try:
            write_atomically(self._journal, journal.to_json(), 0o600)
        except OSError as error:
            reason = why_not_written(error, str(self._journal))
            raise OperationError(f"the journal of operations cannot be written: {reason}") from error
        return journal


def _try_to_lock(handle: IO[str]) -> Optional[bool]:
    """Take the lock if it is free; None when somebody else has it."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return None
    return True


def now() -> str:
    """This moment as lock and journal write it."""
    return written(utc_now())


def _holder(text: str) -> str:
    """Who holds the lock, as far as its file says; the holder may be about to write it."""
    try:
        found = json.loads(text)
        who = f"{found['operation']} (process {found['process']}) is at work since {found['since']}"
    except (ValueError, KeyError, TypeError):
        who = "another operation is at work"
    return f"{who} on this host: wait for it to end, then run again"
