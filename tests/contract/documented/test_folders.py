"""Folders, as newer releases are documented to answer about them."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.modules import grafana_dashboards

from tests.support.modules import run_module

from .conftest import Scripted

# The example of the document, which every release from 10.2 to 13.0 has word for word.
FOLDER: dict[str, Any] = {
    "id": 1,
    "uid": "nErXDvCkzz",
    "title": "Department ABC",
    "url": "/dashboards/f/nErXDvCkzz/department-abc",
    "hasAcl": False,
    "canSave": True,
    "canEdit": True,
    "canAdmin": True,
    "createdBy": "admin",
    "created": "2018-01-31T17:43:12+01:00",
    "updatedBy": "admin",
    "updated": "2018-01-31T17:43:12+01:00",
    "version": 1,
}
MODEL = {"uid": "one", "title": "One"}


def without(*names: str, **more: Any) -> dict[str, Any]:
    return {key: value for key, value in {**FOLDER, **more}.items() if key not in names}


def push(grafana: Scripted, **more: Any) -> dict[str, Any]:
    wanted = {
        **grafana.credentials,
        "owner": "llmmon",
        "dashboards": [{"definition": MODEL, "folder_uid": FOLDER["uid"]}],
        "folders": [{"uid": FOLDER["uid"], "title": FOLDER["title"]}],
        **more,
    }
    answer = run_module(grafana_dashboards, wanted)
    assert not answer["failed"], answer["msg"]
    return answer


@pytest.fixture
def saving(grafana: Scripted) -> Scripted:
    """It takes every dashboard, into the folder that is asked for."""
    grafana.after(
        "POST /api/dashboards/db",
        "GET /api/dashboards/uid/one",
        {"meta": {"folderUid": FOLDER["uid"]}, "dashboard": MODEL},
    )
    return grafana


@pytest.mark.documented("nested-folders", majors=(10, 11, 12, 13))
def test_a_folder_is_made_in_its_parent_and_another_is_moved_there(saving: Scripted) -> None:
    """``parentUid`` is sent and comes back, only the folders right in a parent are listed, and ``/move`` moves.

    Source: Folder HTTP API 10.2, 12.4 and 13.0 (grafana/grafana docs/sources at 131ad13 and 057ec12), which are the
    same; that folders nest without a setting since 11 says grafana-operator's proposal 004.

    Left out: what 10 answers where the feature is off, which the document does not say.
    """
    saving.says(f"GET /api/folders/{FOLDER['uid']}", FOLDER)
    saving.says(f"GET /api/folders?limit=1000&parentUid={FOLDER['uid']}", [])
    inner = without(uid="inner", title="Inner", parentUid=FOLDER["uid"], parents=[FOLDER])
    saving.after("POST /api/folders", "GET /api/folders/inner", inner)
    saving.says("GET /api/folders/moving", without(uid="moving", title="Moving"))
    saving.says("POST /api/folders/moving/move", without(uid="moving", title="Moving", parentUid=FOLDER["uid"]))
    folders = [
        {"uid": FOLDER["uid"], "title": FOLDER["title"]},
        {"uid": "inner", "title": "Inner", "parent_uid": FOLDER["uid"]},
        {"uid": "moving", "title": "Moving", "parent_uid": FOLDER["uid"]},
    ]
    answer = push(saving, folders=folders)
    assert [row["actions"] for row in answer["folders"]] == [[], ["create"], ["move"]]
    # A Grafana that nests is not said to be flat.
    assert answer["warnings"] == []
    assert saving.sent("POST", "/api/folders") == [{"uid": "inner", "title": "Inner", "parentUid": FOLDER["uid"]}]
    assert saving.sent("POST", "/api/folders/moving/move") == [{"parentUid": FOLDER["uid"]}]


@pytest.mark.documented("folder-version", majors=(12,))
def test_a_folder_without_a_version_is_renamed_over_all_versions(saving: Scripted) -> None:
    """The first builds of 12.0 answered folders without ``version``; ``overwrite`` is what may stand in its place.

    Source: grafana/grafana pull requests 104713 and 104717 of 2025-04-29; Folder HTTP API 12.4, "Update folder".
    """
    saving.says(f"GET /api/folders/{FOLDER['uid']}", without("version", title="Old"))
    saving.says("GET /api/folders?limit=1000", [without("version", title="Old")])
    saving.says(f"PUT /api/folders/{FOLDER['uid']}", without("version"))
    assert push(saving)["folders"] == [{"uid": FOLDER["uid"], "actions": ["rename"]}]
    assert saving.sent("PUT", f"/api/folders/{FOLDER['uid']}") == [{"title": FOLDER["title"], "overwrite": True}]


@pytest.mark.documented("folder-version", majors=(10, 12, 13))
def test_a_folder_with_a_version_is_renamed_with_it_and_a_refusal_is_told(saving: Scripted) -> None:
    """Who renames sends the version, and a folder that somebody else has changed since is a 412.

    Source: Folder HTTP API 10.2, 12.4 and 13.0 (grafana/grafana docs/sources at 131ad13 and 057ec12), "Update folder".
    """
    refusal = {"message": "The folder has been changed by someone else", "status": "version-mismatch"}
    saving.says(f"GET /api/folders/{FOLDER['uid']}", without(title="Old"))
    saving.says("GET /api/folders?limit=1000", [{"id": 1, "uid": FOLDER["uid"], "title": "Old"}])
    saving.says(f"PUT /api/folders/{FOLDER['uid']}", refusal, 412)
    with pytest.raises(AssertionError, match="answered 412: The folder has been changed by someone else"):
        push(saving)
    assert saving.sent("PUT", f"/api/folders/{FOLDER['uid']}") == [{"title": FOLDER["title"], "version": 1}]
    assert saving.sent("POST", "/api/dashboards/db") == []


@pytest.mark.documented("folder-id", majors=(13,))
def test_a_folder_without_a_numeric_id_is_like_any_other(saving: Scripted) -> None:
    """13 knows folders by uid only; ours are compared, kept and written into without a look at ``id``.

    Source: terraform-provider-grafana pull request 2684 of 2026-04-14 ("no longer supports numeric folder id").

    Left out: whether ``id`` is 0 or is not there; it is not there here.
    """
    saving.says(f"GET /api/folders/{FOLDER['uid']}", without("id"))
    answer = push(saving)
    assert (answer["folders"], answer["changed"]) == ([{"uid": FOLDER["uid"], "actions": []}], True)
    assert not any("id" in body or "folderId" in body for body in saving.sent("POST", "/api/dashboards/db"))
