# SPDX-License-Identifier: Apache-2.0
"""Back up the stack of a host: one run from the lock to the archive in its place.

A playbook runs this by the module ``stack_backup``; a timer on the host runs this file, with the same settings in a
file: ``python3 -m ansible_collections.llmmon.stack.plugins.module_utils.backup.run SETTINGS.json``.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import json
import shutil
import signal
import socket
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Optional

from ansible_collections.llmmon.stack.plugins.module_utils.archive.encryption import Encryption
from ansible_collections.llmmon.stack.plugins.module_utils.archive.format import (
    HEADER,
    SCOPE_FULL,
    STATE,
    ArchiveName,
    FileRecord,
    Header,
    ServiceRecord,
    checksum_line,
)
from ansible_collections.llmmon.stack.plugins.module_utils.archive.writing import (
    ArchiveWriter,
    Member,
    gzip_command,
)
from ansible_collections.llmmon.stack.plugins.module_utils.backup.metric import publish
from ansible_collections.llmmon.stack.plugins.module_utils.backup.offsite import Restic
from ansible_collections.llmmon.stack.plugins.module_utils.backup.retention import fragments, kept, stale
from ansible_collections.llmmon.stack.plugins.module_utils.backup.sources import (
    Alertmanager,
    Grafana,
    Prometheus,
    configuration,
)
from ansible_collections.llmmon.stack.plugins.module_utils.backup.workplace import Workplace
from ansible_collections.llmmon.stack.plugins.module_utils.clients.engine import Engine, EngineError
from ansible_collections.llmmon.stack.plugins.module_utils.clients.http import Connection, HttpClient, HttpError
from ansible_collections.llmmon.stack.plugins.module_utils.clients.service_api import told_version
from ansible_collections.llmmon.stack.plugins.module_utils.configuration.releases import CURRENT, RUNNING, Releases
from ansible_collections.llmmon.stack.plugins.module_utils.errors import StackError
from ansible_collections.llmmon.stack.plugins.module_utils.host import places
from ansible_collections.llmmon.stack.plugins.module_utils.host.clock import utc_now
from ansible_collections.llmmon.stack.plugins.module_utils.host.disk import nearest_existing, sync
from ansible_collections.llmmon.stack.plugins.module_utils.host.files import write_new
from ansible_collections.llmmon.stack.plugins.module_utils.host.operation import Operations
from ansible_collections.llmmon.stack.plugins.module_utils.host.waiting import wait_for

OPERATION = "backup"

# Left for the services while a backup works, and for what a tar and a manifest add to the files.
_RESERVE = 64 * 1024 * 1024
_DIRECTORY_MODE = 0o700


class BackupError(StackError):
    """There is no new archive."""


class Interrupted(BaseException):
    """Somebody asks the process to end."""


@dataclasses.dataclass(frozen=True)
class Service:
    """Where a service is on this host."""

    name: str
    container: str
    url: str
    config_root: Path
    data_directory: Path


@dataclasses.dataclass(frozen=True)
class Settings:
    """All that a backup depends on; paths are the host's."""

    scope: str
    services: list[Service]
    data_root: Path
    directory: Path
    keep: int
    compression_level: int
    encryption: Encryption
    restic: Optional[Restic]
    grafana_database_host: str

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Settings:
        """Settings as the options of the module ``stack_backup``, which also lie in the timer's file."""
        services = [
            Service(
                name=service["name"],
                container=service["container"],
                url=service["url"],
                config_root=Path(service["config_root"]),
                data_directory=Path(service["data_directory"]),
            )
            for service in content["services"]
        ]
        repository = content["restic_repository"]
        return cls(
            scope=content["scope"],
            services=services,
            data_root=Path(content["data_root"]),
            directory=Path(content["directory"]),
            keep=content["keep"],
            compression_level=content["compression_level"],
            encryption=Encryption(content["encryption"], tuple(content["public_keys"])),
            restic=Restic(repository, Path(content["restic_password_file"])) if repository else None,
            grafana_database_host=content["grafana_database_host"],
        )


@dataclasses.dataclass
class Outcome:
    """What a backup made, or would make; ``removed`` are archives that were too many, ``notes`` small troubles."""

    archive: str
    scope: str
    bytes: int = 0
    sha256: str = ""
    seconds: float = 0.0
    files: int = 0
    services: list[str] = dataclasses.field(default_factory=list)
    removed: list[str] = dataclasses.field(default_factory=list)
    cleared: list[str] = dataclasses.field(default_factory=list)
    notes: list[str] = dataclasses.field(default_factory=list)


@dataclasses.dataclass(frozen=True)
class Room:
    """Bytes that a file system must have free, and what for."""

    place: Path
    needed: int


def rooms(directory: Path, data_root: Path, archive: int, copies: int) -> list[Room]:
    """How much room is needed where; one file system has to take both."""
    place = nearest_existing(directory)
    if place.stat().st_dev == nearest_existing(data_root).stat().st_dev:
        return [Room(place, archive + copies + _RESERVE)]
    return [Room(place, archive + _RESERVE), Room(data_root, copies + _RESERVE)]


def lack(room: Room, free: int) -> Optional[str]:
    """What to say when a file system has too little room."""
    if free >= room.needed:
        return None
    return (
        f"a backup may need {room.needed // 2**20} MiB in {room.place} and {free // 2**20} MiB are free: free some"
        " disk, set llmmon_backup_directory to another file system, or back up the configuration alone with"
        " llmmon_backup_scope=config"
    )


class Backup:
    """One backup of one host."""

    def __init__(self, settings: Settings) -> None:
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
        outcome.cleared = self._workplace.leftovers() + [str(path) for path in fragments(self._settings.directory)]
        # The one to be made is not there yet.
        name = ArchiveName.parse(Path(outcome.archive).name)
        if name:
            outcome.removed = [
                str(old.path) for old in stale(kept(self._settings.directory), self._settings.keep, name)
            ]
        return outcome

    def run(self) -> Outcome:
        """Make the archive. Whatever goes wrong, nothing of it stays, and the services go on as before."""
        begun = time.monotonic()
        with Operations(self._settings.data_root).locked(OPERATION), _interruptible():
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
            outcome.seconds = round(time.monotonic() - begun, 3)
            if self._settings.restic:
                self._settings.restic.copy([path, places.checksum(path)], name.scope, self._settings.keep)
        return outcome

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
        for path in fragments(self._settings.directory):
            path.unlink()
            found.append(str(path))
        return found

    def _make_directory(self) -> None:
        try:
            self._settings.directory.mkdir(mode=_DIRECTORY_MODE, parents=True, exist_ok=True)
        except OSError as error:
            raise BackupError(
                f"the directory {self._settings.directory} cannot be made: {error.strerror}; correct"
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

    def _configuration_members(self) -> list[Member]:
        state = self._settings.data_root / STATE
        found = []
        if state.is_file():
            content = state.read_bytes()
            found.append(Member(STATE, len(content), content))
        for service in self._settings.services:
            found += configuration(service.name, service.config_root)
        return found

    def _write(self, path: Path, name: ArchiveName) -> tuple[FileRecord, int]:
        partial = places.partial(path)
        with contextlib.ExitStack() as opened:
            members = self._configuration_members()
            # Silences first: the sooner, the fewer come too late.
            alertmanager = self._alertmanager.members(opened) if self._alertmanager else []
            members += self._prometheus.members(self._workplace) if self._prometheus else []
            members += alertmanager
            members += self._grafana.members(self._workplace) if self._grafana else []
            total = sum(member.size for member in members)
            # Now the size is known to the byte.
            self._require_room(total)
            header = Header(name.scope, name.created, socket.gethostname(), self._service_records(), total)
            text = header.to_json().encode()
            filters = [gzip_command(self._settings.compression_level)]
            filters += self._settings.encryption.commands(self._workplace.path)
            with ArchiveWriter(partial, filters) as writer:
                writer.add(Member(HEADER, len(text), text))
                writer.add_all(members)
                record = writer.finish()
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
            raise BackupError(f"the archive cannot be put in its place {path}: {error.strerror}") from error

    def _service_records(self) -> dict[str, ServiceRecord]:
        """Versions, images and releases; what cannot be found out now is as it was deployed."""
        try:
            engine: Optional[Engine] = Engine()
        except EngineError:
            engine = None
        deployed = _deployed(self._settings.data_root / STATE)
        return {
            service.name: _record(service, engine, deployed.get(service.name, {}))
            for service in self._settings.services
        }

    def _remove_stale(self, name: ArchiveName) -> list[str]:
        removed = []
        for old in stale(kept(self._settings.directory), self._settings.keep, name):
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


def _deployed(state: Path) -> dict[str, dict[str, Any]]:
    """What site.yml wrote down of each service."""
    try:
        services = json.loads(state.read_text(encoding="utf-8"))["services"]
        return {name: dict(record) for name, record in services.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _record(service: Service, engine: Optional[Engine], deployed: dict[str, Any]) -> ServiceRecord:
    image, image_id, digests = str(deployed.get("image", "")), "", tuple(deployed.get("digests", ()))
    with contextlib.suppress(EngineError):
        attributes = engine.inspect(service.container) if engine else None
        if engine and attributes:
            image, image_id = attributes["Config"]["Image"], attributes["Image"]
            digests = tuple(engine.image_digests(image_id))
    version = ""
    with contextlib.suppress(HttpError):
        version = told_version(service.name, HttpClient(Connection(url=service.url, timeout=5)))
    releases = Releases(service.config_root)
    return ServiceRecord(
        version=version or str(deployed.get("version", "")),
        image=image,
        image_id=image_id,
        digests=digests,
        release=releases.target(CURRENT) or "",
        running_release=releases.target(RUNNING) or "",
    )


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


def back_up(settings: Settings, plan_only: bool = False) -> Outcome:
    """Make a backup, or say what one would make; all that can go wrong comes as a BackupError."""
    try:
        backup = Backup(settings)
        return backup.plan() if plan_only else backup.run()
    except StackError as error:
        raise BackupError(str(error)) from error
    except OSError as error:
        raise BackupError(f"the backup was given up: {error.filename or 'a file'}: {error.strerror}") from error
    except Interrupted as error:
        raise BackupError(f"the backup was given up because the process was told to end ({error})") from error


def main() -> int:
    """Entry point of the timer's service; what it prints goes to the journal."""
    try:
        settings = Settings.from_dict(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
        outcome = back_up(settings)
    except BackupError as error:
        print(f"no backup was made: {error}", file=sys.stderr)
        return 1
    print(f"{outcome.archive}: {outcome.bytes} bytes, {outcome.files} files, {outcome.seconds:.1f} s")
    for note in outcome.notes:
        print(note)
    return 0


if __name__ == "__main__":
    sys.exit(main())
