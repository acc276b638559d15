"""Pushing and exporting dashboards against a Grafana, real or stand-in: what it has afterwards, and what was sent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.clients.grafana import ClassicWriter
from ansible_collections.llmmon.stack.plugins.module_utils.clients.http import (
    CONNECTIONS,
    Connection,
    HttpClient,
    HttpError,
)
from ansible_collections.llmmon.stack.plugins.module_utils.dashboards.refusals import is_conflict
from ansible_collections.llmmon.stack.plugins.modules import grafana_dashboards

from tests.support.counting import Counted, counting
from tests.support.modules import run_module

from .conftest import Workspace


class Set:
    """Dashboards in files, and the module's answers about them."""

    def __init__(self, workspace: Workspace, directory: Path, counted: Counted) -> None:
        self.workspace = workspace
        self.directory = directory
        self.counted = counted
        self.folder = workspace.name("folder")
        directory.mkdir()

    def uid(self, name: str) -> str:
        return self.workspace.name(name)

    def write(self, name: str, folder: str = "", **more: Any) -> Path:
        """Write a dashboard into a file; its title has the test's prefix, by which it is cleaned up."""
        path = self.directory / folder / f"{name}.json"
        path.parent.mkdir(exist_ok=True)
        panel = {
            "id": 1,
            "type": "timeseries",
            "title": "p",
            "gridPos": {"h": 8, "w": 12, "x": 0, "y": 0},
            "targets": [{"refId": "A", "expr": "up"}],
        }
        model = {
            "uid": self.uid(name),
            "title": self.uid(name),
            "schemaVersion": 39,
            "tags": ["t"],
            "panels": [panel],
            **more,
        }
        path.write_text(json.dumps(model))
        return path

    def push(self, *, check_mode: bool = False, diff: bool = False, **more: Any) -> dict[str, Any]:
        self.counted.requests.clear()
        parameters = {
            **self.workspace.credentials,
            "url": self.counted.url,
            "src": str(self.directory),
            "folder_uid": self.folder,
            "folder_title": self.folder,
            "owner": self.workspace.prefix,
            **more,
        }
        return run_module(grafana_dashboards, parameters, check_mode=check_mode, diff=diff)

    def edit(self, name: str, **changes: Any) -> None:
        """What a person does in the browser."""
        answer = self.workspace.dashboard(self.uid(name))
        self.workspace.save({**answer["dashboard"], **changes}, answer["meta"]["folderUid"])

    def served(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = self.workspace.dashboard(self.uid(name))["dashboard"]
        return found


@pytest.fixture
def dashboards(workspace: Workspace, tmp_path: Path) -> Iterator[Set]:
    with counting(workspace.grafana.url) as counted:
        yield Set(workspace, tmp_path / "dashboards", counted)


def actions(answer: dict[str, Any], prefix: str = "") -> dict[str, str]:
    assert not answer["failed"], answer["msg"]
    return {row["uid"].removeprefix(prefix + "-"): row["action"] for row in answer["dashboards"]}


def test_check_mode_predicts_all_and_writes_nothing(dashboards: Set, workspace: Workspace) -> None:
    for name in ("a", "b"):
        dashboards.write(name)
    dashboards.push()
    dashboards.write("b", description="changed")
    dashboards.write("c")
    (dashboards.directory / "a.json").unlink()
    rehearsed = dashboards.push(check_mode=True, diff=True, prune=True, folder_title=workspace.name("renamed"))
    assert dashboards.counted.writing() == []
    predicted = {"a": "delete", "b": "update", "c": "create"}
    assert actions(rehearsed, workspace.prefix) == predicted
    assert rehearsed["folders"] == [{"uid": dashboards.folder, "actions": ["rename"]}]
    assert [entry["after"] for entry in rehearsed["diff"] if "b.json" in entry["after_header"]] == [
        'description: "changed"\n'
    ]
    assert workspace.dashboard(dashboards.uid("a")) is not None
    done = dashboards.push(diff=True, prune=True, folder_title=workspace.name("renamed"))
    assert actions(done, workspace.prefix) == predicted
    assert (done["changed"], done["diff"]) == (rehearsed["changed"], rehearsed["diff"])
    assert workspace.get(f"/api/folders/{dashboards.folder}")["title"] == workspace.name("renamed")
    assert workspace.dashboard(dashboards.uid("a")) is None


@pytest.mark.confirms("classic-api", "newer-form", "search")
def test_a_second_push_changes_nothing_and_asks_once_for_each(dashboards: Set) -> None:
    for number in range(20):
        dashboards.write(f"n{number}", iteration=1, refresh="", time={"from": "now-6h", "to": "now"})
    first = dashboards.push()
    assert set(actions(first).values()) == {"create"}
    dashboards.counted.connections = 0
    second = dashboards.push(prune=True, diff=True)
    assert set(actions(second).values()) == {"unchanged"}
    assert (second["changed"], second["diff"], second["warnings"]) == (False, [], [])
    assert dashboards.counted.writing() == []
    if dashboards.workspace.grafana.is_standin:
        # A release that adds defaults on saving costs one more request for each dashboard.
        assert len(dashboards.counted.requests) <= 20 + 3
    assert second["requests"] == len(dashboards.counted.requests)
    assert dashboards.counted.connections <= CONNECTIONS


@pytest.mark.confirms("dashboard-version")
def test_a_changed_file_is_no_drift(dashboards: Set, workspace: Workspace) -> None:
    dashboards.write("a")
    dashboards.push()
    dashboards.write("a", description="newer")
    answer = dashboards.push(drift="keep")
    assert (actions(answer, workspace.prefix), answer["drift"]) == ({"a": "update"}, [])
    assert dashboards.served("a")["description"] == "newer"


@pytest.mark.confirms("dashboard-version")
def test_an_edit_is_reported_and_overwritten(dashboards: Set, workspace: Workspace) -> None:
    dashboards.write("a")
    dashboards.push()
    dashboards.edit("a", description="by hand")
    answer = dashboards.push(diff=True)
    assert actions(answer, workspace.prefix) == {"a": "update"}
    (drift,) = answer["drift"]
    assert (drift["saved_by"], drift["outcome"]) == (workspace.grafana.user, "overwritten")
    assert "its versions in Grafana keep the edit" in answer["warnings"][0]
    assert answer["diff"][0]["before"] == 'description: "by hand"\n'
    assert "description" not in dashboards.served("a")
    again = dashboards.push()
    assert (again["changed"], again["drift"]) == (False, [])


@pytest.mark.confirms("dashboard-version", "search")
def test_an_edit_is_kept_and_comes_home(dashboards: Set, workspace: Workspace) -> None:
    file = dashboards.write("a")
    dashboards.push(drift="keep")
    dashboards.edit("a", description="by hand")
    kept = dashboards.push(drift="keep")
    assert (actions(kept, workspace.prefix), kept["changed"]) == ({"a": "keep"}, False)
    assert kept["drift"][0]["outcome"] == "kept"
    assert "export.yml brings the edit home" in kept["warnings"][0]
    assert dashboards.served("a")["description"] == "by hand"

    home: dict[str, Any] = {"state": "exported", "src": None, "folder_title": "", "dest": str(dashboards.directory)}
    rehearsed = dashboards.push(check_mode=True, **home)
    assert (rehearsed["changed"], "by hand" in file.read_text()) == (True, False)
    exported = dashboards.push(**home)
    assert actions(exported, workspace.prefix) == {"a": "write"}
    model = json.loads(file.read_text())
    assert (model["description"], model["tags"]) == ("by hand", ["t"])
    assert not {"id", "version"} & model.keys()
    assert list(model) == sorted(model)
    assert not dashboards.push(**home)["changed"]

    # The file and Grafana agree again. That is noted once, so that the next change of the file is none of an edit.
    noted = dashboards.push(drift="keep")
    assert actions(noted, workspace.prefix) == {"a": "acknowledge"}
    assert not dashboards.push(drift="keep")["changed"]
    file.write_text(json.dumps({**model, "description": "from the file"}))
    assert actions(dashboards.push(drift="keep"), workspace.prefix) == {"a": "update"}


@pytest.mark.confirms("search")
def test_only_what_we_own_is_pruned(dashboards: Set, workspace: Workspace) -> None:
    for name in ("stays", "leaves", "edited", "released"):
        dashboards.write(name)
    dashboards.push()
    copy = {**dashboards.served("leaves"), "uid": workspace.name("copy"), "title": workspace.name("copy"), "id": None}
    workspace.save(copy, dashboards.folder)
    workspace.save({"uid": workspace.name("theirs"), "title": workspace.name("theirs")}, dashboards.folder)
    dashboards.edit("edited", description="by hand")
    dashboards.edit("released", tags=["t"])
    for name in ("leaves", "edited", "released"):
        (dashboards.directory / f"{name}.json").unlink()
    model = {"uid": workspace.name("another"), "title": workspace.name("another")}
    another: dict[str, Any] = {"src": None, "owner": f"{workspace.prefix}-2", "dashboards": [{"definition": model}]}
    assert actions(dashboards.push(prune=True, **another), workspace.prefix) == {"another": "create"}
    answer = dashboards.push(prune=True)
    assert actions(answer, workspace.prefix) == {
        "stays": "unchanged",
        "leaves": "delete",
        "edited": "spare",
        "copy": "spare",
    }
    assert workspace.dashboard(dashboards.uid("leaves")) is None
    for name in ("edited", "released", "copy", "theirs"):
        assert workspace.dashboard(workspace.name(name)) is not None
    assert not dashboards.push(prune=True)["changed"]


def test_a_dashboard_that_a_person_made_is_updated_but_never_pruned(dashboards: Set, workspace: Workspace) -> None:
    dashboards.write("stays")
    dashboards.push()
    workspace.save({"uid": workspace.name("theirs"), "title": workspace.name("theirs")}, dashboards.folder)
    file = dashboards.write("theirs")
    assert actions(dashboards.push(), workspace.prefix)["theirs"] == "update"
    assert not dashboards.push()["changed"]
    file.unlink()
    assert not dashboards.push(prune=True)["changed"]
    assert workspace.dashboard(workspace.name("theirs")) is not None


def test_a_new_uid_may_take_over_the_title_of_what_leaves(dashboards: Set, workspace: Workspace) -> None:
    dashboards.write("old", title=workspace.name("title"))
    dashboards.push()
    (dashboards.directory / "old.json").unlink()
    dashboards.write("new", title=workspace.name("title"))
    assert actions(dashboards.push(prune=True), workspace.prefix) == {"new": "create", "old": "delete"}
    assert workspace.dashboard(workspace.name("new")) is not None
    assert not dashboards.push(prune=True)["changed"]


@pytest.mark.confirms("title-taken")
def test_a_title_that_another_dashboard_of_the_folder_has_is_refused(dashboards: Set, workspace: Workspace) -> None:
    dashboards.write("ours")
    dashboards.push()
    theirs = {"uid": workspace.name("theirs"), "title": workspace.name("Title")}
    workspace.save(theirs, dashboards.folder)
    dashboards.write("second", title=workspace.name("title"))
    for check_mode in (True, False):
        answer = dashboards.push(check_mode=check_mode)
        assert f"has a dashboard named '{workspace.name('title')}', with the uid {theirs['uid']}" in answer["msg"]
        assert dashboards.counted.writing() == []
    # A dashboard is not kept from its own title, nor from that of another folder.
    dashboards.write("second")
    assert actions(dashboards.push(), workspace.prefix) == {"ours": "unchanged", "second": "create"}
    dashboards.write("second", title=workspace.name("title"))
    other = workspace.name("other")
    assert not dashboards.push(folder_uid=other, folder_title=other)["failed"]


@pytest.mark.confirms("save-conflict")
def test_a_save_over_an_older_version_is_refused(dashboards: Set, workspace: Workspace) -> None:
    dashboards.write("a")
    dashboards.push()
    version = dashboards.served("a")["version"]
    dashboards.edit("a", description="by hand")
    connection = Connection(workspace.grafana.url, user=workspace.grafana.user, password=workspace.grafana.password)
    model = {"uid": dashboards.uid("a"), "title": dashboards.uid("a"), "description": "ours"}
    with pytest.raises(HttpError) as refusal:
        ClassicWriter(HttpClient(connection)).save_dashboard(model, dashboards.folder, "", version)
    assert is_conflict(refusal.value), refusal.value
    assert dashboards.served("a")["description"] == "by hand"


@pytest.mark.confirms("folder-annotation")
def test_a_resource_goes_into_our_folder_as_the_dashboard_in_it(dashboards: Set, workspace: Workspace) -> None:
    file = dashboards.write("a")
    model = json.loads(file.read_text())
    metadata = {"name": model.pop("uid"), "annotations": {"grafana.app/folder": workspace.name("elsewhere")}}
    resource = {"apiVersion": "dashboard.grafana.app/v1beta1", "kind": "Dashboard", "metadata": metadata, "spec": model}
    file.write_text(json.dumps(resource))
    assert actions(dashboards.push(), workspace.prefix) == {"a": "create"}
    assert workspace.dashboard(dashboards.uid("a"))["meta"]["folderUid"] == dashboards.folder
    assert not dashboards.push()["changed"]


@pytest.mark.confirms("schema-v2")
def test_grafana_itself_refuses_schema_v2(workspace: Workspace) -> None:
    if workspace.major() < 13:
        pytest.skip("Grafana refuses it by this path since 13")
    model = {"uid": workspace.name("v2"), "title": workspace.name("v2"), "elements": {}, "layout": {}}
    answer = workspace.call("POST", "/api/dashboards/db", {"dashboard": model, "folderUid": ""})
    assert (answer.status_code, "v2 format" in answer.text) == (400, True), answer.text


@pytest.mark.confirms("nested-folders", "folder-version", "folder-id")
def test_folders_come_are_renamed_and_nest_where_they_can(dashboards: Set, workspace: Workspace) -> None:
    nests = workspace.nests()
    assert nests or workspace.major() < 11, "folders do not nest, which they do since 11"
    inner = workspace.name("inner")
    dashboards.write("a", folder=inner)
    folders = [{"uid": inner, "title": inner, "parent_uid": dashboards.folder}]
    first = dashboards.push(folders=folders)
    assert {row["uid"]: row["actions"] for row in first["folders"]} == {
        dashboards.folder: ["create"],
        inner: ["create"],
    }
    assert workspace.dashboard(dashboards.uid("a"))["meta"]["folderUid"] == inner
    assert (workspace.get(f"/api/folders/{inner}").get("parentUid") == dashboards.folder) is nests
    assert ["has no nested folders" in warning for warning in first["warnings"]] == ([] if nests else [True])
    again = dashboards.push(folders=folders)
    assert (again["changed"], len(again["warnings"])) == (False, 0 if nests else 1)
    folders[0]["title"] = workspace.name("renamed")
    assert dashboards.push(folders=folders)["folders"][1]["actions"] == ["rename"]
    assert workspace.get(f"/api/folders/{inner}")["title"] == workspace.name("renamed")
    moved = dashboards.push(folders=[{**folders[0], "parent_uid": ""}])
    assert moved["folders"][1]["actions"] == (["move"] if nests else [])
    assert not workspace.get(f"/api/folders/{inner}").get("parentUid")


@pytest.mark.confirms("dashboard-place")
def test_dashboards_move(dashboards: Set, workspace: Workspace) -> None:
    dashboards.write("a")
    dashboards.push()
    other = workspace.name("other")
    answer = dashboards.push(folder_uid=other, folder_title=other, diff=True)
    assert actions(answer, workspace.prefix) == {"a": "move"}
    assert workspace.dashboard(dashboards.uid("a"))["meta"]["folderUid"] == other
    assert answer["diff"][-1]["before"] == f"folder: {dashboards.folder}\n"
    assert answer["diff"][-1]["after"] == f"folder: {other}\n"
    general = dashboards.push(folder_uid="", folder_title="")
    assert actions(general, workspace.prefix) == {"a": "move"}
    assert not workspace.dashboard(dashboards.uid("a"))["meta"].get("folderUid")
    assert not dashboards.push(folder_uid="", folder_title="")["changed"]


def test_a_folder_under_another_uid_is_refused(dashboards: Set, workspace: Workspace) -> None:
    other = workspace.name("other")
    workspace.call("POST", "/api/folders", {"uid": other, "title": dashboards.folder}).raise_for_status()
    dashboards.write("a")
    answer = dashboards.push()
    assert f"'{dashboards.folder}' already exists with the uid {other}" in answer["msg"]
    assert dashboards.counted.writing() == []


def test_inputs_are_filled_in(dashboards: Set) -> None:
    declared = [{"name": "DS_PROM", "type": "datasource", "pluginId": "prometheus"}]
    panel = {"id": 1, "type": "stat", "datasource": {"type": "prometheus", "uid": "${DS_PROM}"}}
    dashboards.write("a", __inputs=declared, __requires=[], panels=[panel])
    open_ones = dashboards.push()
    assert "a.json has no value for its input DS_PROM" in open_ones["msg"]
    dashboards.push(inputs={"prometheus": "some_source"})
    served = dashboards.served("a")
    assert served["panels"][0]["datasource"]["uid"] == "some_source"
    assert not {"__inputs", "__requires"} & served.keys()
    assert not dashboards.push(inputs={"prometheus": "some_source"})["changed"]


def test_a_dashboard_of_five_megabytes_and_odd_texts(dashboards: Set) -> None:
    dashboards.write("big", description="x" * 5_000_000)
    dashboards.write("odd", description='ünï "q" <&> \\ \u2028', number=1e5, whole=12.0)
    assert dashboards.push()["changed"]
    assert not dashboards.push()["changed"]


def test_the_user_s_organisation_is_not_switched(dashboards: Set) -> None:
    dashboards.write("a")
    assert not dashboards.push(org_id=1)["failed"]
    assert not any("/api/user/using" in path for _, path in dashboards.counted.requests)


def test_titles_in_another_script_may_be_the_same_for_grafana(dashboards: Set) -> None:
    """Later releases than 9.4 tell them apart."""
    dashboards.write("a", title=f"{dashboards.uid('t')} 개요")
    dashboards.write("b", title=f"{dashboards.uid('t')} 운영")
    answer = dashboards.push()
    if dashboards.workspace.grafana.is_standin or answer["failed"]:
        assert "Grafana 9.4 compares titles by their Latin letters and digits alone: give '" in answer["msg"]
    dashboards.write("b", title=f"{dashboards.uid('t')} 운영 (operations)")
    assert set(actions(dashboards.push()).values()) <= {"create", "update", "unchanged"}
