"""Counting and comparing what a Grafana holds, real or stand-in, as an upgrade does before and after."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.clients.grafana import GrafanaApi
from ansible_collections.llmmon.stack.plugins.module_utils.clients.http import Connection, HttpClient
from ansible_collections.llmmon.stack.plugins.modules import grafana_inventory

from tests.support.modules import run_module

from .conftest import Workspace


def inventory(workspace: Workspace, before: Any = None) -> dict[str, Any]:
    return run_module(grafana_inventory, {**workspace.credentials, **({"before": before} if before else {})})


@pytest.mark.confirms("losses")
def test_what_has_gone_or_changed_is_named(workspace: Workspace) -> None:
    uids = {what: workspace.name(what) for what in ("folder", "stays", "changes", "goes")}
    folder = {"uid": uids["folder"], "title": uids["folder"]}
    workspace.call("POST", "/api/folders", folder).raise_for_status()
    for what in ("stays", "changes", "goes"):
        workspace.save({"uid": uids[what], "title": uids[what], "schemaVersion": 39}, uids["folder"])
    before = inventory(workspace)["inventory"]
    # A Grafana that is somebody's holds more, and may change meanwhile.
    ours = {kind: {uid: found[uid] for uid in uids.values() if uid in found} for kind, found in before.items()}
    assert [len(ours[kind]) for kind in ("folders", "dashboards")] == [1, 3]
    assert not inventory(workspace, ours)["failed"]

    workspace.call("DELETE", f"/api/dashboards/uid/{uids['goes']}").raise_for_status()
    changed = {**workspace.dashboard(uids["changes"])["dashboard"], "title": workspace.name("Another")}
    workspace.save(changed, uids["folder"])
    message = inventory(workspace, ours)["msg"]
    assert f"the dashboard '{uids['goes']}' ({uids['goes']}) has gone" in message
    assert f"the dashboard '{uids['changes']}' ({uids['changes']}) is not what it was" in message
    assert uids["stays"] not in message


@pytest.mark.confirms("health")
def test_health_says_that_the_database_answers(workspace: Workspace) -> None:
    assert GrafanaApi(HttpClient(Connection(workspace.grafana.url))).health()["database"] == "ok"
