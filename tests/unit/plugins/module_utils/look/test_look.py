"""One look at a host with one service: what it finds settled, and what any change by hand makes of that."""

from __future__ import annotations

import copy
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.clients.engine import Engine
from ansible_collections.llmmon.stack.plugins.module_utils.configuration.releases import (
    CURRENT,
    RUNNING,
    File,
    Releases,
    new_name,
)
from ansible_collections.llmmon.stack.plugins.module_utils.look import compared
from ansible_collections.llmmon.stack.plugins.module_utils.look.directories import MODE
from ansible_collections.llmmon.stack.plugins.module_utils.look.look import AskedOnce, Found, Look
from ansible_collections.llmmon.stack.plugins.module_utils.proof.services import deployed, look_at
from ansible_collections.llmmon.stack.plugins.modules import container_compared

from tests.support.loopback import Answer, Server, as_json
from tests.support.modules import run_module

pytestmark = pytest.mark.usefixtures("as_root")

GROUP = 4711
NAME = "llmmon-alertmanager"
ALL = [
    "alertmanager configuration",
    "alertmanager container",
    "alertmanager service",
    "places",
    "record",
]


class FakeEngine:
    """An engine with one network and the containers of a dictionary."""

    def __init__(self) -> None:
        self.network = True
        self.images = {"prom:v1": "sha256:1"}
        self.containers: dict[str, dict[str, Any]] = {
            NAME: {
                "Id": "1",
                "Image": "sha256:1",
                "RestartCount": 0,
                "State": {"Status": "running", "StartedAt": "2026-01-02T03:04:05.123456789Z"},
                "Config": {"Image": "prom:v1"},
                "HostConfig": {"Memory": 1},
                "Mounts": [],
                "NetworkSettings": {"Networks": {"llmmon": {}}},
            }
        }

    def inspect(self, name: str) -> dict[str, Any] | None:
        return copy.deepcopy(self.containers.get(name))

    def image_id(self, image: str) -> str:
        return self.images.get(image, "")

    def image_digests(self, _: str) -> list[str]:
        return []

    def has_image(self, image: str) -> bool:
        return image in self.images

    def network_containers(self, _: str) -> list[str] | None:
        return [] if self.network else None


class Host:
    """A host on which everything is as wanted, until a test changes it."""

    def __init__(self, folder: Path, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.engine = FakeEngine()
        self.releases = Releases(folder / "etc")
        self.data = folder / "data"
        self.server = server
        server.answers["GET /-/ready"] = Answer(200, b"OK", "text/plain")
        server.answers["GET /api/v2/status"] = as_json({"versionInfo": {"version": "0.33.1"}})
        service = {
            "name": "alertmanager",
            "container": NAME,
            "url": server.url,
            "version": "0.33.1",
            "config_root": str(self.releases.root),
            "data_directory": str(self.data),
        }
        self.containers = [
            {"service": "alertmanager", "name": NAME, "image": "prom:v1", "wanted": True, "asked": "words"}
        ]
        self.wanted: dict[str, Any] = {
            "directories": [{"path": str(self.data), "owner": 0, "group": GROUP, "once": False}],
            "network": "llmmon",
            "record": str(folder / "state.json"),
            "compared": str(folder / "compared.json"),
            "services": [
                {
                    "record": service,
                    "configuration": {"asked": "this", "group": GROUP, "keep": 2},
                    "containers": self.containers,
                    "grafana": {},
                }
            ],
        }
        self.data.mkdir(mode=MODE)
        self.releases.root.mkdir()
        os.chown(self.data, 0, GROUP)
        self.data.chmod(MODE)
        self.release = new_name()
        self.releases.write(self.release, [File("a.yml", "a: 1\n"), File("secrets/t", "x", secret=True)], GROUP, "this")
        self.releases.point(CURRENT, self.release)
        self.releases.point(RUNNING, self.release)
        monkeypatch.setattr(container_compared, "Engine", lambda: self.engine)
        self.note()
        engine: Any = self.engine
        (folder / "state.json").write_text(deployed([look_at(service, engine)]))

    def note(self) -> dict[str, Any]:
        containers = [{"name": NAME, "asked": "words"}]
        return run_module(container_compared, {"path": self.wanted["compared"], "containers": containers})

    def find(self) -> Found:
        engine: Any = self.engine
        return Look(engine, self.wanted).run()

    def look(self) -> list[str]:
        return self.find().settled


@pytest.fixture
def host(tmp_path: Path, server: Server, monkeypatch: pytest.MonkeyPatch) -> Host:
    """Give a host where nothing is to be done."""
    return Host(tmp_path, server, monkeypatch)


def test_a_host_that_is_as_wanted_has_nothing_to_do(host: Host) -> None:
    assert host.look() == ALL


def edit_configuration(host: Host) -> None:
    (host.releases.root / host.release / "a.yml").write_text("a: 2\n")


def open_secret(host: Host) -> None:
    (host.releases.root / host.release / "secrets" / "t").chmod(0o444)


def owe_a_reload(host: Host) -> None:
    (host.releases.root / RUNNING).unlink()


def ask_for_another_configuration(host: Host) -> None:
    host.wanted["services"][0]["configuration"]["asked"] = "that"


def leave_a_fragment(host: Host) -> None:
    (host.releases.root / "20200101T000000.000000Z").mkdir()


def give_it_more_memory(host: Host) -> None:
    host.engine.containers[NAME]["HostConfig"]["Memory"] = 2


def stop_it(host: Host) -> None:
    host.engine.containers[NAME]["State"]["Status"] = "exited"


def remove_it(host: Host) -> None:
    host.engine.containers.clear()


def describe_it_otherwise(host: Host) -> None:
    host.containers[0]["asked"] = "other words"


def pull_the_tag_again(host: Host) -> None:
    host.engine.images["prom:v1"] = "sha256:2"


def want_it_gone(host: Host) -> None:
    host.containers[0]["wanted"] = False


def forget_the_notes(host: Host) -> None:
    Path(host.wanted["compared"]).unlink()


def change_an_owner(host: Host) -> None:
    host.data.chmod(0o755)


def lose_the_network(host: Host) -> None:
    host.engine.network = False


def be_unwell(host: Host) -> None:
    host.server.answers["GET /-/ready"] = Answer(503, b"starting", "text/plain")


def be_of_another_version(host: Host) -> None:
    host.server.answers["GET /api/v2/status"] = as_json({"versionInfo": {"version": "0.28.1"}})


def lose_the_record(host: Host) -> None:
    Path(host.wanted["record"]).unlink()


CONFIGURATION = {"alertmanager configuration", "alertmanager service", "record"}
CONTAINER = {"alertmanager container", "alertmanager service", "record"}


@pytest.mark.parametrize(
    ("change", "to_do"),
    [
        (edit_configuration, CONFIGURATION),
        (open_secret, CONFIGURATION),
        (owe_a_reload, CONFIGURATION),
        (ask_for_another_configuration, CONFIGURATION),
        (leave_a_fragment, CONFIGURATION),
        (give_it_more_memory, CONTAINER),
        (stop_it, CONTAINER),
        (remove_it, CONTAINER),
        (describe_it_otherwise, CONTAINER),
        (pull_the_tag_again, CONTAINER),
        (want_it_gone, CONTAINER),
        (forget_the_notes, CONTAINER),
        (change_an_owner, set(ALL)),
        (lose_the_network, set(ALL)),
        (be_unwell, {"alertmanager service", "record"}),
        (be_of_another_version, {"alertmanager service", "record"}),
        (lose_the_record, {"record"}),
    ],
)
def test_every_change_by_hand_is_something_to_do(change: Callable[[Host], None], to_do: set[str], host: Host) -> None:
    change(host)
    assert set(ALL) - set(host.look()) == to_do


def test_a_container_that_is_not_wanted_and_not_there_is_settled(host: Host) -> None:
    want_it_gone(host)
    remove_it(host)
    assert "alertmanager container" in host.look()


def test_absent_containers_and_images_that_are_there_are_told(host: Host) -> None:
    found = host.find()
    assert (found.absent_containers, found.images) == ([], ["prom:v1"])
    remove_it(host)
    host.engine.images.clear()
    found = host.find()
    assert (found.absent_containers, found.images) == ([NAME], [])
    # What nobody wants is not missed.
    want_it_gone(host)
    assert host.find().absent_containers == []


def test_a_container_is_known_again_once_it_was_compared(host: Host) -> None:
    give_it_more_memory(host)
    assert host.note()["noted"] == [NAME]
    assert "alertmanager container" in host.look()
    # The second time there is nothing new to note.
    assert host.note()["noted"] == []


def test_of_a_container_that_is_gone_there_is_no_note(host: Host) -> None:
    remove_it(host)
    answer = host.note()
    assert (answer["changed"], answer["noted"]) == (False, [NAME])
    assert compared.read(Path(host.wanted["compared"])) == {}


def test_check_mode_notes_nothing(host: Host) -> None:
    give_it_more_memory(host)
    containers = [{"name": NAME, "asked": "words"}]
    parameters = {"path": host.wanted["compared"], "containers": containers}
    assert run_module(container_compared, parameters, check_mode=True)["noted"] == [NAME]
    assert "alertmanager container" not in host.look()


# -- Grafana, of which the sign-in and the dashboards are looked at too


MODEL = {"uid": "llm-1", "title": "LLM", "panels": []}


@pytest.fixture
def grafana(host: Host) -> Host:
    """Give a host whose service is a Grafana with one dashboard of the newest push."""
    service = host.wanted["services"][0]
    service["record"]["name"] = "grafana"
    host.containers[0]["service"] = "grafana"
    dashboards = host.folder / "dashboards"
    dashboards.mkdir()
    (dashboards / "llm.json").write_text(json.dumps(MODEL))
    password = host.folder / "password"
    password.write_text("Stand-In-1\n")
    service["grafana"] = {
        "url": host.server.url,
        "user": "admin",
        "password_file": str(password),
        "dashboards": {
            "src": str(dashboards),
            "owner": "llmmon",
            "folder_uid": "llmmon",
            "folder_title": "LLM monitoring",
            "folders": [],
            "inputs": {},
            "drift": "overwrite",
            "prune": False,
        },
    }
    answers = host.server.answers
    answers["GET /healthz"] = Answer(200, b"Ok", "text/plain")
    answers["GET /api/health"] = as_json({"version": "0.33.1", "database": "ok"})
    answers["GET /api/user"] = as_json({"login": "admin"})
    answers["GET /api/folders/llmmon"] = as_json({"uid": "llmmon", "title": "LLM monitoring", "version": 1})
    meta = {"folderUid": "llmmon", "version": 1}
    served = {**MODEL, "id": 17, "version": 1, "tags": ["managed-by-llmmon"]}
    answers["GET /api/dashboards/uid/llm-1"] = as_json({"meta": meta, "dashboard": served})
    return host


def of_grafana(host: Host) -> set[str]:
    return {step for step in host.look() if step in {"grafana admin", "grafana dashboards"}}


def test_a_grafana_that_is_as_wanted_has_nothing_to_do(grafana: Host) -> None:
    assert of_grafana(grafana) == {"grafana admin", "grafana dashboards"}
    written = [request for request in grafana.server.requests if request.method != "GET"]
    assert written == []


def test_a_dashboard_that_was_edited_or_deleted_is_something_to_do(grafana: Host) -> None:
    path = "GET /api/dashboards/uid/llm-1"
    edited = {"meta": {"folderUid": "llmmon", "version": 2}, "dashboard": {**MODEL, "title": "mine", "version": 2}}
    grafana.server.answers[path] = as_json(edited)
    assert of_grafana(grafana) == {"grafana admin"}
    grafana.server.answers[path] = Answer(404, b"{}")
    assert of_grafana(grafana) == {"grafana admin"}


def test_a_password_that_is_refused_is_something_to_do(grafana: Host) -> None:
    grafana.server.answers["GET /api/user"] = Answer(401, b"{}")
    assert of_grafana(grafana) == set()


def test_a_grafana_that_does_not_run_as_wanted_is_not_signed_in_to(grafana: Host) -> None:
    owe_a_reload(grafana)
    assert of_grafana(grafana) == set()
    assert [request for request in grafana.server.requests if "/api/user" in request.path] == []


def test_the_engine_is_asked_once_of_each_container_and_image(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def image_id(_: Engine, image: str) -> str:
        asked.append(image)
        return f"sha256:{image}"

    monkeypatch.setattr(Engine, "__init__", lambda _: None)
    monkeypatch.setattr(Engine, "inspect", lambda _, name: asked.append(name))
    monkeypatch.setattr(Engine, "image_id", image_id)
    engine = AskedOnce()
    assert [engine.inspect("a"), engine.inspect("b"), engine.inspect("a")] == [None] * 3
    assert [engine.has_image("a"), engine.image_id("a")] == [True, "sha256:a"]
    assert asked == ["a", "b", "a"]
