# SPDX-License-Identifier: Apache-2.0
"""Where the content of a backup comes from: each service's data in a state that it can be started from."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Optional

from ansible_collections.llmmon.stack.plugins.module_utils.archive.format import (
    ALERTMANAGER_DATA,
    ALERTMANAGER_SILENCES,
    CONFIG,
    GRAFANA_DATA,
    GRAFANA_DATABASE_FILES,
    GRAFANA_DUMP,
    GRAFANA_SQLITE,
    PROMETHEUS_DATA,
)
from ansible_collections.llmmon.stack.plugins.module_utils.archive.new_files import NewFile
from ansible_collections.llmmon.stack.plugins.module_utils.backup.grafana_database import (
    PostgresSettings,
    SqliteSettings,
    copy_sqlite,
    database_settings,
    dump_postgres,
)
from ansible_collections.llmmon.stack.plugins.module_utils.backup.soundness import damaged_block, damaged_messages
from ansible_collections.llmmon.stack.plugins.module_utils.backup.workplace import Workplace
from ansible_collections.llmmon.stack.plugins.module_utils.clients.http import Connection, HttpClient, HttpError
from ansible_collections.llmmon.stack.plugins.module_utils.configuration.releases import (
    CURRENT,
    RELEASE_MANIFEST,
    RUNNING,
    Releases,
)
from ansible_collections.llmmon.stack.plugins.module_utils.errors import StackError
from ansible_collections.llmmon.stack.plugins.module_utils.host.disk import walk
from ansible_collections.llmmon.stack.plugins.module_utils.host.places import UPLOADED

# A head of some million series takes minutes to be written as a block.
_SNAPSHOT_SECONDS = 900.0
_SNAPSHOTS = "snapshots"
_HEAD = ("wal", "wbl", "chunks_head")

# What Alertmanager keeps in messages.
_MESSAGES = ("nflog", "silences")

# Grafana deletes what it draws there by itself, at any moment. The index of its search, which 12 and later keep beside
# the database, is written to all the time, so that a copy may be torn; where there is none it is built anew.
_GRAFANA_SCRATCH = {"png", "pdf", "csv", "unified-search"}


class SourceError(StackError):
    """Something to back up cannot be read."""


def regular_files(root: Path, leave_out: Optional[set[str]] = None) -> Iterator[tuple[Path, os.stat_result]]:
    """Regular files below a directory, sorted; links, sockets and what has a path in ``leave_out`` are none."""
    try:
        for entry in walk(root, {f"{root}/{path}" for path in leave_out or ()}):
            # What vanishes meanwhile was not part of the data's state.
            with contextlib.suppress(FileNotFoundError):
                status = entry.stat(follow_symlinks=False)
                if stat.S_ISREG(status.st_mode):
                    yield Path(entry.path), status
    except OSError as error:
        if error.errno != errno.ENAMETOOLONG:
            raise
        raise SourceError(
            f"{root} holds directories that lie deeper than a path can say, {str(error.filename)[:200]}: delete them"
            " with rm -r, then run again"
        ) from error


def tree(root: Path, place: str, leave_out: Optional[set[str]] = None) -> list[NewFile]:
    """The files below a directory as members below ``place``."""
    return [
        NewFile(f"{place}/{path.relative_to(root)}", status.st_size, path, bool(status.st_mode & stat.S_IXUSR))
        for path, status in regular_files(root, leave_out)
    ]


def size_of(root: Path, leave_out: Optional[set[str]] = None) -> int:
    """Bytes of the files below a directory."""
    return sum(status.st_size for _, status in regular_files(root, leave_out))


def configuration(service: str, config_root: Path) -> list[NewFile]:
    """Every release of a service's configuration, read at once: another run may delete an old one."""
    releases = Releases(config_root)
    found = []
    for name in releases.names():
        fragment = not (config_root / name / RELEASE_MANIFEST).is_file()
        if fragment and name not in {releases.target(CURRENT), releases.target(RUNNING)}:
            continue
        for path, _ in regular_files(config_root / name):
            try:
                content = path.read_bytes()
            except FileNotFoundError as error:
                raise SourceError(
                    f"{path} vanished while it was read: another run is changing it; run again"
                ) from error
            found.append(NewFile(f"{CONFIG}/{service}/{path.relative_to(config_root)}", len(content), content))
    return found


def _uploaded(data: Path) -> set[str]:
    """What the sidecar beside this data directory has noted as uploaded: nothing where there is none."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        return set(json.loads((data / UPLOADED).read_text(encoding="utf-8"))["uploaded"])
    return set()


class Prometheus:
    """Blocks of a snapshot, which Prometheus makes while it goes on scraping."""

    def __init__(self, url: str, data_directory: Path) -> None:
        self._client = HttpClient(Connection(url=url, timeout=_SNAPSHOT_SECONDS))
        self._data = data_directory

    def head_bytes(self) -> int:
        """What a snapshot adds at most to the disk: the newest samples as a block of their own."""
        return sum(size_of(self._data / part) for part in _HEAD)

    def estimate(self) -> int:
        return size_of(self._data, {_SNAPSHOTS})

    def members(self, workplace: Workplace) -> list[NewFile]:
        snapshots = self._data / _SNAPSHOTS
        workplace.expect_snapshot(snapshots)
        try:
            answer = self._client.send("POST", "/api/v1/admin/tsdb/snapshot")
        except HttpError as error:
            if "admin APIs disabled" in str(error):
                raise SourceError(
                    "Prometheus makes no snapshot because its admin API is off: set llmmon_prometheus_admin_api to true"
                    " and run site.yml, or back up the configuration alone with llmmon_backup_scope=config"
                ) from error
            raise SourceError(f"Prometheus made no snapshot: {error}{self._advice(str(error))}") from error
        snapshot = workplace.name_snapshot(str(answer["data"]["name"]))
        if not snapshot.is_dir():
            raise SourceError(
                f"Prometheus made a snapshot, but not in {snapshot}: correct llmmon_data_root, or remove"
                " --storage.tsdb.path from llmmon_prometheus_extra_flags"
            )
        for block in sorted(snapshot.iterdir()):
            self._require_sound(block)
        return tree(snapshot, PROMETHEUS_DATA)

    def not_uploaded(self, members: Sequence[NewFile]) -> tuple[str, ...]:
        """Which blocks of a snapshot a sidecar of Thanos has yet to upload, such as the one that it is at.

        The newest samples are a block in the snapshot alone. Prometheus will make another one of them, which is the one
        to be uploaded.
        """
        saved = {member.path.removeprefix(f"{PROMETHEUS_DATA}/").partition("/")[0] for member in members}
        return tuple(sorted(name for name in saved - _uploaded(self._data) if (self._data / name).is_dir()))

    def _require_sound(self, block: Path) -> None:
        """Refuse a block that Prometheus would not start with once it is restored."""
        damage = damaged_block(block)
        if damage:
            raise SourceError(
                f"the block {block.name} of Prometheus is damaged: {damage}; no archive was made, because Prometheus"
                f" does not start with such a block: move {self._data / block.name} to another directory, restart"
                " Prometheus, and run again"
            )

    def _advice(self, said: str) -> str:
        """What to do about files that Prometheus may not link, because they belong to somebody else."""
        if "operation not permitted" not in said:
            return ""
        owner = self._data.stat()
        for path, status in regular_files(self._data):
            if (status.st_uid, status.st_gid) != (owner.st_uid, owner.st_gid):
                return (
                    f"; {path} belongs to {status.st_uid}:{status.st_gid} and not to Prometheus, as after promtool was"
                    f" run as root: chown --recursive {owner.st_uid}:{owner.st_gid} {self._data}, then run again"
                )
        return ""


class Alertmanager:
    """Silences by the API, because they reach the disk every 15 minutes only, and what is on the disk."""

    def __init__(self, url: str, data_directory: Path) -> None:
        self._client = HttpClient(Connection(url=url))
        self._data = data_directory

    def estimate(self) -> int:
        return size_of(self._data)

    def members(self, opened: contextlib.ExitStack) -> list[NewFile]:
        try:
            silences = self._client.get("/api/v2/silences")
        except HttpError as error:
            raise SourceError(f"Alertmanager does not tell its silences: {error}") from error
        content = json.dumps(silences, indent=1).encode()
        found = [NewFile(ALERTMANAGER_SILENCES, len(content), content)]
        for path, _ in regular_files(self._data):
            # Alertmanager replaces its files; one that is open stays as it is.
            with contextlib.suppress(FileNotFoundError):
                handle = opened.enter_context(path.open("rb", buffering=0))
                size = os.fstat(handle.fileno()).st_size
                damage = damaged_messages(handle, size) if path.name in _MESSAGES else None
                if damage:
                    raise SourceError(
                        f"{path} of Alertmanager is damaged: {damage}; no archive was made, because Alertmanager does"
                        " not start with such a file: it writes it anew every 15 minutes, so run again then; when it is"
                        " still damaged, delete it"
                    )
                found.append(NewFile(f"{ALERTMANAGER_DATA}/{path.relative_to(self._data)}", size, handle))
        return found


class Grafana:
    """The database as its own tools copy it while it is in use, and the other files."""

    def __init__(self, config_root: Path, data_directory: Path, database_host: str = "") -> None:
        self._data = data_directory
        self._database = database_settings(config_root / CURRENT / "grafana.ini", data_directory, database_host)

    def database_bytes(self) -> int:
        """What the copy of the database takes on the disk, as far as it is known before it is made."""
        if isinstance(self._database, PostgresSettings):
            return 0
        try:
            return self._database.path.stat().st_size
        except OSError as error:
            raise SourceError(
                f"the database of Grafana, {self._database.path}, cannot be read ({error.strerror}): run site.yml, or"
                " correct [database] in llmmon_grafana_ini"
            ) from error

    def estimate(self) -> int:
        return self.database_bytes() + size_of(self._data, self._left_out())

    def members(self, workplace: Workplace) -> list[NewFile]:
        if isinstance(self._database, PostgresSettings):
            copy, place = workplace.path / "database.dump", GRAFANA_DUMP
            dump_postgres(self._database, copy, workplace.path)
        else:
            copy, place = workplace.path / "grafana.db", GRAFANA_SQLITE
            copy_sqlite(self._database.path, copy)
        return [NewFile(place, copy.stat().st_size, copy), *tree(self._data, GRAFANA_DATA, self._left_out())]

    def _left_out(self) -> set[str]:
        # Of a database that Grafana no longer uses, too: it would be restored in the place of the one in use.
        found = _GRAFANA_SCRATCH | GRAFANA_DATABASE_FILES
        if isinstance(self._database, SqliteSettings):
            name = str(self._database.path.relative_to(self._data))
            found |= {name, *(f"{name}-{suffix}" for suffix in ("wal", "shm", "journal"))}
        return found
