# SPDX-License-Identifier: Apache-2.0
"""Back up the stack of a host: one run from the lock to the archive in its place."""

from __future__ import annotations

import contextlib
import datetime
import shutil
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Optional

from ansible_collections.llmmon.stack.plugins.module_utils.archive.format import FileRecord, Header, checksum_line
from ansible_collections.llmmon.stack.plugins.module_utils.archive.names import SCOPE_FULL, STATE, ArchiveName
from ansible_collections.llmmon.stack.plugins.module_utils.archive.new_files import NewFile
from ansible_collections.llmmon.stack.plugins.module_utils.archive.writing import ArchiveWriter, gzip_command
from ansible_collections.llmmon.stack.plugins.module_utils.backup.copies import Copies
from ansible_collections.llmmon.stack.plugins.module_utils.backup.metric import publish, publish_copy
from ansible_collections.llmmon.stack.plugins.module_utils.backup.offsite import Restic, same_disk
from ansible_collections.llmmon.stack.plugins.module_utils.backup.records import service_records
from ansible_collections.llmmon.stack.plugins.module_utils.backup.retention import Kept, fragments, kept, stale
from ansible_collections.llmmon.stack.plugins.module_utils.backup.room import lack, rooms
from ansible_collections.llmmon.stack.plugins.module_utils.backup.settings import BackupSettings, Outcome
from ansible_collections.llmmon.stack.plugins.module_utils.backup.sources import (
    Alertmanager,
    Grafana,
    Prometheus,
    configuration,
)
from ansible_collections.llmmon.stack.plugins.module_utils.backup.workplace import Workplace
from ansible_collections.llmmon.stack.plugins.module_utils.errors import StackError
from ansible_collections.llmmon.stack.plugins.module_utils.host import places
from ansible_collections.llmmon.stack.plugins.module_utils.host.clock import utc_now
from ansible_collections.llmmon.stack.plugins.module_utils.host.disk import remove, sync, why_not_written
from ansible_collections.llmmon.stack.plugins.module_utils.host.files import write_new
from ansible_collections.llmmon.stack.plugins.module_utils.host.operation import OperationError, Operations
from ansible_collections.llmmon.stack.plugins.module_utils.host.waiting import wait_for

OPERATION = "backup"

_DIRECTORY_MODE = 0o700


class BackupError(StackError):
    """There is no new archive."""


class Interrupted(BaseException):
    """Somebody asks the process to end."""


class Backup:
    """One backup of one host."""

    def __init__(self, settings: BackupSettings) -> None:
        self._settings = settings
        self._services = {service.name: service for service in settings.services}
        self._full = settings.scope == SCOPE_FULL
        self._workplace = Workplace(settings.data_root)
        self._prometheus: Optional[Prometheus] = None
        self._alertmanager: Optional[Alertmanager] = None
        self._grafana: Optional[Grafana] = None
        for service in settings.services if self._full else []:
            if service.name == "prometheus":
                self._prometheus = Prometheus(service.url, service.data_directory)
            elif service.name == "alertmanager":
                self._alertmanager = Alertmanager(service.url, service.data_directory)
            else:
                self._grafana = Grafana(service.config_root, service.data_directory, settings.grafana_database_host)

    def plan(self) -> Outcome:
        """What a run would make and delete; changes nothing, and fails where a run would fail before it begins."""
        outcome = self._outcome(self._name(utc_now()))
        outcome.bytes = self._estimate()
        self._require_room(outcome.bytes)
        self._settings.encryption.check()
        outcome.cleared = [*self._workplace.leftovers(), *map(str, self._fragments())]
        # The one to be made is not there yet.
        name = ArchiveName.parse(Path(outcome.archive).name)
        if name:
            outcome.removed = [
                str(old.path)
                for old in stale(kept(self._settings.directory), self._settings.keep, name, self._settings.keep_hours)
            ]
        return outcome

    def run(self, patience: float = 0) -> Outcome:
        """Make the archive, and then its copy. Whatever goes wrong, nothing of it stays, and the services go on.

        ``patience`` is how many seconds to wait for another operation to end. The copy is made without the lock: no
        repository that does not answer keeps the host from being restored.
        """
        begun = time.monotonic()
        with _interruptible():
            with self._locked(patience):
                outcome = self._make()
            outcome.seconds = round(time.monotonic() - begun, 3)
            if self._settings.restic:
                outcome.notes += self._copy(self._settings.restic, Path(outcome.archive))
        return outcome

    @contextlib.contextmanager
    def _locked(self, patience: float) -> Iterator[None]:
        operations = Operations(self._settings.data_root)
        with contextlib.ExitStack() as held:
            refused: list[OperationError] = []

            def lock() -> Optional[bool]:
                try:
                    held.enter_context(operations.locked(OPERATION))
                except OperationError as error:
                    refused.append(error)
                    return None
                return True

            if not wait_for(lock, patience, interval=1):
                raise refused[-1]
            yield

    def _make(self) -> Outcome:
        cleared = self._clear()
        self._settings.encryption.check()
        self._require_room(self._estimate())
        self._make_directory()
        name = self._free_name()
        path = self._settings.directory / str(name)
        outcome = self._outcome(name)
        outcome.cleared = cleared
        try:
            self._workplace.open(places.partial(path))
            record, outcome.files = self._write(path, name)
        finally:
            self._workplace.clear()
        outcome.bytes, outcome.sha256 = record.size, record.sha256
        outcome.removed = self._remove_stale(name)
        outcome.notes = self._publish(name, record)
        return outcome

    def _copy(self, restic: Restic, archive: Path) -> list[str]:
        """Copy the archive off the host, and tell Prometheus as soon as it is there."""
        name = ArchiveName.parse(archive.name)
        service = self._services.get("prometheus")
        if name is None:
            raise BackupError(f"{archive} is not the name of an archive")
        note = ""
        try:
            with restic.copying(archive, name.scope) as copy:
                copy.make([archive, places.checksum(archive)], Copies(self._settings.data_root))
                if service:
                    created = int(name.created.timestamp())
                    note = publish_copy(service.config_root, service.container, name.scope, created)
                copy.forget(self._settings.keep, self._settings.keep_hours)
        except Interrupted as error:
            raise BackupError(
                f"{archive} was written, and its copy off the host was given up because the process was told to end"
                f" ({error})"
            ) from error
        return [text for text in (note, same_disk(restic, archive)) if text]

    def _outcome(self, name: ArchiveName) -> Outcome:
        return Outcome(str(self._settings.directory / str(name)), name.scope, services=sorted(self._services))

    def _name(self, moment: datetime.datetime) -> ArchiveName:
        return ArchiveName(moment.replace(microsecond=0), self._settings.scope, self._settings.encryption.tool)

    def _free_name(self) -> ArchiveName:
        """A name by the time, which two runs within one second would share."""

        def look() -> Optional[ArchiveName]:
            name = self._name(utc_now())
            return None if (self._settings.directory / str(name)).exists() else name

        name = wait_for(look, timeout=5, interval=0.1)
        if name is None:
            raise BackupError(
                f"{self._settings.directory} has an archive of this moment already: look at the host's clock"
            )
        return name

    def _clear(self) -> list[str]:
        """Clear away what killed runs left, here and where the directory was when they ran."""
        found = self._workplace.clear()
        for path in self._fragments():
            remove(path)
            found.append(str(path))
        return found

    def _fragments(self) -> list[Path]:
        """What killed runs left beside the archives, and a copy that somebody was about to fetch.

        A transfer that has begun goes on without its name.
        """
        fetched = self._settings.data_root / places.BACKUP_FETCH
        return [*fragments(self._settings.directory), *([fetched] if fetched.exists() else [])]

    def _make_directory(self) -> None:
        try:
            self._settings.directory.mkdir(mode=_DIRECTORY_MODE, parents=True, exist_ok=True)
        except OSError as error:
            raise BackupError(
                f"the directory {self._settings.directory} cannot be made:"
                f" {why_not_written(error, str(self._settings.directory))}; or correct"
                " llmmon_backup_directory"
            ) from error

    def _estimate(self) -> int:
        """Bytes of the files, as far as they are known before they are copied; gzip makes no more of them."""
        sources = [source for source in (self._prometheus, self._alertmanager, self._grafana) if source]
        return sum(source.estimate() for source in sources) + sum(
            member.size for member in self._configuration_members()
        )

    def _require_room(self, archive: int) -> None:
        copies = (self._prometheus.head_bytes() if self._prometheus else 0) + (
            self._grafana.database_bytes() if self._grafana else 0
        )
        for room in rooms(self._settings.directory, self._settings.data_root, archive, copies):
            message = lack(room, shutil.disk_usage(room.place).free)
            if message:
                raise BackupError(message)

    def _configuration_members(self) -> list[NewFile]:
        state = self._settings.data_root / STATE
        found = []
        if state.is_file():
            content = state.read_bytes()
            found.append(NewFile(STATE, len(content), content))
        for service in self._settings.services:
            found += configuration(service.name, service.config_root)
        return found

    def _write(self, path: Path, name: ArchiveName) -> tuple[FileRecord, int]:
        partial = places.partial(path)
        with contextlib.ExitStack() as opened:
            members = self._configuration_members()
            # Silences first: the sooner, the fewer come too late.
            alertmanager = self._alertmanager.members(opened) if self._alertmanager else []
            blocks = self._prometheus.members(self._workplace) if self._prometheus else []
            members += blocks + alertmanager
            members += self._grafana.members(self._workplace) if self._grafana else []
            total = sum(member.size for member in members)
            # Now the size is known to the byte.
            self._require_room(total)
            header = Header(
                name.scope,
                name.created,
                socket.gethostname(),
                service_records(self._settings),
                total,
                self._settings.inventory_host,
                self._settings.names,
                self._prometheus.not_uploaded(blocks) if self._prometheus else (),
            )
            filters = [gzip_command(self._settings.compression_level)]
            filters += self._settings.encryption.commands(self._workplace.path)
            with ArchiveWriter(partial, header, filters) as writer:
                record = writer.write(members)
                files = writer.files
        self._put_in_place(partial, path, record)
        return record, files

    def _put_in_place(self, partial: Path, path: Path, record: FileRecord) -> None:
        """The checksum first: an archive that has one is whole."""
        checksum = places.checksum(path)
        try:
            write_new(checksum, checksum_line(record.sha256, path.name))
            partial.replace(path)
            sync(path.parent)
        except OSError as error:
            checksum.unlink(missing_ok=True)
            reason = why_not_written(error, str(path.parent))
            raise BackupError(f"the archive cannot be put in its place {path}: {reason}") from error

    def _stale(self, name: ArchiveName) -> list[Kept]:
        found = kept(self._settings.directory)
        return stale(found, self._settings.keep, name, self._settings.keep_hours)

    def _remove_stale(self, name: ArchiveName) -> list[str]:
        removed = []
        for old in self._stale(name):
            # The checksum last: without the archive it is a leftover, which the next run clears.
            old.path.unlink()
            old.checksum.unlink(missing_ok=True)
            removed.append(str(old.path))
        return removed

    def _publish(self, name: ArchiveName, record: FileRecord) -> list[str]:
        service = self._services.get("prometheus")
        if service is None:
            return []
        note = publish(service.config_root, service.container, name.scope, int(name.created.timestamp()), record)
        return [note] if note else []


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """Let a request to end unwind what is at work, so that the snapshot goes at once and not with the next run."""

    def end(number: int, _frame: object) -> None:
        raise Interrupted(signal.Signals(number).name)

    numbers = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
    before = {number: signal.signal(number, end) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def back_up(settings: BackupSettings, plan_only: bool = False, patience: float = 0) -> Outcome:
    """Make a backup, or say what one would make; all that can go wrong comes as a BackupError."""
    try:
        backup = Backup(settings)
        return backup.plan() if plan_only else backup.run(patience)
    except StackError as error:
        raise BackupError(str(error)) from error
    except OSError as error:
        reason = why_not_written(error, str(settings.data_root))
        raise BackupError(f"the backup was given up: {reason}") from error
    except Interrupted as error:
        raise BackupError(f"the backup was given up because the process was told to end ({error})") from error
