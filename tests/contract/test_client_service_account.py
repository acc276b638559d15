"""A service account and its token against a Grafana, real or stand-in."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Any

import pytest
import requests
from ansible_collections.llmmon.stack.plugins.modules import grafana_dashboards, grafana_service_account

from tests.support.counting import counting
from tests.support.modules import run_module

from .conftest import Workspace

GROUP_READABLE: dict[str, Any] = {"token_mode": "0440"}
NO_GROUP: dict[str, Any] = {"token_group": "no-such-group"}


class Robot:
    """The account of a test, and the module's answers about it."""

    def __init__(self, workspace: Workspace, file: Path) -> None:
        self.workspace = workspace
        self.file = file
        self.name = workspace.name("robot")

    def put_right(self, *, check_mode: bool = False, **more: Any) -> dict[str, Any]:
        parameters = {**self.workspace.credentials, "name": self.name, "token_dest": str(self.file), **more}
        answer = run_module(grafana_service_account, parameters, check_mode=check_mode)
        if self.file.exists():
            assert self.file.read_text().strip() not in str(answer)
        return answer

    def account(self) -> Any:
        found = self.workspace.get(f"/api/serviceaccounts/search?query={self.name}")["serviceAccounts"]
        return found[0] if found else None

    def tokens(self) -> list[str]:
        return [token["name"] for token in self.workspace.get(f"/api/serviceaccounts/{self.account()['id']}/tokens")]

    def status(self, token: str, path: str = "/api/org") -> int:
        headers = {"Authorization": f"Bearer {token}"}
        return requests.get(self.workspace.grafana.url + path, headers=headers, timeout=30).status_code


@pytest.fixture
def robot(workspace: Workspace, tmp_path: Path) -> Robot:
    return Robot(workspace, tmp_path / "token")


def outcome(answer: dict[str, Any]) -> tuple[bool, str, str]:
    assert not answer["failed"], answer["msg"]
    return answer["changed"], answer["account"], answer["token"]


@pytest.mark.confirms("service-accounts")
def test_an_account_comes_with_a_token_that_works_and_stays(robot: Robot) -> None:
    assert outcome(robot.put_right(check_mode=True)) == (True, "create", "create")
    assert (robot.account(), robot.file.exists()) == (None, False)
    assert outcome(robot.put_right()) == (True, "create", "create")
    token = robot.file.read_text().strip()
    assert (robot.status(token), stat.S_IMODE(robot.file.stat().st_mode)) == (200, 0o400)
    assert robot.account()["role"] == "Editor"
    assert outcome(robot.put_right()) == (False, "unchanged", "unchanged")
    assert robot.file.read_text().strip() == token
    robot.file.chmod(0o644)
    assert outcome(robot.put_right(**GROUP_READABLE)) == (True, "unchanged", "unchanged")
    assert stat.S_IMODE(robot.file.stat().st_mode) == 0o440
    assert outcome(robot.put_right(**GROUP_READABLE)) == (False, "unchanged", "unchanged")


def test_check_mode_writes_nothing(robot: Robot) -> None:
    robot.put_right()
    with counting(robot.workspace.grafana.url) as counted:
        answer = robot.put_right(check_mode=True, url=counted.url, rotate=True, role="Viewer")
    assert outcome(answer) == (True, "update", "rotate")
    assert counted.writing() == []
    assert counted.requests


@pytest.mark.confirms("service-accounts")
def test_a_role_that_was_changed_is_put_right(robot: Robot) -> None:
    robot.put_right()
    path = f"/api/serviceaccounts/{robot.account()['id']}"
    robot.workspace.call("PATCH", path, {"role": "Viewer"}).raise_for_status()
    assert outcome(robot.put_right()) == (True, "update", "unchanged")
    assert robot.account()["role"] == "Editor"


def test_a_token_is_rotated_by_choice_and_the_old_one_ends(robot: Robot) -> None:
    robot.put_right()
    old = robot.file.read_text().strip()
    (first_name,) = robot.tokens()
    path = f"/api/serviceaccounts/{robot.account()['id']}/tokens"
    theirs = robot.workspace.name("by-hand")
    robot.workspace.call("POST", path, {"name": theirs}).raise_for_status()
    answer = robot.put_right(rotate=True)
    assert outcome(answer) == (True, "unchanged", "rotate")
    assert answer["reason"] == "asked for"
    new = robot.file.read_text().strip()
    # Of a token that is gone 9.4 says 500.
    assert (robot.status(new), robot.status(old) in (401, 500)) == (200, True)
    names = robot.tokens()
    assert theirs in names
    assert first_name not in names
    assert len(names) == 2


@pytest.mark.confirms("refused-token")
@pytest.mark.parametrize("lost", ["deleted in Grafana", "another text", "no file"])
def test_a_token_that_does_not_work_is_replaced(robot: Robot, lost: str) -> None:
    robot.put_right()
    account = robot.account()["id"]
    if lost == "deleted in Grafana":
        (token,) = robot.workspace.get(f"/api/serviceaccounts/{account}/tokens")
        robot.workspace.call("DELETE", f"/api/serviceaccounts/{account}/tokens/{token['id']}").raise_for_status()
    elif lost == "another text":
        robot.file.chmod(0o600)
        robot.file.write_text("no token\n")
    else:
        robot.file.unlink()
    answer = robot.put_right()
    assert outcome(answer) == (True, "unchanged", "create" if lost == "no file" else "rotate")
    assert robot.status(robot.file.read_text().strip()) == 200
    assert len(robot.tokens()) == 1
    assert outcome(robot.put_right()) == (False, "unchanged", "unchanged")


def test_the_token_of_another_account_does_not_do(robot: Robot, tmp_path: Path) -> None:
    robot.put_right()
    other = Robot(robot.workspace, tmp_path / "token")
    other.name = robot.workspace.name("other")
    answer = other.put_right()
    assert outcome(answer) == (True, "create", "rotate")
    assert answer["reason"] == "the one in the file was not the account's"


def test_a_token_that_has_no_place_is_not_left_behind(robot: Robot, tmp_path: Path) -> None:
    robot.put_right()
    answer = robot.put_right(token_dest=str(tmp_path / "nowhere" / "token"))
    assert f"there is no directory {tmp_path / 'nowhere'} for the token file" in answer["msg"]
    directory = tmp_path / "directory"
    (directory / "token").mkdir(parents=True)
    robot.file.unlink()
    answer = robot.put_right(token_dest=str(directory / "token"))
    assert answer["failed"]
    assert len(robot.tokens()) == 1
    answer = robot.put_right(**NO_GROUP)
    assert "there is no group no-such-group on the host for token_group" in answer["msg"]


@pytest.mark.confirms("service-accounts")
def test_the_account_leaves_with_its_file(robot: Robot) -> None:
    robot.put_right()
    assert outcome(robot.put_right(state="absent", check_mode=True)) == (True, "delete", "delete")
    assert robot.file.exists()
    assert outcome(robot.put_right(state="absent")) == (True, "delete", "delete")
    assert (robot.account(), robot.file.exists()) == (None, False)
    assert outcome(robot.put_right(state="absent")) == (False, "unchanged", "none")


@pytest.mark.parametrize(("role", "status"), [("Editor", 403), ("Admin", 404)])
def test_a_folder_that_does_not_exist_is_forbidden_to_an_editor(robot: Robot, role: str, status: int) -> None:
    """Seen on a real Grafana 9.4.0-pre, but not recorded, so no exchange holds the stand-in to it."""
    robot.put_right(role=role)
    path = f"/api/folders/{robot.workspace.name('nowhere')}"
    assert robot.status(robot.file.read_text().strip(), path) == status


def test_the_token_pushes_dashboards(robot: Robot, workspace: Workspace) -> None:
    robot.put_right()
    model = {"uid": workspace.name("a"), "title": workspace.name("a")}
    folder = workspace.name("folder")
    parameters = {
        "url": workspace.grafana.url,
        "token_file": str(robot.file),
        "owner": workspace.prefix,
        "folder_uid": folder,
        "folder_title": folder,
        "dashboards": [{"definition": model}],
        "prune": True,
    }
    first = run_module(grafana_dashboards, parameters)
    assert (first["failed"], first["changed"]) == (False, True)
    assert not run_module(grafana_dashboards, parameters)["changed"]
    second = {"uid": workspace.name("b"), "title": workspace.name("b")}
    other = {**parameters, "dashboards": [{"definition": second}]}
    changed = run_module(grafana_dashboards, other)
    assert [row["action"] for row in changed["dashboards"]] == ["create", "delete"]
    assert run_module(grafana_dashboards, {**parameters, "drift": "keep"})["drift"] == []
