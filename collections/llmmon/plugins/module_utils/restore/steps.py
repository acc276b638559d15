# SPDX-License-Identifier: Apache-2.0
"""The steps of a restore on a host: check and stage, exchange, settle, and then keep it or put everything back.

Up to the exchange nothing is touched but a staging directory. From then on the journal says before each step what
undoing it needs, until ``keep`` writes down that nothing will be undone any more.
"""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Optional

from ansible_collections.llmmon.stack.plugins.module_utils.archive import format as names
from ansible_collections.llmmon.stack.plugins.module_utils.archive.format import SCOPE_FULL, ArchiveError, Header
from ansible_collections.llmmon.stack.plugins.module_utils.archive.reading import (
    Contents,
    Owner,
    Staging,
    explain_full_disk,
    read_archive,
)
from ansible_collections.llmmon.stack.plugins.module_utils.backup.grafana_database import DatabaseError, database_file
from ansible_collections.llmmon.stack.plugins.module_utils.clients.engine import Engine
from ansible_collections.llmmon.stack.plugins.module_utils.clients.http import Connection, HttpClient
from ansible_collections.llmmon.stack.plugins.module_utils.clients.readiness import is_healthy, wait_until_ready
from ansible_collections.llmmon.stack.plugins.module_utils.clients.silences import carry_over, is_silence
from ansible_collections.llmmon.stack.plugins.module_utils.configuration.releases import (
    CURRENT,
    DIRECTORY_MODE,
    MANIFEST,
    RUNNING,
    SECRETS,
    Releases,
    file_mode,
)
from ansible_collections.llmmon.stack.plugins.module_utils.errors import StackError
from ansible_collections.llmmon.stack.plugins.module_utils.host.disk import disk_usage, sync
from ansible_collections.llmmon.stack.plugins.module_utils.host.operation import Operations
from ansible_collections.llmmon.stack.plugins.module_utils.host.places import (
    BEFORE_RESTORE,
    GENERATED,
    RESTORE_CONFIGURATION,
    RESTORE_WORK,
)
from ansible_collections.llmmon.stack.plugins.module_utils.restore.rules import (
    part_problems,
    secret_key_path,
    secret_key_problems,
    version_problems,
)
from ansible_collections.llmmon.stack.plugins.module_utils.restore.swap import Place, remove

OPERATION = "restore"

STOPPING = "stopping the services"
EXCHANGING = "exchanging data and configuration"
STARTING = "starting the restored services"
KEEPING = "removing what was there before"
RETURNING = "starting the services of before"

_ADMIN_PASSWORD = f"{SECRETS}/admin_password"
_SECRET_KEY = f"{SECRETS}/secret_key"


class RestoreError(StackError):
    """A restore cannot go on."""


@dataclasses.dataclass(frozen=True)
class Service:
    """A service of this host as the inventory describes it; the first of its containers is its own."""

    name: str
    version: str
    url: str
    containers: tuple[str, ...]
    uid: int
    gid: int
    data_directory: Path
    config_root: Path


@dataclasses.dataclass(frozen=True)
class Settings:
    """What the inventory says beside the services; the passwords are empty when it leaves them to the host."""

    data_root: Path
    config_root: Path
    minimum_free: int
    admin_password: str
    secret_key: str


class Restore:
    """One host and what is restored on it."""

    def __init__(self, services: list[Service], settings: Settings) -> None:
        self.services = {service.name: service for service in services}
        self.settings = settings
        self.operations = Operations(settings.data_root)
        # Beside what they are exchanged with, so that renames do: data and configuration may lie on two file systems.
        self.work = settings.data_root / RESTORE_WORK
        self.staging = self.work / "new"
        self.ready = self.work / "ready.json"
        self.config_work = settings.config_root / RESTORE_CONFIGURATION

    # -- before anything is touched

    def check(self, archive: Path) -> list[str]:
        """Read the whole archive and hold it against this host; returns what would be replaced by what."""
        with self.operations.locked(OPERATION):
            return self._replaced(self._checked(archive, read_archive(archive, self._room())))

    def stage(self, archive: Path) -> list[str]:
        """Check, and keep what was read in staging; nothing is left of it when anything is wrong."""
        with self.operations.locked(OPERATION):
            if self.operations.journal() is not None:
                raise RestoreError(
                    "an earlier restore was interrupted and has to be put back first: run restore.yml again"
                )
            self._clear_staging()
            try:
                self.work.mkdir(mode=0o700)
                self.staging.mkdir(mode=0o700)
                owners = {name: Owner(service.uid, service.gid) for name, service in self.services.items()}
                contents = self._checked(
                    archive, read_archive(archive, self._room(), Staging(self.staging, owners).open)
                )
                self._arrange_grafana(contents.header)
                self._prepare_configuration(contents.header)
                self._mark_ready(archive, contents)
            except OSError as error:
                self._clear()
                raise explain_full_disk(error, self.work) from error
            except BaseException:
                self._clear()
                raise
            return self._replaced(contents)

    def _room(self) -> int:
        return shutil.disk_usage(self.settings.data_root).free - self.settings.minimum_free

    def _restored(self, header: Header) -> list[Service]:
        """The services that both the archive and the host have."""
        return [service for name, service in self.services.items() if name in header.services]

    def _checked(self, archive: Path, contents: Contents) -> Contents:
        header, services = contents.header, self._restored(contents.header)
        problems = part_problems(header, contents.files, [service.name for service in services])
        problems += version_problems(header, {service.name: service.version for service in services})
        if "grafana" in self.services and "grafana" in header.services:
            problems += secret_key_problems(
                header, contents.files, self.settings.secret_key, self._key_that_stays(header.scope)
            )
        if header.scope == SCOPE_FULL:
            problems += [problem for service in services for problem in self._place_problems(service)]
        if problems:
            raise RestoreError(f"the archive {archive} cannot be restored here: {' | '.join(problems)}")
        return contents

    def _key_that_stays(self, scope: str) -> Optional[bytes]:
        """The key on the host, when a database stays that it belongs to."""
        grafana = self.services["grafana"]
        key = grafana.config_root / CURRENT / _SECRET_KEY
        if scope == SCOPE_FULL or not (grafana.data_directory / "grafana.db").exists() or not key.is_file():
            return None
        return key.read_bytes()

    def _place_problems(self, service: Service) -> list[str]:
        directory = service.data_directory
        if directory.is_dir() and directory.stat().st_dev == self.settings.data_root.stat().st_dev:
            return []
        return [
            f"{directory} does not lie on the same file system as {self.settings.data_root}, so its content cannot be"
            " exchanged at once: mount that file system at llmmon_data_root instead"
        ]

    def _replaced(self, contents: Contents) -> list[str]:
        """What would be replaced by what, one line each."""
        header = contents.header
        of = f"of {header.host}, {header.created.strftime('%Y-%m-%d %H:%M:%S')} UTC"
        lines = []
        for service in self._restored(header):
            record = header.services[service.name]
            release = Releases(service.config_root).target(CURRENT)
            lines.append(
                f"{service.config_root} ({f'configuration {release}' if release else 'empty'})"
                f" by the configuration {record.release} {of}"
            )
            if header.scope == SCOPE_FULL:
                prefix = f"{service.name}/"
                size = sum(record.size for path, record in contents.files.items() if path.startswith(prefix))
                lines.append(
                    f"{service.data_directory} ({_mebibytes(disk_usage(service.data_directory))})"
                    f" by the data of {service.name} {record.version} ({_mebibytes(size)}) {of}"
                )
        return lines

    def _arrange_grafana(self, header: Header) -> None:
        """Put the database where the restored configuration has it, beside Grafana's other files."""
        database = self.staging / names.GRAFANA_SQLITE
        if "grafana" not in self.services or not database.exists():
            return
        data, owner = self.staging / names.GRAFANA_DATA, self.services["grafana"]
        ini = self.staging / names.CONFIG / "grafana" / header.services["grafana"].release / "grafana.ini"
        try:
            place = database_file(ini, data)
        except DatabaseError as error:
            raise ArchiveError(f"it cannot be told where Grafana has its database: {error}") from error
        for directory in reversed([place.parent, *place.parent.parents]):
            if not directory.is_dir():
                directory.mkdir(mode=0o750)
                os.chown(directory, owner.uid, owner.gid)
        try:
            os.link(database, place)
        except FileExistsError as error:
            raise ArchiveError(
                f"{place.relative_to(self.staging)} would be the database; do not use this archive"
            ) from error
        database.unlink()

    def _prepare_configuration(self, header: Header) -> None:
        """Copy the releases to the file system of the configuration, with the access that Releases gives."""
        self.config_work.mkdir(mode=0o700, parents=True)
        for service in self._restored(header):
            record = header.services[service.name]
            target = self.config_work / "new" / service.name
            target.mkdir(parents=True)
            source = self.staging / names.CONFIG / service.name
            for release in sorted(entry.name for entry in source.iterdir()):
                install_release(source / release, target / release, service.gid)
            if (service.config_root / GENERATED).is_dir():
                # What the host tells of itself, such as the time of its last backup, is as true as before.
                install_generated(service.config_root / GENERATED, target / GENERATED)
            releases = Releases(target)
            releases.point(CURRENT, record.release)
            if record.running_release:
                releases.point(RUNNING, record.running_release)
            if service.name == "grafana" and self.settings.admin_password:
                set_secret(target / record.release, _ADMIN_PASSWORD, self.settings.admin_password.encode())

    def _mark_ready(self, archive: Path, contents: Contents) -> None:
        key = contents.files.get(secret_key_path(contents.header)) if "grafana" in contents.header.services else None
        found = {
            "archive": str(archive),
            "header": contents.header.to_json(),
            "secret_key": key.sha256 if key else "",
        }
        self.ready.write_text(json.dumps(found), encoding="utf-8")

    def _staged(self) -> tuple[Header, dict[str, str]]:
        try:
            found: dict[str, str] = json.loads(self.ready.read_text(encoding="utf-8"))
        except OSError as error:
            raise RestoreError("no archive was checked and staged for this restore: run restore.yml again") from error
        return Header.from_json(found["header"].encode()), found

    # -- the exchange

    def exchange(self, engine: Engine) -> None:
        """Stop the services, move what is there aside and what was staged in."""
        with self.operations.locked(OPERATION):
            header, found = self._staged()
            services = self._restored(header)
            containers = [_container(engine, name) for service in services for name in service.containers]
            self.operations.begin(OPERATION, STOPPING, {"archive": found["archive"], "containers": containers})
            for container in containers:
                if container["id"]:
                    # Else the engine would start it at boot, over data that are half exchanged.
                    engine.restart_policy(container["id"], "no")
                    engine.stop(container["id"])
                    engine.rename(container["id"], container["name"] + BEFORE_RESTORE)
            places = list(self._places(services, header.scope))
            self.operations.advance(EXCHANGING, places=[place.to_journal() for place in places])
            for service in services:
                self._make_config_root(service)
            with contextlib.ExitStack() as locks:
                for service in services:
                    locks.enter_context(Releases(service.config_root).locked())
                for place in places:
                    place.exchange()
            self.operations.advance(STARTING)

    def _places(self, services: list[Service], scope: str) -> Iterator[Place]:
        for service in services:
            yield Place.look(
                service.config_root, self.config_work / "new" / service.name, self.config_work / "old" / service.name
            )
            if scope == SCOPE_FULL:
                new = self.staging / service.name / "data"
                yield Place.look(service.data_directory, new, self.work / "old" / service.name)

    def _make_config_root(self, service: Service) -> None:
        if not service.config_root.is_dir():
            service.config_root.mkdir(mode=DIRECTORY_MODE, parents=True)
            service.config_root.chmod(DIRECTORY_MODE)
            os.chown(service.config_root, 0, service.gid)

    # -- after the restored services have started

    def settle(self) -> int:
        """Give Alertmanager the silences it lacks, and note which configuration runs; returns how many silences."""
        with self.operations.locked(OPERATION):
            header, found = self._staged()
            services = self._restored(header)
            for service in services:
                releases = Releases(service.config_root)
                current = releases.target(CURRENT)
                # It has started with that one and is healthy, whatever was owed when the archive was made.
                if current and current != releases.target(RUNNING):
                    releases.point(RUNNING, current)
            self._require_secret_key(found["secret_key"])
            silences = self.staging / names.ALERTMANAGER_SILENCES
            if "alertmanager" not in self.services or not silences.exists():
                return 0
            client = HttpClient(Connection(url=self.services["alertmanager"].url))
            return carry_over(_silences(silences), client)

    def _require_secret_key(self, digest: str) -> None:
        if not digest or "grafana" not in self.services:
            return
        path = self.services["grafana"].config_root / CURRENT / _SECRET_KEY
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            raise RestoreError(
                f"{path} is not the key of the archive, so Grafana cannot decrypt the secrets of its data sources:"
                " something changed the configuration during the restore"
            )

    # -- the end

    def keep(self, engine: Engine) -> None:
        """Keep what was restored: remove what was there before."""
        with self.operations.locked(OPERATION):
            # What is restored has to be on the disk before what was there goes.
            os.sync()
            self.operations.advance(KEEPING)
            self._finish(engine)

    def _finish(self, engine: Engine) -> None:
        journal = self.operations.journal()
        for container in journal.details["containers"] if journal else []:
            if container["id"]:
                engine.remove(container["id"])
        self._clear()
        self.operations.end()

    def put_back(self, engine: Engine, timeout: float) -> dict[str, Any]:
        """Undo an exchange, or end a restore that was about to be kept; says which services do not run after that."""
        with self.operations.locked(OPERATION):
            journal = self.operations.journal()
            if journal is None:
                self._clear_staging()
                # One that was killed while it wrote its first journal leaves a fragment.
                self.operations.end()
                return {"put_back": False, "kept": False, "not_running": []}
            if journal.phase == KEEPING:
                self._finish(engine)
                return {"put_back": False, "kept": True, "not_running": []}
            containers = journal.details["containers"]
            for container in containers:
                _remove_other(engine, container)
            for place in journal.details.get("places", []):
                Place.from_journal(place).put_back()
            self._clear()
            # From here on the services of before write: a file that is new to us is one of theirs, and has to stay.
            self.operations.advance(RETURNING, places=[])
            running = [container["name"] for container in containers if _put_back_container(engine, container)]
            not_running = _wait_until_healthy(engine, running, timeout)
            self.operations.end()
            return {"put_back": True, "kept": False, "not_running": not_running}

    def _clear_staging(self) -> None:
        """Remove what was staged and never exchanged; what was there before is nobody's to remove without a journal."""
        for old in (self.work / "old", self.config_work / "old"):
            if any(path.is_symlink() or not path.is_dir() for path in old.rglob("*")):
                raise RestoreError(
                    f"{old} holds what was there before a restore whose journal somebody has deleted: move it back"
                    " to where it belongs, or delete it, and run again"
                )
        self._clear()

    def _clear(self) -> None:
        remove(self.work)
        remove(self.config_work)


def install_release(source: Path, target: Path, gid: int) -> None:
    """Copy a release of an archive, with owners and modes as if written here; it is on the disk when this returns."""
    target.mkdir(mode=DIRECTORY_MODE)
    for parent, directories, files in os.walk(source):
        for name in directories:
            (target / Path(parent).relative_to(source) / name).mkdir()
        for name in files:
            relative = (Path(parent) / name).relative_to(source)
            shutil.copyfile(source / relative, target / relative)
    for parent, directories, files in os.walk(target):
        for name in [*directories, *files, ""]:
            path = Path(parent) / name
            os.chown(path, 0, 0 if name == MANIFEST else gid)
            path.chmod(file_mode(target, path))
        sync(Path(parent))


def install_generated(source: Path, target: Path) -> None:
    """Copy a directory of files with owners and modes."""
    shutil.copytree(source, target)
    for path in (source, *source.iterdir()):
        copied = target / path.relative_to(source)
        status = path.stat()
        os.chown(copied, status.st_uid, status.st_gid)
        copied.chmod(status.st_mode & 0o7777)
    sync(target)


def set_secret(release: Path, name: str, content: bytes) -> None:
    """Give a release another secret, in the list of its files too: what llmmon changes is not edited by hand."""
    path = release / name
    if not path.exists() or path.read_bytes() == content:
        return
    path.write_bytes(content)
    manifest = release / MANIFEST
    if manifest.exists():
        found = json.loads(manifest.read_text(encoding="utf-8"))
        found["files"][name] = hashlib.sha256(content).hexdigest()
        manifest.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def _silences(path: Path) -> list[dict[str, Any]]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(found, list) or not all(is_silence(silence) for silence in found):
            raise ValueError
    except ValueError as error:
        raise ArchiveError(f"the archive's {names.ALERTMANAGER_SILENCES} is no list of silences") from error
    return found


def _container(engine: Engine, name: str) -> dict[str, Any]:
    """What putting a container back will need; an empty id when there is none."""
    attributes = engine.inspect(name)
    if attributes is None:
        return {"name": name, "id": "", "policy": "", "running": False}
    return {
        "name": name,
        "id": attributes["Id"],
        "policy": attributes["HostConfig"]["RestartPolicy"]["Name"] or "no",
        "running": attributes["State"]["Running"],
    }


def _remove_other(engine: Engine, container: dict[str, Any]) -> None:
    """Remove the container that has taken the name since."""
    attributes = engine.inspect(container["name"])
    if attributes is not None and attributes["Id"] != container["id"]:
        engine.remove(attributes["Id"])


def _put_back_container(engine: Engine, container: dict[str, Any]) -> bool:
    """Give a container its name and policy back and start it if it ran; says whether it did."""
    if not container["id"]:
        return False
    attributes = engine.inspect(container["id"])
    if attributes is None:
        raise RestoreError(
            f"the container {container['name']} of before the restore was removed meanwhile; its data and configuration"
            " are back: delete the journal operation.json below llmmon_data_root, and run site.yml"
        )
    if attributes["Name"].lstrip("/") != container["name"]:
        engine.rename(container["id"], container["name"])
    engine.restart_policy(container["id"], container["policy"])
    if container["running"]:
        engine.start(container["id"])
    return bool(container["running"])


def _wait_until_healthy(engine: Engine, containers: list[str], timeout: float) -> list[str]:
    """Names of the containers that are not healthy when the time is over."""
    return wait_until_ready(lambda: [name for name in containers if not is_healthy(engine.inspect(name))], timeout)


def _mebibytes(size: int) -> str:
    return f"{size / 2**20:.1f} MiB"
