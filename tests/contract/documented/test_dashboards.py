"""Dashboards, as newer releases are documented to take and to give them."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.dashboards.model import DashboardOwner
from ansible_collections.llmmon.stack.plugins.module_utils.dashboards.parse import dashboard_of
from ansible_collections.llmmon.stack.plugins.modules import grafana_dashboards

from tests.support.modules import run_module

from ..asked import by_the_clients
from .conftest import ALL_DASHBOARDS, ALL_FOLDERS, Scripted

OWNER = DashboardOwner("llmmon")
TAGGED = f"GET /api/search?type=dash-db&limit=5000&page=1&tag={OWNER.tag}"
MODEL: dict[str, Any] = {
    "uid": "cIBgcSjkk",
    "title": "Production Overview",
    "schemaVersion": 39,
    "panels": [{"id": 1, "type": "timeseries", "title": "Up", "targets": [{"refId": "A", "expr": "up"}]}],
}
ONE = "GET /api/dashboards/uid/cIBgcSjkk"
SAVED = {"id": 1, "uid": MODEL["uid"], "url": "/d/x", "status": "success", "version": 2, "slug": "x"}


def push(grafana: Scripted, model: dict[str, Any] = MODEL, **more: Any) -> dict[str, Any]:
    wanted = {**grafana.credentials, "owner": OWNER.name, "folder_uid": "l3KqBxCMz", "folder_title": "Team"}
    return run_module(grafana_dashboards, {**wanted, "dashboards": [{"definition": model}], **more})


def pushed_message(model: dict[str, Any] = MODEL) -> str:
    return OWNER.message(dashboard_of("x.json", model, OWNER))


@pytest.fixture(autouse=True)
def _folder(grafana: Scripted) -> None:
    grafana.says("GET /api/folders/l3KqBxCMz", {"id": 2, "uid": "l3KqBxCMz", "title": "Team", "version": 1})


def has(grafana: Scripted, message: str, **changes: Any) -> None:
    """Let Grafana have the dashboard in version 3, as the documents' examples have one."""
    model = {**copy.deepcopy(MODEL), "tags": [OWNER.tag], "id": 1, "version": 3, **changes}
    meta = {"isStarred": False, "url": "/d/cIBgcSjkk/production-overview", "folderId": 2, "folderUid": "l3KqBxCMz"}
    grafana.says(ONE, {"dashboard": model, "meta": meta})
    version = {
        "id": 3,
        "dashboardId": 1,
        "uid": MODEL["uid"],
        "parentVersion": 2,
        "restoredFrom": 0,
        "version": 3,
        "created": "2017-04-26T17:18:38-04:00",
        "message": message,
        "data": model,
        "createdBy": "admin",
    }
    grafana.says(f"{ONE}/versions/3", version)


@pytest.mark.documented("dashboard-place", majors=(13,))
def test_a_dashboard_that_was_taken_into_general_is_found_there(grafana: Scripted) -> None:
    """13 may take a dashboard and leave it at the top; the answer of the document does not say where it is.

    So ``folderUid`` is sent, never ``folderId``, and the dashboard is looked at when the answer names no folder.

    Source: ROCm/omnistat pull request 326 of 2026-08-28 (13 ignores ``folderId`` and moves to the root); Dashboard HTTP
    API 12.4 (grafana/grafana docs/sources at 0e5220a) for the answer to a save.
    """
    grafana.after("POST /api/dashboards/db", ONE, {"dashboard": MODEL, "meta": {"folderId": 0, "folderUid": ""}})
    answer = push(grafana)
    assert "the dashboard cIBgcSjkk for the folder l3KqBxCMz, but has it in the folder General" in answer["msg"]
    (body,) = grafana.sent("POST", "/api/dashboards/db")
    assert (body["folderUid"], "folderId" in body) == ("l3KqBxCMz", False)


@pytest.mark.documented("dashboard-place", majors=(11,))
def test_a_save_that_says_the_folder_needs_no_second_look(grafana: Scripted) -> None:
    """The answer to a save names the folder, so nothing more is asked about it.

    Source: grafana/grafana pkg/api/dashboard.go at 0036b0d, of the time of 11; no document has it.
    """
    grafana.says("POST /api/dashboards/db", {**SAVED, "folderUid": "l3KqBxCMz"})
    assert not push(grafana)["failed"]
    assert grafana.asked().count(ONE) == 1


@pytest.mark.documented("title-taken", majors=(11, 12, 13))
def test_a_title_that_the_folder_has_is_refused_though_grafana_would_take_it(grafana: Scripted) -> None:
    """Titles need not be unique any more, and a save makes a second dashboard of that name without a word.

    So the titles of the folder are compared before anything is written, in check mode too.

    Source: grafana/grafana pull request 90687 ("In Grafana 11.3, dashboards and folder names are no longer required to
    be unique") and issue 105077 (11.6.1); Folder/Dashboard Search HTTP API 13 for the search.
    """
    hit = {"id": 7, "uid": "theirs", "title": "production overview", "type": "dash-db", "folderUid": "l3KqBxCMz"}
    grafana.says(ALL_DASHBOARDS, [hit])
    sentence = (
        "the folder l3KqBxCMz already has a dashboard named 'Production Overview', with the uid theirs: use that uid in"
        " dashboard 1 of the list, or another title"
    )
    assert sentence in push(grafana)["msg"]
    assert grafana.sent("POST", "/api/dashboards/db") == []

    # In another folder the title is free, and so it is when it is of one that leaves.
    grafana.says(ALL_DASHBOARDS, [{**hit, "folderUid": "elsewhere"}])
    grafana.says("POST /api/dashboards/db", {**SAVED, "folderUid": "l3KqBxCMz"})
    assert not push(grafana)["failed"]


@pytest.mark.documented("title-taken", majors=(11, 12, 13))
def test_a_title_of_a_dashboard_that_leaves_is_free(grafana: Scripted) -> None:
    """A new uid takes over the title of what the same run deletes; 11.3 and later need no order for that.

    Source: grafana/grafana pull request 90687; Dashboard HTTP API 12.4 (docs/sources at 0e5220a) for the deletion.
    """
    old = {**MODEL, "uid": "old", "tags": [OWNER.tag], "version": 1}
    hit = {"id": 7, "uid": "old", "title": MODEL["title"], "type": "dash-db", "folderUid": "l3KqBxCMz"}
    grafana.says(ALL_DASHBOARDS, [hit])
    grafana.says(TAGGED, [hit])
    grafana.says("GET /api/dashboards/uid/old", {"dashboard": old, "meta": {"folderUid": "l3KqBxCMz"}})
    version = {"version": 1, "message": pushed_message(), "created": "then", "createdBy": "admin"}
    grafana.says("GET /api/dashboards/uid/old/versions/1", version)
    grafana.says("POST /api/dashboards/db", {**SAVED, "folderUid": "l3KqBxCMz"})
    grafana.says("DELETE /api/dashboards/uid/old", {"title": MODEL["title"], "message": "deleted", "id": 2})
    answer = push(grafana, prune=True)
    assert not answer["failed"], answer["msg"]
    assert [row["action"] for row in answer["dashboards"]] == ["create", "delete"]


@pytest.mark.documented("save-conflict", majors=(12,))
def test_a_version_that_is_not_the_last_is_saved_once_more_from_what_is_there(grafana: Scripted) -> None:
    """A dashboard that somebody has changed in between is a 412 with ``version-mismatch``.

    Source: Dashboard HTTP API 12.4 (grafana/grafana docs/sources at 0e5220a), "Create / Update dashboard".
    """
    has(grafana, pushed_message({**MODEL, "title": "Old"}), title="Old")
    refusal = {"message": "The dashboard has been changed by someone else", "status": "version-mismatch"}
    grafana.says("POST /api/dashboards/db", refusal, 412)
    answer = push(grafana)
    assert "answered 412: The dashboard has been changed by someone else" in answer["msg"]
    bodies = grafana.sent("POST", "/api/dashboards/db")
    assert [(body["dashboard"]["version"], body["overwrite"]) for body in bodies] == [(3, False)] * 2


RV_CONFLICT = (
    "Operation cannot be fulfilled on dashboards.dashboard.grafana.app: requested RV does not match current RV"
)


@pytest.mark.documented("storage-conflict", majors=(12, 13))
def test_a_conflict_of_the_storage_that_stays_is_told_in_its_own_words(grafana: Scripted) -> None:
    """On some databases every write to a dashboard that exists is a 409, whatever is sent, and stays one.

    It is tried once more, as any conflict, and then told as it is.

    Source: grafana/grafana issue 130334 of 2026-08 and pull request 130340 (the text).

    Left out: the other fields of the answer; only the text is in the issue, and is taken to be the message.
    """
    has(grafana, pushed_message({**MODEL, "title": "Old"}), title="Old")
    grafana.says("POST /api/dashboards/db", {"message": RV_CONFLICT}, 409)
    answer = push(grafana)
    assert f"answered 409: {RV_CONFLICT}" in answer["msg"]
    assert answer["msg"].endswith("not pushed: cIBgcSjkk; run it again to finish")
    assert len(grafana.sent("POST", "/api/dashboards/db")) == 2


@pytest.mark.documented("storage-conflict", majors=(12, 13))
def test_a_deletion_that_the_storage_refuses_is_told_in_its_own_words(grafana: Scripted) -> None:
    """A dashboard that left the set cannot be deleted there either; what was pushed before is named as pushed.

    Source: grafana/grafana issue 130334 of 2026-08 ("DELETE always returns 409") and pull request 130340 (the text).
    """
    gone = {**MODEL, "uid": "gone", "title": "Gone", "tags": [OWNER.tag], "version": 1}
    grafana.says(TAGGED, [{"uid": "gone", "title": "Gone", "folderUid": "l3KqBxCMz"}])
    grafana.says("GET /api/dashboards/uid/gone", {"dashboard": gone, "meta": {"folderUid": "l3KqBxCMz"}})
    version = {"version": 1, "message": pushed_message(), "created": "then", "createdBy": "admin"}
    grafana.says("GET /api/dashboards/uid/gone/versions/1", version)
    grafana.says("POST /api/dashboards/db", {**SAVED, "folderUid": "l3KqBxCMz"})
    grafana.says("DELETE /api/dashboards/uid/gone", {"message": RV_CONFLICT}, 409)
    answer = push(grafana, prune=True)
    assert f"answered 409: {RV_CONFLICT}" in answer["msg"]
    assert "pushed: cIBgcSjkk; not pushed: gone" in answer["msg"]
    assert grafana.asked().count("DELETE /api/dashboards/uid/gone") == 1


@pytest.mark.documented("dashboard-version", majors=(11, 13))
def test_who_saved_a_version_is_asked_by_uid_and_number(grafana: Scripted) -> None:
    """One version is asked for, whose form is the same in all releases; the list has had another one since 11.6.

    Paths with a dashboard's numeric id are gone.

    Source: Dashboard Versions HTTP API 13 (grafana/grafana docs/sources at 39c9c2b); issue 104556 (the list, 11.6);
    pull request 117227 of 2026-02 (the ids).
    """
    has(grafana, "Made changes to xyz", description="by hand")
    answer = push(grafana, drift="keep")
    (drift,) = answer["drift"]
    assert (drift["saved_by"], drift["saved_at"], drift["message"], drift["outcome"]) == (
        "admin",
        "2017-04-26T17:18:38-04:00",
        "Made changes to xyz",
        "kept",
    )
    assert [path for path in grafana.asked() if "/versions" in path] == [f"{ONE}/versions/3"]
    assert not any("/id/" in path for _, path in by_the_clients())


@pytest.mark.documented("newer-form", majors=(12, 13))
def test_a_newer_form_of_what_was_pushed_is_no_change_and_no_edit(grafana: Scripted) -> None:
    """A dashboard is given back in Grafana's newest form, schema 42, whichever one it was pushed in.

    The message of its last version says that it is ours all the same.

    Source: grafana/grafana pull request 112282 of 2025-10 ("v0 dashboards now successfully migrate to v1 (schema v42)")
    and issue 126641 of 2026-06 (schemaVersion 42 in 12.4.4).

    Left out: what else the newer form changes; one default more stands for it.
    """
    has(grafana, pushed_message(), schemaVersion=42, preload=False)
    answer = push(grafana, drift="keep")
    assert (answer["failed"], answer["changed"], answer["drift"]) == (False, False, [])
    assert grafana.sent("POST", "/api/dashboards/db") == []


@pytest.mark.documented("newer-form", majors=(13,))
def test_without_the_versions_of_before_a_newer_form_is_pushed_once(grafana: Scripted) -> None:
    """After the move to 13's storage the numbers of versions may not be those of before: none can be asked for.

    Nobody can tell then who saved last. The dashboard is pushed once more, and said to have been saved by somebody.

    Source: grafana/grafana issue 123131 of 2026-04 (the sequence of versions broke); Dashboard Versions HTTP API 13
    (404).
    """
    has(grafana, "", schemaVersion=42)
    grafana.says(f"{ONE}/versions/3", {"message": "Dashboard version not found"}, 404)
    grafana.says("POST /api/dashboards/db", {**SAVED, "folderUid": "l3KqBxCMz"})
    answer = push(grafana)
    assert (answer["failed"], [row["action"] for row in answer["dashboards"]]) == (False, ["update"])
    assert "was last saved by somebody else" in answer["warnings"][0]


@pytest.mark.documented("search", majors=(13,))
def test_dashboards_of_a_folder_are_found_by_the_folder_s_uid(grafana: Scripted, tmp_path: Path) -> None:
    """The search gives the uid of the folder; dashboards at the top have none.

    Source: Folder/Dashboard Search HTTP API 13 (grafana/grafana docs/sources at 15edd4e).
    """
    hit = {
        "id": 1,
        "uid": MODEL["uid"],
        "orgId": 1,
        "title": MODEL["title"],
        "url": "/d/cIBgcSjkk/production-overview",
        "type": "dash-db",
        "tags": ["prod"],
        "isStarred": True,
        "uri": "db/production-overview",
    }
    in_folder = {**hit, "folderId": 2, "folderUid": "l3KqBxCMz", "folderTitle": "Team", "folderUrl": "/dashboards/f/x"}
    grafana.says(ALL_DASHBOARDS, [in_folder, {**hit, "uid": "at-the-top"}])
    has(grafana, "")
    wanted = {**grafana.credentials, "state": "exported", "dest": str(tmp_path), "folder_uid": "l3KqBxCMz"}
    answer = run_module(grafana_dashboards, wanted)
    assert [row["uid"] for row in answer["dashboards"]] == [MODEL["uid"]]
    assert json.loads((tmp_path / "cIBgcSjkk.json").read_text()) == MODEL


@pytest.mark.documented("search", majors=(13,))
def test_a_folder_that_may_not_be_read_is_looked_for_in_the_search(grafana: Scripted) -> None:
    """A search for folders gives uid and title, and nothing that was ever a number is needed.

    Source: Folder/Dashboard Search HTTP API 13 (grafana/grafana docs/sources at 15edd4e); Folder HTTP API 13.0 (403).
    """
    hit = {"uid": "l3KqBxCMz", "orgId": 1, "title": "Team", "url": "/dashboards/f/x/team", "type": "dash-folder"}
    grafana.says("GET /api/folders/l3KqBxCMz", {"message": "Access denied"}, 403)
    grafana.says(ALL_FOLDERS, [hit])
    grafana.says("POST /api/dashboards/db", {**SAVED, "folderUid": "l3KqBxCMz"})
    answer = push(grafana)
    assert (answer["failed"], answer["folders"]) == (False, [{"uid": "l3KqBxCMz", "actions": []}])


@pytest.mark.documented("classic-api", majors=(12, 13))
def test_nothing_is_asked_of_the_newer_api(grafana: Scripted) -> None:
    """The classic paths are deprecated and stay: "Legacy APIs are not being disabled for the moment".

    Source: "Migrate to the new Grafana APIs" 13.1 and 13.2; Folder HTTP API 12.4, which describes both.
    """
    grafana.says("POST /api/dashboards/db", {**SAVED, "folderUid": "l3KqBxCMz"})
    assert not push(grafana, prune=False)["failed"]
    assert all(line.split()[1].startswith("/api/") for line in grafana.asked())
    assert not any(path.startswith("/apis") for _, path in by_the_clients())
