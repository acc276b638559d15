"""The module that pushes dashboards: what it refuses before it asks, what it sends, and what it says when that fails.

What a Grafana has afterwards is looked at in tests/contract/test_client_dashboards.py, what newer releases answer in
tests/contract/documented.
"""

from __future__ import annotations

import copy
import json
import threading
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.llmmon.stack.plugins.module_utils.dashboards import push as dashboard_push
from ansible_collections.llmmon.stack.plugins.module_utils.dashboards.model import DashboardOwner
from ansible_collections.llmmon.stack.plugins.module_utils.dashboards.parse import dashboard_of
from ansible_collections.llmmon.stack.plugins.modules import grafana_dashboards

from tests.support.loopback import Answer, Request, Server, as_json, certificate
from tests.support.modules import run_module
from tests.support.rendering import REPOSITORY, role_variables

PASSWORD = "Stand-In-1"  # noqa: S105 - made up for these tests
ALL_DASHBOARDS = "/api/search?type=dash-db&limit=5000&page=1"
OWNER = DashboardOwner("llmmon")
MODEL: dict[str, Any] = {"title": "LLM", "panels": [{"id": 1, "targets": [{"expr": "up", "refId": "A"}]}]}


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(dashboard_push, "_FIRST_PAUSE_SECONDS", 0.001)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Two dashboards in files."""
    directory = tmp_path / "dashboards"
    directory.mkdir()
    for number in (1, 2):
        (directory / f"{number}.json").write_text(json.dumps(model(number)))
    (directory / "notes.txt").write_text("no dashboard")
    return directory


def model(number: int, **more: Any) -> dict[str, Any]:
    return {**MODEL, "uid": f"llm-{number}", "title": f"LLM {number}", **more}


def parameters(server: Server, source: Path, **more: Any) -> dict[str, Any]:
    folder = {"folder_uid": "llmmon", "folder_title": "LLM monitoring", "owner": OWNER.name}
    return {"url": server.url, "password": PASSWORD, "src": str(source), **folder, **more}


def actions(answer: dict[str, Any]) -> list[tuple[str, str, bool]]:
    return [(row["uid"], row["action"], row["done"]) for row in answer["dashboards"]]


class Scripted:
    """A Grafana of the newer kind, which says where it put a dashboard; a test changes single answers."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.saved: list[Any] = []
        self.refusals: dict[str, list[Answer]] = {}
        server.answers["GET /api/folders/llmmon"] = as_json({"uid": "llmmon", "title": "LLM monitoring", "version": 1})
        server.answers["POST /api/dashboards/db"] = self._save
        self.lists([])

    def lists(self, hits: list[dict[str, Any]]) -> None:
        """Let it find these dashboards."""
        self.server.answers[f"GET {ALL_DASHBOARDS}"] = as_json(hits)

    def _save(self, request: Request) -> Answer:
        refusals = self.refusals.get(request.json["dashboard"]["uid"])
        if refusals:
            return refusals.pop(0)
        self.saved.append(request.json)
        return as_json({"status": "success", "folderUid": request.json["folderUid"]})

    def has(self, number: int, version: int = 3, message: str = "", **changes: Any) -> None:
        """Let it have a dashboard, in a version that was saved with a message."""
        content = copy.deepcopy(model(number)) | {"id": 17, "version": version, **changes}
        meta = {"folderUid": "llmmon", "updatedBy": "anna", "version": version}
        path = f"GET /api/dashboards/uid/llm-{number}"
        self.server.answers[path] = as_json({"meta": meta, "dashboard": content})
        found = {"version": version, "createdBy": "anna", "created": "then", "message": message}
        self.server.answers[f"{path}/versions/{version}"] = as_json(found)

    def pushed(self, number: int, **changes: Any) -> str:
        """The message of our own push of a dashboard."""
        return OWNER.message(dashboard_of("x.json", model(number, **changes), OWNER))


@pytest.fixture
def grafana(server: Server) -> Scripted:
    return Scripted(server)


# -- before anything is asked


def test_files_are_checked_before_anything_is_asked(server: Server, source: Path) -> None:
    (source / "3.json").write_bytes(b"\xff")
    (source / "4.json").write_text('{\n"uid" 1}')
    answer = run_module(grafana_dashboards, parameters(server, source))
    assert "the file 3.json cannot be read as text" in answer["msg"]
    assert "4.json is not valid JSON: line 2, column 7" in answer["msg"]
    assert answer["msg"].endswith("; nothing was written")
    answer = run_module(grafana_dashboards, parameters(server, source / "nowhere"))
    assert "there is no directory" in answer["msg"]
    assert server.requests == []


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"dashboards": [{"definition": model(1)}]}, "dashboard 1 of the list and 1.json have the same uid 'llm-1'"),
        ({"dashboards": [{"file": "/nowhere.json"}]}, "the file /nowhere.json cannot be read as text"),
        ({"dashboards": [{"definition": {"uid": "a"}}]}, "dashboard 1 of the list has no title"),
        ({"dashboards": [{}]}, "one of the following is required: file, definition"),
        ({"owner": "a b"}, "owner needs 1 to 40 letters"),
        ({"owner": None}, "state is present but all of the following are missing: owner"),
        ({"src": None}, "src, dashboards"),
        ({"state": "exported"}, "dest"),
        ({"token": "glsa_x"}, "parameters are mutually exclusive: password|password_file|token|token_file"),
        ({"client_key": "/k.pem"}, "client_key is a key without a certificate, set client_cert too"),
    ],
)
def test_parameters_that_make_no_set_are_refused(
    server: Server, source: Path, more: dict[str, Any], sentence: str
) -> None:
    given = parameters(server, source, **more)
    answer = run_module(grafana_dashboards, {name: value for name, value in given.items() if value is not None})
    assert answer["failed"]
    assert sentence in answer["msg"]
    assert server.requests == []


def test_nothing_is_pruned_down_to_an_empty_set(server: Server, tmp_path: Path) -> None:
    answer = run_module(grafana_dashboards, parameters(server, tmp_path, prune=True))
    assert "there is no dashboard in the set, and prune would delete all that the owner has" in answer["msg"]
    assert server.requests == []


def test_a_set_as_the_examples_push_it_is_not_the_role_s() -> None:
    """What the role owns and has not in its set it deletes, in whichever folder."""
    pushes = [
        task["llmmon.stack.grafana_dashboards"]
        for task in yaml.safe_load(grafana_dashboards.EXAMPLES)
        if task["llmmon.stack.grafana_dashboards"].get("state") != "exported"
    ]
    role_s = role_variables(REPOSITORY / "roles/grafana")["llmmon_grafana_dashboard_owner"]
    assert len(pushes) > 1
    assert role_s not in [push["owner"] for push in pushes]


# -- what is sent


@pytest.mark.parametrize(("listed", "expected"), [([], ["create"]), ([{"uid": "llmmon", "title": "Old"}], ["rename"])])
def test_a_folder_that_may_not_be_read_is_missing_only_if_it_is_not_listed(
    grafana: Scripted, source: Path, listed: list[dict[str, str]], expected: list[str]
) -> None:
    """A token of an Editor gets 403 both of a folder that does not exist and, for a minute, of one that is new."""
    answers = grafana.server.answers
    answers["GET /api/folders/llmmon"] = as_json({"message": "Permissions needed: folders:read"}, 403)
    answers["GET /api/search?type=dash-folder&limit=5000&page=1"] = as_json(listed)
    answers["GET /api/folders?limit=1000"] = as_json(listed)
    answer = run_module(grafana_dashboards, parameters(grafana.server, source), check_mode=True)
    assert not answer["failed"], answer["msg"]
    assert answer["folders"] == [{"uid": "llmmon", "actions": expected}]


def test_check_mode_sends_no_writing_request(grafana: Scripted, source: Path) -> None:
    server = grafana.server
    server.answers["GET /api/folders/llmmon"] = as_json({"uid": "llmmon", "title": "Another title", "version": 1})
    server.answers["GET /api/folders?limit=1000"] = as_json([])
    grafana.has(1, title="Edited")
    answer = run_module(grafana_dashboards, parameters(server, source), check_mode=True)
    assert actions(answer) == [("llm-1", "update", False), ("llm-2", "create", False)]
    assert answer["folders"] == [{"uid": "llmmon", "actions": ["rename"]}]
    assert {request.method for request in server.requests} == {"GET"}


def test_every_saved_dashboard_goes_into_its_folder_at_its_version(grafana: Scripted, source: Path) -> None:
    grafana.has(1, title="Edited")
    answer = run_module(grafana_dashboards, parameters(grafana.server, source))
    assert actions(answer) == [("llm-1", "update", True), ("llm-2", "create", True)]
    bodies = sorted(grafana.saved, key=lambda body: str(body["dashboard"]["uid"]))
    assert [body["folderUid"] for body in bodies] == ["llmmon", "llmmon"]
    assert not any("folderId" in body or body["overwrite"] for body in bodies)
    # The server's version goes back, so that an edit in between is not overwritten; a new one has none.
    assert [body["dashboard"].get("version") for body in bodies] == [3, None]
    assert not any("id" in body["dashboard"] for body in bodies)
    # What a person made does not become ours to prune.
    assert [body["dashboard"].get("tags") for body in bodies] == [None, ["managed-by-llmmon"]]
    assert [OWNER.pushed(body["message"]) is not None for body in bodies] == [True, True]


def test_what_a_release_adds_on_saving_is_no_change(grafana: Scripted, source: Path) -> None:
    for number in (1, 2):
        grafana.has(number, message=grafana.pushed(number), preload=False)
    answer = run_module(grafana_dashboards, parameters(grafana.server, source))
    assert (answer["changed"], actions(answer)) == (
        False,
        [("llm-1", "unchanged", True), ("llm-2", "unchanged", True)],
    )


def test_credentials_and_organisation_go_along(grafana: Scripted, source: Path, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text("glsa_token\n")
    wanted = {**parameters(grafana.server, source), "token_file": str(file), "org_id": 7}
    del wanted["password"]
    assert not run_module(grafana_dashboards, wanted)["failed"]
    headers = [request.headers for request in grafana.server.requests]
    assert {header["Authorization"] for header in headers} == {"Bearer glsa_token"}
    assert {header["X-Grafana-Org-Id"] for header in headers} == {"7"}


def test_a_certificate_is_shown_to_who_asks_for_one(source: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    theirs, ours = (certificate(tmp_path_factory.mktemp(name)) for name in ("theirs", "ours"))
    with Server(theirs, clients=ours) as server:
        server.answers["GET /api/folders/llmmon"] = as_json({"uid": "llmmon", "title": "LLM monitoring"})
        server.answers[f"GET {ALL_DASHBOARDS}"] = as_json([])
        url = server.url.replace("127.0.0.1", "localhost")
        wanted = parameters(server, source, url=url, ca_path=str(theirs))
        assert run_module(grafana_dashboards, wanted, check_mode=True)["failed"]
        for shown in ({"client_cert": str(ours)}, {"client_cert": str(ours), "client_key": str(ours)}):
            assert not run_module(grafana_dashboards, {**wanted, **shown}, check_mode=True)["failed"]


def test_a_sub_path_is_part_of_the_address(server: Server, source: Path) -> None:
    server.answers["GET /graf/api/folders/llmmon"] = as_json({"uid": "llmmon", "title": "LLM monitoring"})
    server.answers[f"GET /graf{ALL_DASHBOARDS}"] = as_json([])
    answer = run_module(grafana_dashboards, parameters(server, source, url=f"{server.url}/graf/"), check_mode=True)
    assert not answer["failed"]
    assert [row["action"] for row in answer["dashboards"]] == ["create", "create"]
    assert all(request.path.startswith("/graf/api/") for request in server.requests)


def test_a_dashboard_that_lands_elsewhere_is_told(grafana: Scripted, source: Path) -> None:
    grafana.refusals["llm-2"] = [as_json({"status": "success", "folderUid": ""})]
    answer = run_module(grafana_dashboards, parameters(grafana.server, source))
    assert (
        "Grafana accepted the dashboard llm-2 for the folder llmmon, but has it in the folder General" in answer["msg"]
    )
    assert "pushed: llm-1; not pushed: llm-2" in answer["msg"]


# -- conflicts and a busy database


CONFLICT = as_json({"message": "The dashboard has been changed by someone else", "status": "version-mismatch"}, 412)
BUSY = as_json({"message": "Failed to save dashboard"}, 500)


@pytest.mark.parametrize("status", [412, 409])
def test_a_conflict_is_tried_once_more_from_what_is_there_then(grafana: Scripted, source: Path, status: int) -> None:
    grafana.has(1, message=grafana.pushed(1, title="Old"), title="Old")

    def conflict(_: Request) -> Answer:
        grafana.has(1, version=4, title="Theirs")
        grafana.server.answers["POST /api/dashboards/db"] = grafana._save
        return as_json({"message": "changed", "status": "version-mismatch"}, status)

    grafana.server.answers["POST /api/dashboards/db"] = conflict
    (source / "2.json").unlink()
    answer = run_module(grafana_dashboards, parameters(grafana.server, source))
    assert actions(answer) == [("llm-1", "update", True)]
    assert [body["dashboard"]["version"] for body in grafana.saved] == [4]
    # What came in between was an edit.
    assert [row["outcome"] for row in answer["drift"]] == ["overwritten"]


def test_an_edit_that_comes_in_between_is_kept_when_edits_are(grafana: Scripted, source: Path) -> None:
    grafana.has(1, message=grafana.pushed(1, title="Old"), title="Old")

    def conflict(_: Request) -> Answer:
        grafana.has(1, version=4, title="Theirs")
        return CONFLICT

    grafana.server.answers["POST /api/dashboards/db"] = conflict
    (source / "2.json").unlink()
    answer = run_module(grafana_dashboards, parameters(grafana.server, source, drift="keep"))
    assert (actions(answer), answer["failed"]) == ([("llm-1", "keep", False)], False)
    assert len(grafana.server.asked("POST")) == 1


def test_a_conflict_that_stays_is_reported(grafana: Scripted, source: Path) -> None:
    grafana.has(1, title="Old")
    grafana.refusals["llm-1"] = [CONFLICT] * 9
    answer = run_module(grafana_dashboards, parameters(grafana.server, source))
    assert "answered 412: The dashboard has been changed by someone else" in answer["msg"]
    assert "; pushed: llm-2; not pushed: llm-1; run it again to finish" in answer["msg"]
    assert len(grafana.refusals["llm-1"]) == 7
    assert actions(answer) == [("llm-1", "update", False), ("llm-2", "create", True)]


def test_a_busy_database_is_asked_again_and_not_for_ever(grafana: Scripted, source: Path) -> None:
    grafana.refusals = {"llm-1": [BUSY, BUSY], "llm-2": [BUSY] * 9}
    answer = run_module(grafana_dashboards, parameters(grafana.server, source))
    assert "answered 500: Failed to save dashboard" in answer["msg"]
    assert actions(answer) == [("llm-1", "create", True), ("llm-2", "create", False)]
    assert len(grafana.refusals["llm-2"]) == 5
    # The second run finishes the work.
    grafana.refusals.clear()
    grafana.has(1)
    again = run_module(grafana_dashboards, parameters(grafana.server, source))
    assert actions(again) == [("llm-1", "unchanged", True), ("llm-2", "create", True)]


def test_a_save_that_failed_and_yet_was_done_is_not_done_again(grafana: Scripted, source: Path) -> None:
    (source / "2.json").unlink()

    def save_and_fail(_: Request) -> Answer:
        grafana.has(1)
        return as_json({"message": "Error while connecting library panels"}, 500)

    grafana.server.answers["POST /api/dashboards/db"] = save_and_fail
    answer = run_module(grafana_dashboards, parameters(grafana.server, source))
    assert actions(answer) == [("llm-1", "create", True)]
    assert "connecting library panels; still, the dashboard llm-1 was saved as wanted" in answer["warnings"][0]
    assert len(grafana.server.asked("POST")) == 1


# -- what else can go wrong


@pytest.mark.parametrize(
    ("refusal", "sentence"),
    [
        (as_json({"message": "Dashboard not found", "status": "not-found"}, 404), "answered 404: Dashboard not found"),
        (as_json({"message": "uid too long"}, 400), "answered 400: uid too long"),
        (
            as_json({"message": "A dashboard with the same name", "status": "name-exists"}, 412),
            "answered 412: A dashboard with the same name",
        ),
        (Answer(413, b"<html>", "text/html"), "answered 413: a page of HTML"),
    ],
)
def test_what_is_refused_of_one_does_not_keep_the_others_away(
    grafana: Scripted, source: Path, refusal: Answer, sentence: str
) -> None:
    grafana.refusals["llm-1"] = [refusal] * 9
    answer = run_module(grafana_dashboards, parameters(grafana.server, source))
    assert sentence in answer["msg"]
    assert "; pushed: llm-2; not pushed: llm-1; " in answer["msg"]


@pytest.mark.parametrize(
    ("refusal", "sentence"),
    [
        (as_json({"message": "invalid username or password"}, 401), "answered 401: invalid username or password"),
        (as_json({"message": "You'll need additional permissions"}, 403), "answered 403: You'll need"),
        (Answer(502, b"<html>bad gateway</html>", "text/html"), "answered 502: a page of HTML"),
        (Answer(200, b"<html>sign in</html>", "text/html"), "answered 200 with text/html instead of JSON"),
        (Answer(302, headers={"Location": "/login?x=y"}), "answered 302: a redirect to /login"),
        (Answer(hang_up=True), "failed: "),
        (Answer(wait=True), "gave no answer within 2 s"),
    ],
)
@pytest.mark.parametrize("when", ["reading", "writing"])
def test_what_concerns_all_ends_the_run_and_says_how_far_it_came(
    grafana: Scripted, source: Path, refusal: Answer, sentence: str, when: str
) -> None:
    for number in range(3, 30):
        (source / f"{number}.json").write_text(json.dumps(model(number)))
    if when == "writing":
        grafana.server.answers["POST /api/dashboards/db"] = refusal
    else:
        grafana.server.answers["GET /api/dashboards/uid/llm-7"] = refusal
    # Only the answer that never comes is given up soon: every other may be slow.
    more = {"request_timeout": 2} if refusal.wait else {}
    answer = run_module(grafana_dashboards, parameters(grafana.server, source, **more))
    assert answer["failed"]
    assert sentence in answer["msg"]
    assert PASSWORD not in json.dumps(answer)
    if when == "reading":
        assert answer["msg"].endswith("; nothing was written")
        assert grafana.server.asked("POST") == []
    else:
        assert "; pushed: none; not pushed: llm-1, llm-10, " in answer["msg"]
        # Two writers: each gets one refusal at most.
        if refusal.status != 302:
            assert len(grafana.server.asked("POST")) <= 2


def test_provisioned_dashboards_and_folders_under_a_uid_are_all_named(grafana: Scripted, source: Path) -> None:
    for number, meta in ((1, {"provisionedExternalId": "/etc/one.json"}), (2, {"isFolder": True})):
        grafana.server.answers[f"GET /api/dashboards/uid/llm-{number}"] = as_json({"meta": meta, "dashboard": {}})
    answer = run_module(grafana_dashboards, parameters(grafana.server, source))
    assert "llm-1 of 1.json is provisioned by Grafana from a file (/etc/one.json)" in answer["msg"]
    assert "the uid llm-2 of 2.json belongs to a folder in Grafana" in answer["msg"]
    assert grafana.server.asked("POST") == []


def test_a_folder_that_is_only_named_has_to_be_there(grafana: Scripted, source: Path) -> None:
    (source / "team").mkdir()
    (source / "team" / "3.json").write_text(json.dumps(model(3)))
    answer = run_module(grafana_dashboards, parameters(grafana.server, source))
    assert "the folder team does not exist and has no title to create it with" in answer["msg"]
    grafana.server.answers["GET /api/folders/team"] = as_json({"uid": "team", "title": "Team"})
    assert not run_module(grafana_dashboards, parameters(grafana.server, source))["failed"]
    assert sorted(body["folderUid"] for body in grafana.saved) == ["llmmon", "llmmon", "team"]


def test_five_hundred_dashboards_are_looked_at_once_each(grafana: Scripted, source: Path) -> None:
    for number in range(1, 501):
        (source / f"{number}.json").write_text(json.dumps(model(number)))
        grafana.has(number)
    answer = run_module(grafana_dashboards, parameters(grafana.server, source))
    assert (answer["changed"], answer["requests"]) == (False, 501)
    assert len(grafana.server.requests) == 501


def test_folders_dashboards_and_what_may_leave_are_asked_for_at_once(grafana: Scripted, source: Path) -> None:
    """One after the other each would be waited for alone, in each run that changes nothing.

    With a token; a password is tried first, see below.
    """
    for number in (1, 2):
        grafana.has(number, tags=[OWNER.tag])
    answers = grafana.server.answers
    searched = f"GET {ALL_DASHBOARDS}&tag={OWNER.tag}"
    answers[searched] = as_json([{"uid": "llm-1"}, {"uid": "llm-2"}])
    asked = [f"GET /api/dashboards/uid/llm-{number}" for number in (1, 2)] + ["GET /api/folders/llmmon", searched]
    together = threading.Barrier(len(asked))
    for path in asked:
        there = answers[path]
        assert isinstance(there, Answer)

        def when_all_are_asked(_: Request, there: Answer = there) -> Answer:
            try:
                together.wait(10)
            except threading.BrokenBarrierError:
                return Answer(500)
            return there

        answers[path] = when_all_are_asked
    wanted = parameters(grafana.server, source, prune=True, token="glsa_x")  # noqa: S106 - made up
    del wanted["password"]
    answer = run_module(grafana_dashboards, wanted)
    assert (answer["failed"], answer["changed"], answer["requests"]) == (False, False, 4)


def test_a_wrong_password_is_shown_once(server: Server, source: Path) -> None:
    """Five wrong ones lock the user, and whoever else signs in by that name."""
    for path in ("/api/folders/llmmon", "/api/dashboards/uid/llm-1", "/api/dashboards/uid/llm-2"):
        server.answers[f"GET {path}"] = as_json({"message": "Invalid username or password"}, 401)
    answer = run_module(grafana_dashboards, parameters(server, source, prune=True))
    assert answer["failed"]
    assert len(server.requests) == 1
    assert run_module(grafana_dashboards, exported(server, source, uids=["llm-1", "llm-2"]))["failed"]
    assert server.asked("GET")[1:] == ["/api/dashboards/uid/llm-1"]


def test_a_failure_of_many_names_a_hundred(grafana: Scripted, source: Path) -> None:
    for number in range(3, 151):
        (source / f"{number}.json").write_text(json.dumps(model(number)))
    grafana.server.answers["POST /api/dashboards/db"] = as_json({"message": "no"}, 401)
    answer = run_module(grafana_dashboards, parameters(grafana.server, source))
    assert "and 50 more; run it again" in answer["msg"]
    assert len(answer["dashboards"]) == 150


# -- credentials


def test_the_password_can_come_from_a_file(server: Server, source: Path, tmp_path: Path) -> None:
    file = tmp_path / "admin_password"
    wanted = {**parameters(server, source), "password_file": str(file)}
    del wanted["password"]
    server.answers["GET /api/folders/llmmon"] = lambda request: as_json(
        {"message": f"denied to {request.headers['Authorization']}"}, 403
    )
    assert "cannot be read: No such file" in run_module(grafana_dashboards, wanted)["msg"]
    file.write_bytes(b"\xff")
    assert "it is not text in UTF-8" in run_module(grafana_dashboards, wanted)["msg"]
    file.write_text("\n")
    assert run_module(grafana_dashboards, wanted)["msg"] == f"the password file {file} is empty"
    assert server.requests == []
    file.write_text(f"{PASSWORD}\n")
    assert "answered 403: denied to Basic ********" in run_module(grafana_dashboards, wanted)["msg"]
    assert server.requests[-1].headers["Authorization"] == "Basic YWRtaW46U3RhbmQtSW4tMQ=="


# -- export


def exported(server: Server, dest: Path, **more: Any) -> dict[str, Any]:
    return {"url": server.url, "password": PASSWORD, "state": "exported", "dest": str(dest), **more}


def test_an_export_goes_to_the_file_that_holds_the_dashboard(grafana: Scripted, source: Path) -> None:
    grafana.has(1, tags=[OWNER.tag])
    grafana.has(2, title="Edited")
    wanted = exported(grafana.server, source, uids=["llm-1", "llm-2"])
    before = (source / "1.json").read_text()
    rehearsed = run_module(grafana_dashboards, wanted, check_mode=True, diff=True)
    assert (actions(rehearsed), len(rehearsed["diff"])) == (
        [("llm-1", "unchanged", True), ("llm-2", "write", False)],
        1,
    )
    assert "Edited" not in (source / "2.json").read_text()
    answer = run_module(grafana_dashboards, wanted)
    assert answer["changed"]
    # What is the same stays as it was laid out by hand.
    assert (source / "1.json").read_text() == before
    assert json.loads((source / "2.json").read_text()) == {**model(2), "title": "Edited"}
    assert sorted(path.name for path in source.iterdir()) == ["1.json", "2.json", "notes.txt"]
    assert not run_module(grafana_dashboards, wanted)["changed"]


def test_a_folder_is_exported_by_where_its_dashboards_are(grafana: Scripted, tmp_path: Path) -> None:
    grafana.has(1, description="lone \ud800 and ü")
    hits = [
        {"uid": "llm-1", "folderUid": "llmmon"},
        {"uid": "other", "folderUid": "elsewhere"},
        # In General these keys are not there at all.
        {"uid": "general"},
    ]
    grafana.server.answers[f"GET {ALL_DASHBOARDS}"] = as_json(hits)
    answer = run_module(grafana_dashboards, exported(grafana.server, tmp_path, folder_uid="llmmon"))
    assert [row["file"] for row in answer["dashboards"]] == [str(tmp_path / "llm-1.json")]
    text = (tmp_path / "llm-1.json").read_text()
    assert "ü" in text
    assert json.loads(text)["description"] == "lone \ud800 and ü"
    assert not run_module(grafana_dashboards, exported(grafana.server, tmp_path, folder_uid="llmmon"))["changed"]


@pytest.mark.parametrize(
    ("more", "sentence"),
    [
        ({"uids": ["../etc/x"]}, "'../etc/x' is not a valid uid of a dashboard"),
        ({"uids": ["missing"]}, "Grafana has no dashboard missing"),
        ({"folder_uid": "empty"}, "the folder empty has no dashboard"),
        ({"folder_uid": "hostile"}, "'../x' is not a valid uid of a dashboard"),
        ({"dest": "/nowhere"}, "there is no directory /nowhere to write to"),
    ],
)
def test_an_export_that_cannot_be_is_refused(
    grafana: Scripted, tmp_path: Path, more: dict[str, Any], sentence: str
) -> None:
    hits = [{"uid": "../x", "folderUid": "hostile"}]
    grafana.server.answers[f"GET {ALL_DASHBOARDS}"] = as_json(hits)
    answer = run_module(grafana_dashboards, {**exported(grafana.server, tmp_path), **more})
    assert answer["failed"]
    assert sentence in answer["msg"]
    assert list(tmp_path.iterdir()) == []
