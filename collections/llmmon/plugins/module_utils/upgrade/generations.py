# SPDX-License-Identifier: Apache-2.0
"""Two generations of a service during an upgrade: the old one is kept until the new one is proved, or comes back.

Every step is written to the journal before it is taken, so that after a kill or a reboot the next run finds the old
generation by the journal alone. Whatever the state, at most one generation may be started by the engine.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import time
from pathlib import Path
from typing import Any, Optional

from ansible_collections.llmmon.stack.plugins.module_utils.clients.engine import Engine, name_of
from ansible_collections.llmmon.stack.plugins.module_utils.clients.http import Connection, HttpClient, HttpError
from ansible_collections.llmmon.stack.plugins.module_utils.clients.readiness import (
    is_healthy,
    wait_until_ready,
    waits_to_be_started,
)
from ansible_collections.llmmon.stack.plugins.module_utils.clients.service_api import is_ready
from ansible_collections.llmmon.stack.plugins.module_utils.clients.silences import carry_over, in_force
from ansible_collections.llmmon.stack.plugins.module_utils.configuration.releases import CURRENT, RUNNING, Releases
from ansible_collections.llmmon.stack.plugins.module_utils.containers.aside import give_back, set_aside
from ansible_collections.llmmon.stack.plugins.module_utils.containers.startup import (
    NotRunning,
    last_words,
    refuse_ended,
    started_at,
    watch,
)
from ansible_collections.llmmon.stack.plugins.module_utils.errors import StackError
from ansible_collections.llmmon.stack.plugins.module_utils.host.clock import utc_now
from ansible_collections.llmmon.stack.plugins.module_utils.host.operation import Operations
from ansible_collections.llmmon.stack.plugins.module_utils.host.places import NEXT, PREVIOUS
from ansible_collections.llmmon.stack.plugins.module_utils.upgrade.kept_data import KeptData
from ansible_collections.llmmon.stack.plugins.module_utils.upgrade.record import (
    ACCEPTED,
    CLEARED,
    DATA_KEPT,
    KEEPING,
    PUT_BACK,
    READY,
    RESTORED,
    STARTED,
    STOPPING,
    Record,
)
from ansible_collections.llmmon.stack.plugins.module_utils.versions import starts_without_silences

OPERATION = "upgrade"

_TOUCHED = (STARTED, READY)
_POLL_SECONDS = 0.05


class UpgradeError(StackError):
    """A step of the upgrade failed."""


class Generations:
    """Moves services of one host from one generation to the next, or back."""

    def __init__(self, engine: Engine, operations: Operations, timeout: float) -> None:
        self.engine = engine
        self.operations = operations
        self.timeout = timeout

    # -- the journal

    def records(self) -> list[Record]:
        """The services of the upgrade that was begun; none when there is no upgrade."""
        journal = self.operations.journal()
        return [Record(**fields) for fields in journal.details["services"]] if journal else []

    def record(self, name: str) -> Record:
        found = [record for record in self.records() if record.name == name]
        if not found:
            raise UpgradeError(f"no upgrade of {name} was begun on this host: run upgrade.yml from its start")
        return found[0]

    def begin(self, planned: list[dict[str, Any]], inventories: dict[str, Any]) -> list[Record]:
        """Write down what will be done, and all that going back will need."""
        records = [self._prepared(step, inventories.get(step["name"], {})) for step in planned]
        services = [dataclasses.asdict(record) for record in records]
        self.operations.begin(OPERATION, "begun", {"services": services})
        return records

    def _prepared(self, step: dict[str, Any], inventory: dict[str, Any]) -> Record:
        releases = Releases(Path(step["config_root"]))
        containers = []
        for name in step["containers"]:
            attributes = self.engine.inspect(name)
            if attributes is None:
                raise UpgradeError(f"the container {name} has gone since the upgrade was planned: run site.yml")
            policy = attributes["HostConfig"]["RestartPolicy"]["Name"]
            containers.append({"name": name, "id": attributes["Id"], "restart_policy": policy})
        return Record(
            name=step["name"],
            url=step["url"],
            config_root=step["config_root"],
            data_directory=step["data_directory"],
            before=step["before"],
            after=step["after"],
            containers=containers,
            main=step["container"] in step["containers"],
            members=step["members"],
            releases={"current": releases.target(CURRENT), "running": releases.target(RUNNING)},
            inventory=inventory,
        )

    def _note(self, record: Record, state: str) -> None:
        record.state = state
        services = [dataclasses.asdict(record if other.name == record.name else other) for other in self.records()]
        self.operations.advance(f"{record.name}: {state}", services=services)

    # -- forward

    def swap(self, record: Record) -> None:
        """Put the created new containers in the place of the old ones; returns once the new version is ready."""
        for container in record.containers:
            if self.engine.inspect(container["name"] + NEXT) is None:
                raise UpgradeError(f"there is no container {container['name']}{NEXT} to start: run upgrade.yml again")
        kept = KeptData(record.name, Path(record.data_directory))
        silences = self._silences(record)
        self._note(record, KEEPING)
        if record.main:
            kept.keep_ahead()
        record.stopped_at = time.time()
        self._note(record, STOPPING)
        for container in record.containers:
            self.engine.stop(container["id"])
        if record.main:
            kept.keep()
        self._note(record, DATA_KEPT)
        for container in record.containers:
            # Now neither generation is started by a reboot; a moment later the new one is.
            set_aside(self.engine, container["id"], container["name"] + PREVIOUS)
        self._note(record, STARTED)
        if record.main and starts_without_silences(record.name, record.before["version"], record.after["version"]):
            with contextlib.suppress(FileNotFoundError):
                (Path(record.data_directory) / "silences").unlink()
        started = utc_now()
        for container in record.containers:
            self.engine.rename(container["name"] + NEXT, container["name"])
            self.engine.start(container["name"])
        self._wait_until_ready(record, started)
        record.gap_seconds = time.time() - record.stopped_at
        record.silences_carried = self._carry(record, silences)
        record.restarts = {container["name"]: self._restarts(container["name"]) for container in record.containers}
        record.ready_at = time.time()
        self._note(record, READY)
        self._remove_unused(record)

    def accept(self, record: Record, stay: float) -> None:
        """The new version is proved: remove the old one. It must have stayed up for ``stay`` seconds."""
        ready = datetime.datetime.fromtimestamp(record.ready_at, datetime.timezone.utc)
        rest = max(record.ready_at + stay - time.time(), 0)
        for container in record.containers:
            self._check_stays(container["name"], record.restarts.get(container["name"], 0), ready, rest)
        self._note(record, ACCEPTED)
        self._clean_up(record)

    def _check_stays(self, name: str, known: int, ready: datetime.datetime, seconds: float) -> None:
        # A restart that somebody asks for, such as for a new grafana.ini, counts from zero again.
        if self._restarts(name) > known:
            raise UpgradeError(
                f"the container {name} was ready, but has ended and been started anew since:"
                f" {last_words(self.engine, name, ready)}"
            )
        try:
            watch(self.engine, name, ready, seconds)
        except NotRunning as error:
            raise UpgradeError(f"the container {name} does not stay up: {error}") from error

    def _restarts(self, name: str) -> int:
        return int(self._found(name).get("RestartCount", 0))

    def _found(self, name: str) -> dict[str, Any]:
        attributes = self.engine.inspect(name)
        if attributes is None:
            raise UpgradeError(f"the container {name} has gone: somebody removed it meanwhile")
        return attributes

    # -- back

    def put_back(self, record: Record, why: str) -> None:
        """Bring the old generation back, from whatever state; does nothing that is done already."""
        if record.state in {PUT_BACK, ACCEPTED}:
            self._clean_up(record)
            return
        record.why = why
        silences: list[dict[str, Any]] = self._silences(record) if record.state in _TOUCHED else []
        served = self._served_seconds(record)
        self._remove_new(record)
        kept = KeptData(record.name, Path(record.data_directory))
        if record.main and record.state in _TOUCHED:
            kept.clear()
            self._note(record, CLEARED)
        if record.main and record.state == CLEARED:
            kept.put_back()
            self._note(record, RESTORED)
        switched = self._point_back(record)
        started = utc_now()
        for container in record.containers:
            self._start_old(container, kept if record.main else None, switched)
        self._wait_until_ready(record, started)
        if record.stopped_at:
            record.gap_seconds = time.time() - record.stopped_at - served
        record.silences_carried = self._carry(record, silences)
        self._note(record, PUT_BACK)
        self._clean_up(record)

    def _served_seconds(self, record: Record) -> float:
        """For how long the new version has served, which is no gap: an upgrade that was killed left it running.

        When it became ready is known only if the upgrade came as far as to note it; else it is taken as ready from its
        start, if it answers now.
        """
        if record.state not in _TOUCHED or not record.main:
            return 0.0
        if not is_ready(record.name, HttpClient(Connection(url=record.url, timeout=2))):
            return 0.0
        attributes = self.engine.inspect(record.containers[0]["name"])
        since = record.ready_at or (started_at(attributes).timestamp() if attributes else time.time())
        return max(time.time() - since, 0.0)

    def _remove_new(self, record: Record) -> None:
        """The new generation goes before anything of the old one is touched: never two on the same data."""
        for container in record.containers:
            if self.engine.inspect(container["id"]) is None:
                raise UpgradeError(
                    f"the container {container['name']} of {record.name} {record.before['version']} has gone, so it"
                    f" cannot be put back; its data are in {record.data_directory}, see docs/operations/upgrade.md"
                )
            found = self.engine.inspect(container["name"])
            if found is not None and found["Id"] != container["id"]:
                self.engine.remove(found["Id"])
        self._remove_unused(record)

    def _remove_unused(self, record: Record) -> None:
        """Containers that were created and not started, a companion's of which nothing changed for instance."""
        for name in record.members:
            self.engine.remove(name + NEXT)

    def _point_back(self, record: Record) -> bool:
        """Let the links name the releases from before; says whether one did not."""
        releases = Releases(Path(record.config_root))
        running, current = record.releases["running"], record.releases["current"]
        moved = False
        for link, name in ((CURRENT, running or current), (RUNNING, running)):
            if name and releases.target(link) != name and (releases.root / name).is_dir():
                releases.point(link, name)
                moved = True
        return moved

    def _start_old(self, container: dict[str, str], kept: Optional[KeptData], switched: bool) -> None:
        attributes = self._found(container["id"])
        give_back(self.engine, attributes, container["name"], container["restart_policy"])
        if attributes["State"]["Running"]:
            if switched or waits_to_be_started(attributes):
                # It may have been started again while the links named the new release, or wait for the engine to do so.
                self.engine.restart(container["id"])
            return
        user, _, group = attributes["Config"]["User"].partition(":")
        if kept and user.isdigit() and group.isdigit():
            kept.give_to(int(user), int(group))
        self.engine.start(container["id"])

    # -- both ways

    def _clean_up(self, record: Record) -> None:
        if record.state == ACCEPTED:
            for container in record.containers:
                old = self.engine.inspect(container["id"])
                if old is not None and name_of(old) == container["name"] + PREVIOUS:
                    self.engine.remove(container["id"])
        KeptData(record.name, Path(record.data_directory)).discard()

    def _wait_until_ready(self, record: Record, since: datetime.datetime) -> None:
        client = HttpClient(Connection(url=record.url, timeout=2))
        names = [container["name"] for container in record.containers]
        # One that ran before is not judged by what has happened to it in its life.
        restarts = {name: self._restarts(name) for name in names}

        def not_ready() -> list[str]:
            if record.main and is_ready(record.name, client):
                return []
            found = {name: self._found(name) for name in names}
            for name, attributes in found.items():
                try:
                    refuse_ended(self.engine, name, attributes, since, restarts[name])
                except NotRunning as error:
                    raise UpgradeError(f"the container {name} does not run: {error}") from error
            return names if record.main else [name for name in names if not is_healthy(found[name])]

        if wait_until_ready(not_ready, self.timeout, _POLL_SECONDS):
            raise UpgradeError(
                f"{record.name} is not ready {self.timeout:g} s after its start (llmmon_start_timeout):"
                f" {last_words(self.engine, names[0], since)}"
            )

    def _silences(self, record: Record) -> list[dict[str, Any]]:
        """What is silenced now; nothing when no Alertmanager answers."""
        if record.name != "alertmanager" or not record.main:
            return []
        try:
            return in_force(HttpClient(Connection(url=record.url, timeout=5)))
        except HttpError:
            return []

    def _carry(self, record: Record, silences: list[dict[str, Any]]) -> int:
        if not silences:
            return 0
        try:
            return carry_over(silences, HttpClient(Connection(url=record.url, timeout=5)))
        except HttpError as error:
            raise UpgradeError(f"the silences could not be given to the new Alertmanager: {error}") from error
