"""The export of dashboards to the controller, out of a Grafana whose dashboards people edit."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.llmmon.stack.plugins.modules import grafana_dashboards, grafana_export

from tests.support.counting import Counted, counting
from tests.support.modules import run_module
from tests.support.rendering import REPOSITORY

from .conftest import Workspace

PANEL = {"id": 1, "type": "timeseries", "title": "p", "targets": [{"refId": "A", "expr": "up"}]}


class Pushed:
    """Dashboards that were pushed from a directory of the host."""

    def __init__(self, workspace: Workspace, source: Path, counted: Counted) -> None:
        self.workspace = workspace
        self.source = source
        self.counted = counted
        self.folder = workspace.name("folder")
        self.parameters = {
            **workspace.credentials,
            "url": counted.url,
            "src": str(source),
            "folder_uid": self.folder,
            "owner": workspace.prefix,
        }
        source.mkdir(parents=True)
        for name in ("a", "b"):
            self.write(name)
        self.push()

    def model(self, name: str, **more: Any) -> dict[str, Any]:
        uid = self.workspace.name(name)
        return {"uid": uid, "title": uid, "schemaVersion": 39, "tags": ["t"], "panels": [PANEL], **more}

    def write(self, name: str, **more: Any) -> None:
        (self.source / f"{name}.json").write_text(json.dumps(self.model(name, **more)))

    def push(self) -> None:
        answer = run_module(grafana_dashboards, {**self.parameters, "folder_title": self.folder})
        assert not answer["failed"], answer

    def edit(self, name: str, **changes: Any) -> None:
        """What a person does in the browser."""
        answer = self.workspace.dashboard(self.workspace.name(name))
        self.workspace.save({**answer["dashboard"], **changes}, answer["meta"]["folderUid"])

    def look(self, **more: Any) -> dict[str, Any]:
        self.counted.requests.clear()
        wanted = {**self.parameters, "folders": [self.folder], "dest": "not of the host", **more}
        return run_module(grafana_export, wanted)

    def edited(self, **more: Any) -> dict[str, dict[str, Any]]:
        """Name to content of what differs."""
        answer = self.look(**more)
        assert not answer["failed"], answer["msg"]
        prefix = f"{self.workspace.prefix}-"
        return {row["uid"].removeprefix(prefix): json.loads(row["content"]) for row in answer["dashboards"]}


@pytest.fixture
def pushed(workspace: Workspace, tmp_path: Path) -> Iterator[Pushed]:
    with counting(workspace.grafana.url) as counted:
        yield Pushed(workspace, tmp_path / "etc" / "grafana" / "current" / "dashboards", counted)


# -- what differs


@pytest.mark.confirms("dashboard-version", "search")
def test_what_people_edited_or_made_differs_and_what_was_pushed_does_not(pushed: Pushed) -> None:
    answer = pushed.look()
    assert (answer["dashboards"], answer["as_pushed"], answer["changed"]) == ([], 2, False)
    pushed.edit("a", description="by hand")
    pushed.workspace.save(pushed.model("made"), pushed.folder)
    answer = pushed.look()
    assert (answer["as_pushed"], [row["folder_uid"] for row in answer["dashboards"]]) == (1, [pushed.folder] * 2)
    assert {row["saved_by"] for row in answer["dashboards"]} == {pushed.workspace.grafana.user}
    assert pushed.edited() == {"a": pushed.model("a", description="by hand"), "made": pushed.model("made")}
    assert {method for method, *_ in pushed.counted.requests} == {"GET"}


def test_numbers_that_change_with_each_save_are_left_out(pushed: Pushed) -> None:
    pushed.edit("a", description="by hand", iteration=1700000000000)
    assert pushed.edited()["a"] == pushed.model("a", description="by hand")
    # Saved anew without an edit, as older browsers do it.
    pushed.edit("b", iteration=1700000000001)
    assert set(pushed.edited()) == {"a"}


@pytest.mark.confirms("dashboard-version")
def test_another_file_that_was_not_pushed_yet_is_no_edit(pushed: Pushed) -> None:
    pushed.write("a", description="from the file")
    pushed.edit("b", description="by hand")
    assert set(pushed.edited()) == {"b"}


@pytest.mark.confirms("dashboard-version")
def test_what_left_the_set_is_no_edit_and_a_copy_that_people_made_of_it_is(pushed: Pushed) -> None:
    (pushed.source / "a.json").unlink()
    served = pushed.workspace.dashboard(pushed.workspace.name("a"))["dashboard"]
    copy = {**served, "id": None, "uid": pushed.workspace.name("copy"), "title": pushed.workspace.name("copy")}
    pushed.workspace.save(copy, pushed.folder)
    assert pushed.edited() == {"copy": {**pushed.model("copy"), "panels": served["panels"]}}


def test_other_folders_are_looked_at_when_they_are_named(pushed: Pushed) -> None:
    pushed.workspace.save(pushed.model("elsewhere"))
    assert pushed.edited() == {}
    assert set(pushed.edited(folders=[pushed.folder, "general"])) == {"elsewhere"}


@pytest.mark.parametrize("uid", ["no-such-folder", "../x", "a b"])
def test_a_folder_that_is_not_there_is_named(pushed: Pushed, uid: str) -> None:
    answer = pushed.look(folders=[uid])
    assert answer["failed"]
    assert f"Grafana has no folder with the uid {uid!r}" in answer["msg"]


def test_before_anything_was_deployed_it_says_so(pushed: Pushed, tmp_path: Path) -> None:
    answer = pushed.look(src=str(tmp_path / "none"))
    assert answer["failed"]
    assert f"there is no directory {tmp_path / 'none'} with dashboards" in answer["msg"]


# -- the playbook


class Controller:
    """An inventory whose only host is this machine, with the Grafana on it."""

    def __init__(self, pushed: Pushed, folder: Path) -> None:
        self.pushed = pushed
        self.folder = folder
        config_root = pushed.source.parents[2]
        secrets = pushed.source.parent / "secrets"
        secrets.mkdir()
        (secrets / "admin_password").write_text(pushed.workspace.grafana.password)
        folder.mkdir()
        self.host = {
            "ansible_connection": "local",
            "ansible_become": False,
            "ansible_python_interpreter": sys.executable,
            "llmmon_gateways": [],
            "llmmon_config_root": str(config_root),
            "llmmon_grafana_port": int(pushed.workspace.grafana.url.rpartition(":")[2]),
            "llmmon_grafana_admin_user": pushed.workspace.grafana.user,
            "llmmon_grafana_folder_uid": pushed.folder,
            "llmmon_grafana_dashboard_owner": pushed.workspace.prefix,
        }

    def run(self, *arguments: str, hosts: tuple[str, ...] = ("monitoring",), **more: Any) -> tuple[int, str]:
        """Exit code and output of export.yml."""
        inventory = {"llmmon": {"hosts": {name: {**self.host, **more} for name in hosts}}}
        (self.folder / "hosts.yml").write_text(yaml.safe_dump(inventory))
        done = subprocess.run(
            [Path(sys.executable).with_name("ansible-playbook"), "-i", self.folder, "playbooks/export.yml", *arguments],
            cwd=REPOSITORY,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        return done.returncode, done.stdout + done.stderr


@pytest.fixture
def controller(pushed: Pushed, tmp_path: Path) -> Controller:
    if not pushed.workspace.grafana.is_standin:
        pytest.skip("the playbook asks the Grafana of its host")
    return Controller(pushed, tmp_path / "inventory")


def test_export_brings_edits_home_once(pushed: Pushed, controller: Controller) -> None:
    own = controller.folder / "files" / "own.json"
    own.parent.mkdir()
    own.write_text(json.dumps(pushed.model("b")))
    pushed.edit("a", description="by hand")
    pushed.edit("b", description="by hand")
    new = controller.folder / "files" / "dashboards" / f"{pushed.workspace.name('a')}.json"
    files: dict[str, Any] = {"llmmon_grafana_dashboard_files": ["files/own.json"]}

    code, output = controller.run("--check", "--diff", **files)
    assert code == 0, output
    assert "changed=1" in output
    assert '+  "description": "by hand",' in output
    assert f"would be written, files/dashboards/{new.name}, saved by" in output
    assert (new.exists(), "by hand" in own.read_text()) == (False, False)

    code, output = controller.run(**files)
    assert code == 0, output
    assert json.loads(new.read_text()) == pushed.model("a", description="by hand")
    # What comes from a file of the user's goes back to it.
    assert json.loads(own.read_text()) == pushed.model("b", description="by hand")
    assert "2 dashboard(s) differ from what was pushed, 0 do not" in output
    assert f"llmmon_grafana_dashboard_files: [files/dashboards/{new.name}]" in output

    code, output = controller.run(**files)
    assert (code, "changed=0" in output) == (0, True), output
    assert f"is there already, files/dashboards/{new.name}" in output


def test_export_is_of_one_host(controller: Controller) -> None:
    code, output = controller.run(hosts=("one", "two"))
    assert code == 2, output
    assert "This run is for one, two, and an export is of one Grafana: add --limit HOST" in " ".join(output.split())
    assert not (controller.folder / "files").exists()
