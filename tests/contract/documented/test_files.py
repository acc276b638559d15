"""Files that newer releases export: what is taken of them, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.modules import grafana_dashboards

from tests.support.modules import run_module

from .conftest import Scripted

CLASSIC: dict[str, Any] = {"title": "Test", "schemaVersion": 41, "panels": [{"id": 1, "type": "text"}]}
V2_SPEC: dict[str, Any] = {
    "title": "Ingress Load Balancer Overview",
    "elements": {},
    "layout": {},
    "cursorSync": "Off",
    "timeSettings": {},
    "variables": [],
}
REFUSAL = "x.json is in Grafana's schema v2: export it again as a classic dashboard (schema v1)"


def push(grafana: Scripted, directory: Path, content: Any) -> dict[str, Any]:
    (directory / "x.json").write_text(json.dumps(content))
    grafana.says("GET /api/folders/ours", {"uid": "ours", "title": "Ours", "version": 1})
    grafana.says("POST /api/dashboards/db", {"status": "success", "folderUid": "ours"})
    wanted = {**grafana.credentials, "owner": "llmmon", "src": str(directory), "folder_uid": "ours"}
    return run_module(grafana_dashboards, wanted)


@pytest.mark.documented("folder-annotation", majors=(12, 13))
@pytest.mark.parametrize("version", ["v1beta1", "v1"])
def test_a_resource_is_pushed_as_the_classic_dashboard_in_it(grafana: Scripted, tmp_path: Path, version: str) -> None:
    """The resource names the folder of the Grafana that it was exported from; it goes into ours, without a wrapping.

    12 takes no wrapped dashboard by this path, and 13 takes none that has an ``id`` beside it.

    Source: Dashboard HTTP API 12.4 (v1beta1, grafana/grafana docs/sources at 0e5220a) and 13.0 (v1); issue 126422 (the
    annotations); terraform-provider-grafana pull requests 2622, 2627 and 2684 of 2026 (what 12 and 13 refuse).
    """
    annotations = {"grafana.app/folder": "afoxew1iux5hcd", "grafana.app/folderUrl": "/dashboards/f/afoxew1iux5hcd/k"}
    resource = {
        "kind": "Dashboard",
        "apiVersion": f"dashboard.grafana.app/{version}",
        "metadata": {"name": "gdxccn", "namespace": "default", "generation": 2, "annotations": annotations},
        "spec": CLASSIC,
    }
    answer = push(grafana, tmp_path, resource)
    assert not answer["failed"], answer["msg"]
    (body,) = grafana.sent("POST", "/api/dashboards/db")
    assert body["dashboard"] == {"uid": "gdxccn", **CLASSIC, "tags": ["managed-by-llmmon"]}
    assert body["folderUid"] == "ours"


@pytest.mark.documented("folder-annotation", majors=(13,))
def test_a_folder_that_stands_in_the_dashboard_itself_is_taken_out(grafana: Scripted, tmp_path: Path) -> None:
    """Whatever carries ``grafana.app/folder`` belongs to the Grafana that wrote it.

    Source: grafana/grafana issues 126422 and 122663 of 2026 (a foreign folder uid makes the import fail).
    """
    answer = push(grafana, tmp_path, {"uid": "one", **CLASSIC, "grafana.app/folder": "afoxew1iux5hcd"})
    assert not answer["failed"], answer["msg"]
    (body,) = grafana.sent("POST", "/api/dashboards/db")
    assert "afoxew1iux5hcd" not in json.dumps(body)


@pytest.mark.documented("schema-v2", majors=(12, 13))
@pytest.mark.parametrize(
    "content",
    [
        pytest.param(
            {"apiVersion": "dashboard.grafana.app/v2", "metadata": {"name": "a"}, "spec": V2_SPEC}, id="resource"
        ),
        pytest.param(
            {"apiVersion": "dashboard.grafana.app/v2beta1", "metadata": {"name": "a"}, "spec": V2_SPEC}, id="beta"
        ),
        pytest.param(V2_SPEC, id="what 13.0.2 calls classic"),
        pytest.param({"uid": "a", **V2_SPEC}, id="with a uid written into it"),
        pytest.param({"dashboard": V2_SPEC, "meta": {}}, id="in an answer"),
    ],
)
def test_schema_v2_is_refused_before_anything_is_asked(grafana: Scripted, tmp_path: Path, content: Any) -> None:
    """13 refuses it with "dashboard appears to be in v2 format"; here it is named by its file, and nothing is asked.

    Source: grafana/grafana issue 126641 of 2026-06 (13.0.2 exports the bare spec as "Classic") and its test of
    ``elements`` and ``layout``, pull request 118946; terraform-provider-grafana pull request 2641 (12 and 13).
    """
    assert REFUSAL in push(grafana, tmp_path, content)["msg"]
    assert grafana.asked() == []
