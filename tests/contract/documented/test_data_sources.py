"""Data sources, as newer releases are documented to answer about them."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.modules import grafana_datasource, grafana_verify

from tests.support.modules import run_module

from ..asked import by_the_clients
from .conftest import Scripted

# The example of the document.
SERVED: dict[str, Any] = {
    "id": 1,
    "uid": "test_source",
    "orgId": 1,
    "name": "test_datasource",
    "type": "prometheus",
    "typeLogoUrl": "",
    "access": "proxy",
    "url": "http://mydatasource.com",
    "password": "",
    "user": "",
    "database": "",
    "basicAuth": False,
    "basicAuthUser": "",
    "withCredentials": False,
    "isDefault": False,
    "jsonData": {},
    "secureJsonFields": {},
    "version": 1,
    "readOnly": False,
}
UID = "GET /api/datasources/uid/test_source"


def put_right(grafana: Scripted, **more: Any) -> dict[str, Any]:
    wanted = {
        **grafana.credentials,
        "uid": SERVED["uid"],
        "name": SERVED["name"],
        "data_source_url": SERVED["url"],
        "check_health": False,
        **more,
    }
    return run_module(grafana_datasource, wanted)


@pytest.mark.documented("data-source-by-uid", majors=(13,))
def test_a_data_source_is_made_changed_and_deleted_by_its_uid(grafana: Scripted) -> None:
    """The paths with a number are off by default; none is asked for, by any client.

    Source: "Deprecated data source APIs disabled by default", what's new of 2026-04-14, and "Upgrade to Grafana v13.0";
    Data source HTTP API 13 (grafana/grafana docs/sources at 0d9cf1d) for the answers.
    """
    grafana.after("POST /api/datasources", UID, SERVED)
    assert put_right(grafana)["action"] == "create"
    assert put_right(grafana)["action"] == "unchanged"
    updated = {"datasource": SERVED, "id": 102, "message": "Datasource updated", "name": SERVED["name"]}
    grafana.says("PUT /api/datasources/uid/test_source", updated)
    assert put_right(grafana, json_data={"timeInterval": "15s"})["action"] == "update"
    grafana.says("DELETE /api/datasources/uid/test_source", {"message": "Data source deleted", "id": 1})
    assert put_right(grafana, state="absent")["action"] == "delete"
    # Each placeholder of a path is a 1 there: only after uid or name.
    paths = {path for _, path in by_the_clients() if path.startswith("/api/datasources/")}
    assert paths
    assert not [path for path in paths if re.match(r"/api/datasources/(proxy/)?\d", path)]


@pytest.mark.documented("data-source-uid", majors=(11, 12))
@pytest.mark.parametrize("uid", ["has space", "slash/ed", "dot.ted", "x" * 41])
def test_a_uid_that_grafana_would_refuse_is_refused_before_anything_is_asked(grafana: Scripted, uid: str) -> None:
    """Letters, digits, dashes and underscores, 40 at most: with a toggle in 11.2, without one in 12.0.

    llmmon takes no dash either, at which the proxy of 9.4 stops.

    Source: "Upgrade to Grafana v12.0", Grafana data source UID format enforcement; grafana/grafana issue 73892.
    """
    assert "its uid needs 1 to 40 letters, digits or '_'" in put_right(grafana, uid=uid)["msg"]
    assert grafana.asked() == []


@pytest.mark.documented("data-source-health", majors=(13,))
def test_the_plugin_s_own_health_check_is_what_counts(grafana: Scripted) -> None:
    """Where the plugin has a health check, its word is taken, and no query is asked in its place.

    Source: Data source HTTP API 13 (grafana/grafana docs/sources at 0d9cf1d), "Check data source health".

    Left out: the answer of a data source that is not healthy, of which the document has no example.
    """
    grafana.says(UID, SERVED)
    message = "1. Successfully queried the CloudWatch metrics API."
    grafana.says(f"{UID}/health", {"message": message, "status": "OK"})
    assert put_right(grafana, check_health=True)["health"] == "ok"
    assert not any("/proxy/" in line for line in grafana.asked())


@pytest.mark.documented("data-source-proxy", majors=(13,))
def test_a_query_goes_to_the_data_source_by_its_uid(grafana: Scripted, tmp_path: Path) -> None:
    """The proof that Grafana shows data asks through the proxy, and for each dashboard in its folder.

    Source: Data source HTTP API 13 (grafana/grafana docs/sources at 0d9cf1d), "Data source proxy calls"; Dashboard HTTP
    API 12.4 (docs/sources at 0e5220a) for a dashboard. The answer to the query is Prometheus's own.
    """
    (tmp_path / "one.json").write_text(json.dumps({"uid": "cIBgcSjkk", "title": "Production Overview"}))
    path = "GET /api/datasources/proxy/uid/llmmon_prometheus/api/v1/query?query=up"
    grafana.says(path, {"status": "success", "data": {"resultType": "vector", "result": [{}]}})
    meta = {"isStarred": False, "url": "/d/cIBgcSjkk/production-overview", "folderId": 2, "folderUid": "llmmon"}
    grafana.says("GET /api/dashboards/uid/cIBgcSjkk", {"dashboard": {"uid": "cIBgcSjkk"}, "meta": meta})
    wanted = {"data_source_uid": "llmmon_prometheus", "dashboards_directory": str(tmp_path), "folder_uid": "llmmon"}
    answer = run_module(grafana_verify, {**grafana.credentials, **wanted})
    assert (answer["failed"], answer["samples"]) == (False, 1)
    # A dashboard that 13 has put at the top is not where it should be.
    grafana.says("GET /api/dashboards/uid/cIBgcSjkk", {"dashboard": {}, "meta": {**meta, "folderUid": ""}})
    answer = run_module(grafana_verify, {**grafana.credentials, **wanted})
    assert "the dashboard cIBgcSjkk is not in the folder llmmon" in answer["msg"]
