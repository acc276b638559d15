# SPDX-License-Identifier: Apache-2.0
"""One look at a host: how what is there compares with what is wanted. Reads only, and asks each part once."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any, Optional, cast

from ansible_collections.llmmon.stack.plugins.module_utils.clients.engine import Engine
from ansible_collections.llmmon.stack.plugins.module_utils.clients.grafana import GrafanaApi
from ansible_collections.llmmon.stack.plugins.module_utils.clients.http import Connection, HttpClient
from ansible_collections.llmmon.stack.plugins.module_utils.configuration.releases import CURRENT, RUNNING, Releases
from ansible_collections.llmmon.stack.plugins.module_utils.dashboards.push import Push
from ansible_collections.llmmon.stack.plugins.module_utils.dashboards.wanted import wanted_of
from ansible_collections.llmmon.stack.plugins.module_utils.errors import StackError
from ansible_collections.llmmon.stack.plugins.module_utils.look import compared
from ansible_collections.llmmon.stack.plugins.module_utils.look.directories import access, plan
from ansible_collections.llmmon.stack.plugins.module_utils.look.settled import (
    ADMIN,
    DASHBOARDS,
    PLACES,
    RECORD,
    configuration,
    container,
    service_step,
    settled,
)
from ansible_collections.llmmon.stack.plugins.module_utils.proof.services import deployed, look_at


@dataclasses.dataclass(frozen=True)
class Found:
    """What a look has found: steps that have nothing to do, wanted containers that are not there, images that are."""

    settled: list[str] = dataclasses.field(default_factory=list)
    absent_containers: list[str] = dataclasses.field(default_factory=list)
    images: list[str] = dataclasses.field(default_factory=list)


def look(wanted: dict[str, Any]) -> Found:
    """Look at a host; where that cannot be told, nothing is settled, absent or there."""
    try:
        return Look(AskedOnce(), wanted).run()
    except StackError:
        return Found()


class AskedOnce(Engine):
    """The engine, which is asked of each container and image once: several parts of a look want to know."""

    def __init__(self) -> None:
        super().__init__()
        self._answers: dict[tuple[str, str], Any] = {}

    def inspect(self, name: str) -> Optional[dict[str, Any]]:
        """What the engine knew of a container when it was first asked."""
        return cast("Optional[dict[str, Any]]", self._once("container", name, super().inspect))

    def image_id(self, image: str) -> str:
        """Identity of an image, as of the first time."""
        return str(self._once("image", image, super().image_id))

    def _once(self, what: str, name: str, ask: Callable[[str], Any]) -> Any:
        if (what, name) not in self._answers:
            self._answers[what, name] = ask(name)
        return self._answers[what, name]


class Look:
    """Compares part by part. What cannot be asked is not settled: its step runs, and says what is wrong."""

    def __init__(self, engine: Engine, wanted: dict[str, Any]) -> None:
        self._engine = engine
        self._wanted = wanted
        self._records: list[dict[str, Any]] = []
        self._notes = compared.read(Path(wanted["compared"]))

    def run(self) -> Found:
        services = self._wanted["services"]
        found = {PLACES: self._places()}
        containers: dict[str, list[str]] = {}
        absent: list[str] = []
        for service in services:
            name = service["record"]["name"]
            found[configuration(name)] = self._configuration(service)
            for one in service["containers"]:
                attributes = self._engine.inspect(one["name"])
                found[container(one["service"])] = self._is_settled(one, attributes)
                if one["wanted"] and attributes is None:
                    absent.append(one["name"])
            containers[name] = [one["service"] for one in service["containers"]]
            record = look_at(service["record"], self._engine)
            found[service_step(name)] = not record["problems"]
            self._records.append(record)
            # A wrong password counts against the user who signs in, so Grafana is asked only as it was proved to run.
            if service["grafana"] and all(found[step] for step in found if step.startswith(f"{name} ")):
                found.update(self._grafana(service["grafana"]))
        found[RECORD] = self._is_recorded()
        images = {one["image"] for service in services for one in service["containers"] if one["wanted"]}
        there = sorted(image for image in images if self._engine.has_image(image))
        return Found(settled(found, containers), sorted(absent), there)

    def _places(self) -> bool:
        directories = self._wanted["directories"]
        actual = {directory["path"]: access(Path(directory["path"])) for directory in directories}
        return not plan(directories, actual) and self._engine.network_containers(self._wanted["network"]) is not None

    def _configuration(self, service: dict[str, Any]) -> bool:
        """Whether the current release is what is asked for, untouched, readable for the service, and runs."""
        wanted, releases = service["configuration"], Releases(Path(service["record"]["config_root"]))
        current = releases.target(CURRENT)
        return (
            current is not None
            and current == releases.target(RUNNING)
            and releases.asked(current) == wanted["asked"]
            and not releases.edited_by_hand(current)
            and not releases.wrong_access(current, wanted["group"])
            and not releases.stale(wanted["keep"])
        )

    def _is_settled(self, wanted: dict[str, Any], attributes: Optional[dict[str, Any]]) -> bool:
        """Whether a container, of which the engine says this, is as wanted; None where there is none."""
        if not wanted["wanted"]:
            return attributes is None
        if attributes is None or attributes["State"]["Status"] != "running":
            return False
        found = compared.found_now(self._engine, attributes)
        return compared.is_known(self._notes.get(wanted["name"]), wanted["asked"], found)

    def _grafana(self, wanted: dict[str, Any]) -> dict[str, bool]:
        """Whether the admin can sign in, and whether the dashboards are as the files of the current release are."""
        found = {ADMIN: False, DASHBOARDS: False}
        try:
            password = Path(wanted["password_file"]).read_text(encoding="utf-8").rstrip("\n")
            client = HttpClient(Connection(url=wanted["url"], user=wanted["user"], password=password))
            GrafanaApi(client).signed_in()
            found[ADMIN] = True
            push = Push(client, wanted_of({**wanted["dashboards"], "dashboards": []}), check_mode=True, signed_in=True)
            push.run()
            # What it warns of, and an edit that it keeps, is told by the step itself.
            found[DASHBOARDS] = not (push.changed or push.warnings or push.drift())
        except (StackError, OSError, ValueError):
            # What could not be asked is left to the step, which says why.
            pass
        return found

    def _is_recorded(self) -> bool:
        """Whether what is deployed was written down as it is."""
        try:
            recorded = Path(self._wanted["record"]).read_text(encoding="utf-8")
        except (OSError, ValueError):
            return False
        return recorded == deployed(self._records)
