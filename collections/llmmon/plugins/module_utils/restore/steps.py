# SPDX-License-Identifier: Apache-2.0
"""The steps of a restore on a host: check, stage, swap, finish, and then accept it or put everything back.

Up to the swap nothing is touched but a staging directory. From then on the journal says before each step what undoing
it needs, until ``accept`` writes down that nothing will be undone any more.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ansible_collections.llmmon.stack.plugins.module_utils.archive import format as names
from ansible_collections.llmmon.stack.plugins.module_utils.archive.extraction import explain_full_disk
from ansible_collections.llmmon.stack.plugins.module_utils.archive.format import ArchiveError
from ansible_collections.llmmon.stack.plugins.module_utils.archive.names import SCOPE_FULL
from ansible_collections.llmmon.stack.plugins.module_utils.archive.reading import read_archive
from ansible_collections.llmmon.stack.plugins.module_utils.clients.engine import Engine
from ansible_collections.llmmon.stack.plugins.module_utils.clients.http import Connection, HttpClient
from ansible_collections.llmmon.stack.plugins.module_utils.clients.readiness import is_healthy, wait_until_ready
from ansible_collections.llmmon.stack.plugins.module_utils.clients.silences import carry_over, is_silence
from ansible_collections.llmmon.stack.plugins.module_utils.configuration.releases import (
    CURRENT,
    DIRECTORY_MODE,
    RUNNING,
    Releases,
)
from ansible_collections.llmmon.stack.plugins.module_utils.host.operation import Operations
from ansible_collections.llmmon.stack.plugins.module_utils.restore import containers
from ansible_collections.llmmon.stack.plugins.module_utils.restore.staging import Staging
from ansible_collections.llmmon.stack.plugins.module_utils.restore.swap import Place
from ansible_collections.llmmon.stack.plugins.module_utils.restore.target import (
    SECRET_KEY,
    RestoredService,
    RestoreError,
    RestoreSettings,
    RestoreTarget,
)

OPERATION = "restore"

# What the journal says the restore was at.
STAGED = "waiting to stop the services"
STOPPING = "stopping the services"
SWAPPING = "exchanging data and configuration"
STARTING = "starting the restored services"
ACCEPTING = "removing what was there before"
RETURNING = "starting the services of before"


class Restore:
    """One host and what is restored on it."""

    def __init__(self, services: list[RestoredService], settings: RestoreSettings) -> None:
        self.target = RestoreTarget(services, settings)
        self.staging = Staging(self.target)
        self.operations = Operations(settings.data_root)

    # -- before anything is touched

    def check(self, archive: Path) -> list[str]:
        """Read the whole archive and hold it against this host; returns what would be replaced by what."""
        with self.operations.locked(OPERATION):
            contents = read_archive(archive, self.target.room())
            self.target.require_fit(archive, contents)
            return self.target.replaced(contents)

    def stage(self, archive: Path) -> list[str]:
        """Check, and keep what was read in staging; nothing is left of it when anything is wrong."""
        with self.operations.locked(OPERATION):
            if self.operations.journal() is not None:
                raise RestoreError(
                    "an earlier restore was interrupted and has to be put back first: run restore.yml again"
                )
            self.staging.clear_unused()
            try:
                contents = read_archive(archive, self.target.room(), self.staging.open().open)
                self.target.require_fit(archive, contents)
                self.staging.prepare(archive, contents)
                # Nobody else begins between this step and the next.
                self.operations.begin(OPERATION, STAGED, {"archive": str(archive), "containers": []})
            except OSError as error:
                self.staging.clear()
                raise explain_full_disk(error, self.staging.data_work) from error
            except BaseException:
                self.staging.clear()
                raise
            return self.target.replaced(contents)

    # -- the swap

    def swap(self, engine: Engine) -> None:
        """Stop the services, move what is there aside and what was staged in."""
        with self.operations.locked(OPERATION):
            header, found = self.staging.ready()
            services = self.target.restored(header)
            before = [containers.look_at(engine, name) for service in services for name in service.containers]
            self.operations.begin(OPERATION, STOPPING, {"archive": found["archive"], "containers": before})
            for container in before:
                containers.set_aside(engine, container)
            places = list(self._places(services, header.scope))
            self.operations.advance(SWAPPING, places=[place.to_journal() for place in places])
            for service in services:
                _make_config_root(service)
            with contextlib.ExitStack() as locks:
                for service in services:
                    locks.enter_context(Releases(service.config_root).locked())
                for place in places:
                    place.exchange()
            self.operations.advance(STARTING)

    def _places(self, services: list[RestoredService], scope: str) -> Iterator[Place]:
        for service in services:
            new, old = self.staging.new_configuration(service), self.staging.old_configuration(service)
            yield Place.look(service.config_root, new, old)
            if scope == SCOPE_FULL:
                new, old = self.staging.new_data(service), self.staging.old_data(service)
                yield Place.look(service.data_directory, new, old)

    # -- after the restored services have started

    def finish(self) -> int:
        """Give Alertmanager the silences it lacks, and note which configuration runs; returns how many silences."""
        with self.operations.locked(OPERATION):
            header, found = self.staging.ready()
            for service in self.target.restored(header):
                releases = Releases(service.config_root)
                current = releases.target(CURRENT)
                # It has started with that one and is healthy, whatever was owed when the archive was made.
                if current and current != releases.target(RUNNING):
                    releases.point(RUNNING, current)
            self._require_secret_key(found["secret_key"])
            silences = self.staging.new / names.ALERTMANAGER_SILENCES
            if "alertmanager" not in self.target.services or not silences.exists():
                return 0
            client = HttpClient(Connection(url=self.target.services["alertmanager"].url))
            return carry_over(_silences(silences), client)

    def _require_secret_key(self, digest: str) -> None:
        if not digest or "grafana" not in self.target.services:
            return
        path = self.target.services["grafana"].config_root / CURRENT / SECRET_KEY
        if not path.is_file() or hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            raise RestoreError(
                f"{path} is not the key of the archive, so Grafana cannot decrypt the secrets of its data sources:"
                " something changed the configuration during the restore"
            )

    # -- the end

    def accept(self, engine: Engine) -> None:
        """What was restored stays: remove what was there before."""
        with self.operations.locked(OPERATION):
            # What is restored has to be on the disk before what was there goes.
            os.sync()
            self.operations.advance(ACCEPTING)
            self._let_go(engine)

    def _let_go(self, engine: Engine) -> None:
        journal = self.operations.journal()
        for container in journal.details["containers"] if journal else []:
            if container["id"]:
                engine.remove(container["id"])
        self.staging.clear()
        self.operations.end()

    def put_back(self, engine: Engine, timeout: float) -> dict[str, Any]:
        """Undo a swap, or end a restore that was about to be accepted; says which services do not run after that."""
        with self.operations.locked(OPERATION):
            journal = self.operations.journal()
            if journal is None:
                self.staging.clear_unused()
                # One that was killed while it wrote its first journal leaves a fragment.
                self.operations.end()
                return {"put_back": False, "kept": False, "not_running": []}
            if journal.phase == ACCEPTING:
                self._let_go(engine)
                return {"put_back": False, "kept": True, "not_running": []}
            if journal.phase == STAGED:
                self.staging.clear()
                self.operations.end()
                return {"put_back": False, "kept": False, "not_running": []}
            before = journal.details["containers"]
            for container in before:
                containers.remove_other(engine, container)
            for place in journal.details.get("places", []):
                Place.from_journal(place).put_back()
            self.staging.clear()
            # From here on the services of before write: a file that is new to us is one of theirs, and has to stay.
            self.operations.advance(RETURNING, places=[])
            running = [container["name"] for container in before if containers.put_back(engine, container)]
            not_running = wait_until_ready(
                lambda: [name for name in running if not is_healthy(engine.inspect(name))], timeout
            )
            self.operations.end()
            return {"put_back": True, "kept": False, "not_running": not_running}


def _make_config_root(service: RestoredService) -> None:
    if not service.config_root.is_dir():
        service.config_root.mkdir(mode=DIRECTORY_MODE, parents=True)
        service.config_root.chmod(DIRECTORY_MODE)
        os.chown(service.config_root, 0, service.gid)


def _silences(path: Path) -> list[dict[str, Any]]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(found, list) or not all(is_silence(silence) for silence in found):
            raise ValueError
    except ValueError as error:
        raise ArchiveError(f"the archive's {names.ALERTMANAGER_SILENCES} is not a list of silences") from error
    return found
