"""The proof that Grafana shows data: a query through it, and every dashboard in its folder."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.modules import grafana_verify

from tests.support.loopback import Server, as_json
from tests.support.modules import run_module

QUERY = "GET /api/datasources/proxy/uid/llmmon_prometheus/api/v1/query?query=up"


def served(folder_uid: str = "llmmon") -> dict[str, Any]:
    """Grafana's answer about a dashboard that it has."""
    return {"meta": {"folderUid": folder_uid}, "dashboard": {}}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Two dashboards in files, and one in a folder of its own."""
    directory = tmp_path / "dashboards"
    for name, uid in (("1.json", "llm-1"), ("2.json", "llm-2"), ("team/3.json", "llm-3")):
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_text(json.dumps({"uid": uid, "title": uid}))
    return directory


def prove(server: Server, source: Path, **more: Any) -> dict[str, Any]:
    wanted = {
        "url": server.url,
        "password": "Any-1",
        "data_source_uid": "llmmon_prometheus",
        "dashboards_directory": str(source),
        "folder_uid": "llmmon",
        **more,
    }
    return run_module(grafana_verify, wanted)


def test_grafana_shows_data(server: Server, source: Path) -> None:
    server.answers[QUERY] = as_json({"status": "success", "data": {"result": [{}, {}]}})
    for uid, folder in (("llm-1", "llmmon"), ("llm-2", "llmmon"), ("llm-3", "team")):
        server.answers[f"GET /api/dashboards/uid/{uid}"] = as_json(served(folder))
    answer = prove(server, source)
    assert (answer["failed"], answer["samples"], answer["dashboards"]) == (False, 2, ["llm-1", "llm-2", "llm-3"])


def test_grafana_does_not_show_data(server: Server, source: Path) -> None:
    server.answers[QUERY] = as_json({"status": "success", "data": {"result": []}})
    assert "through Grafana gives no sample: is Prometheus scraping?" in prove(server, source)["msg"]
    server.answers[QUERY] = as_json({"message": "not a query result"})
    assert "answered with something else than a query result" in prove(server, source)["msg"]
    server.answers[QUERY] = as_json({"status": "success", "data": {"result": [{}]}})
    server.answers["GET /api/dashboards/uid/llm-2"] = as_json(served(""))
    server.answers["GET /api/dashboards/uid/llm-3"] = as_json(served("llmmon"))
    assert prove(server, source)["msg"] == (
        "the dashboard llm-1 is missing: run site.yml --tags grafana"
        " | the dashboard llm-2 is not in the folder llmmon: run site.yml --tags grafana"
        " | the dashboard llm-3 is not in the folder team: run site.yml --tags grafana"
    )
