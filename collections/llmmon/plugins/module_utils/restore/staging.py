# SPDX-License-Identifier: Apache-2.0
"""Where an archive's content waits until it is swapped in, and where what was there before waits after that.

Below the data root for data and below the configuration root for configuration, beside what they are exchanged with:
the two may lie on two file systems, and only within one is a rename a rename.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import Optional

from ansible_collections.llmmon.stack.plugins.module_utils.archive import format as names
from ansible_collections.llmmon.stack.plugins.module_utils.archive.extraction import Extraction, FileOwner
from ansible_collections.llmmon.stack.plugins.module_utils.archive.format import ArchiveError, Header
from ansible_collections.llmmon.stack.plugins.module_utils.archive.reading import Contents
from ansible_collections.llmmon.stack.plugins.module_utils.backup.grafana_database import DatabaseError, database_file
from ansible_collections.llmmon.stack.plugins.module_utils.configuration.releases import (
    CURRENT,
    DIRECTORY_MODE,
    RELEASE_MANIFEST,
    RUNNING,
    SECRETS,
    Releases,
    file_mode,
)
from ansible_collections.llmmon.stack.plugins.module_utils.host.disk import remove, sync, walk
from ansible_collections.llmmon.stack.plugins.module_utils.host.places import (
    GENERATED,
    RESTORE_CONFIGURATION,
    RESTORE_WORK,
    UPLOADED,
    is_block,
)
from ansible_collections.llmmon.stack.plugins.module_utils.restore.rules import secret_key_path
from ansible_collections.llmmon.stack.plugins.module_utils.restore.target import (
    RestoredService,
    RestoreError,
    RestoreTarget,
)

_NEW = "new"
_OLD = "old"
_ADMIN_PASSWORD = f"{SECRETS}/admin_password"


class Staging:
    """The two directories of work of a restore."""

    def __init__(self, target: RestoreTarget) -> None:
        self._target = target
        self.data_work = target.settings.data_root / RESTORE_WORK
        self.configuration_work = target.settings.config_root / RESTORE_CONFIGURATION
        self.new = self.data_work / _NEW
        self._ready = self.data_work / "ready.json"

    def open(self) -> Extraction:
        """Make the place for an archive's files; nothing of an earlier one may be left."""
        self.data_work.mkdir(mode=0o700)
        self.new.mkdir(mode=0o700)
        owners = {name: FileOwner(service.uid, service.gid) for name, service in self._target.services.items()}
        return Extraction(self.new, owners)

    def prepare(self, archive: Path, contents: Contents) -> None:
        """Arrange what was read as it will lie in its places, and write down that it is whole."""
        self._arrange_grafana(contents.header)
        self._note_uploaded(contents.header)
        self._prepare_configuration(contents.header)
        self._mark_ready(archive, contents)

    def new_data(self, service: RestoredService) -> Path:
        return self.new / service.name / "data"

    def old_data(self, service: RestoredService) -> Path:
        return self.data_work / _OLD / service.name

    def new_configuration(self, service: RestoredService) -> Path:
        return self.configuration_work / _NEW / service.name

    def old_configuration(self, service: RestoredService) -> Path:
        return self.configuration_work / _OLD / service.name

    def _arrange_grafana(self, header: Header) -> None:
        """Put the database where the restored configuration has it, beside Grafana's other files."""
        database = self.new / names.GRAFANA_SQLITE
        if "grafana" not in self._target.services or not database.exists():
            return
        data, owner = self.new / names.GRAFANA_DATA, self._target.services["grafana"]
        ini = self.new / names.CONFIG / "grafana" / header.services["grafana"].release / "grafana.ini"
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
                f"{place.relative_to(self.new)} would be the database; do not use this archive"
            ) from error
        database.unlink()

    def _note_uploaded(self, header: Header) -> None:
        """Keep a sidecar from uploading what is restored, but for the blocks that were still to be uploaded.

        The bucket has had the others, and the newest samples may be in the bucket in another block by now: they would
        overlap with it, and stop the compactor. A block that was uploaded meanwhile is found by its name there, or the
        compactor knows it by what it was put together from, and deletes it.
        """
        prometheus = self._target.services.get("prometheus")
        if not self._target.settings.sidecar or prometheus is None or not self.new_data(prometheus).is_dir():
            return
        data = self.new_data(prometheus)
        blocks = sorted(
            entry.name for entry in data.iterdir() if is_block(entry.name) and entry.name not in header.not_uploaded
        )
        note = data / UPLOADED
        note.write_text(json.dumps({"version": 1, "uploaded": blocks}), encoding="utf-8")
        note.chmod(0o640)
        os.chown(note, prometheus.uid, prometheus.gid)

    def _prepare_configuration(self, header: Header) -> None:
        """Copy the releases to the file system of the configuration, with the access that Releases gives."""
        self.configuration_work.mkdir(mode=0o700, parents=True)
        for service in self._target.restored(header):
            record = header.services[service.name]
            place = self.new_configuration(service)
            place.mkdir(parents=True)
            source = self.new / names.CONFIG / service.name
            for release in sorted(entry.name for entry in source.iterdir()):
                install_release(source / release, place / release, service.gid)
            if (service.config_root / GENERATED).is_dir():
                # What the host reports about itself, such as the time of its last backup, is as true as before.
                install_generated(service.config_root / GENERATED, place / GENERATED)
            releases = Releases(place)
            releases.point(CURRENT, record.release)
            if record.running_release:
                releases.point(RUNNING, record.running_release)
            password = self._target.settings.admin_password
            if service.name == "grafana" and password:
                set_secret(place / record.release, _ADMIN_PASSWORD, password.encode())

    def _mark_ready(self, archive: Path, contents: Contents) -> None:
        key = contents.files.get(secret_key_path(contents.header)) if "grafana" in contents.header.services else None
        found = {
            "archive": str(archive),
            "header": contents.header.to_json(),
            "secret_key": key.sha256 if key else "",
        }
        self._ready.write_text(json.dumps(found), encoding="utf-8")

    def ready(self) -> tuple[Header, dict[str, str]]:
        """The header of the archive that was staged, its path as ``archive``, its key's checksum as ``secret_key``."""
        try:
            found: dict[str, str] = json.loads(self._ready.read_text(encoding="utf-8"))
        except OSError as error:
            raise RestoreError("no archive was checked and staged for this restore: run restore.yml again") from error
        return Header.from_json(found["header"].encode()), found

    def clear_unused(self) -> None:
        """Remove what was staged and never swapped in; without a journal, what was there before stays."""
        for work in (self.data_work, self.configuration_work):
            old = what_was_there(work)
            if old:
                raise RestoreError(
                    f"{old} holds what was there before a restore whose journal somebody has deleted: move it back"
                    " to where it belongs, or delete it, and run again"
                )
        self.clear()

    def clear(self) -> None:
        """Remove all of it."""
        remove(self.data_work)
        remove(self.configuration_work)


def what_was_there(work: Path) -> Optional[Path]:
    """Where a directory of work holds what was there before a restore, None when it holds none of that."""
    old = work / _OLD
    return old if next(walk(old), None) else None


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
            os.chown(path, 0, 0 if name == RELEASE_MANIFEST else gid)
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
    manifest = release / RELEASE_MANIFEST
    if manifest.exists():
        found = json.loads(manifest.read_text(encoding="utf-8"))
        found["files"][name] = hashlib.sha256(content).hexdigest()
        # Nobody asked for this content, so the next deployment compares file by file.
        found.pop("asked", None)
        manifest.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", encoding="utf-8")
