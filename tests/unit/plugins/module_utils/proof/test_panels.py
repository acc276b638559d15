"""The proof of panels, against a server that answers as Grafana and Prometheus do."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.clients.grafana import GrafanaApi
from ansible_collections.llmmon.stack.plugins.module_utils.clients.http import Connection, HttpClient
from ansible_collections.llmmon.stack.plugins.module_utils.proof.errors import NotProved
from ansible_collections.llmmon.stack.plugins.module_utils.proof.panels import NOTHING_NOW, filled_in, verify_panels

from tests.support.loopback import Server, as_json
from tests.unit.plugins.module_utils.proof.test_alerts import GATEWAY

pytestmark = pytest.mark.usefixtures("fast_clock")

PANELS = [
    {"title": "Text", "type": "text"},
    {"title": "Requests", "targets": [{"expr": 'rate(llm_requests_total{job=~"$job"}[$__rate_interval])'}]},
    {"title": "Row", "panels": [{"title": "Failing", "targets": [{"expr": "llm_requests_total > 1e9"}]}]},
    {"title": "Either", "targets": [{"expr": "engine_only"}, {"expr": "up"}]},
    {"title": "Engine", "targets": [{"expr": "engine_only"}]},
]


class Both(dict[str, Any]):
    """Grafana asks the Prometheus that has these metrics, one series each."""

    def __init__(self) -> None:
        super().__init__()
        self.has = {"up", "llm_requests_total"}
        self["GET /api/v1/rules?exclude_alerts=true"] = as_json({"data": {"groups": []}})
        self["GET /api/v1/targets/metadata?match_target=%7Bjob%3D%22gw%22%7D"] = as_json({"data": []})

    def get(self, asked: str, default: Any = None) -> Any:
        query = parse_qs(urlsplit(asked).query).get("query", [""])[0]
        if not query:
            return super().get(asked, default)
        there = [name for name in self.has if re.search(rf"\b{name}\b", query) or "group by (__name__)" in query]
        shown = [] if "1e9" in query or " offset " in query else there
        found = [{"metric": {"__name__": name, "job": "gw"}, "value": [0, "1"]} for name in shown]
        return as_json({"status": "success", "data": {"result": found}})


@pytest.fixture(autouse=True)
def both(server: Server) -> Both:
    server.answers = found = Both()
    return found


def verify(server: Server, folder: Path) -> dict[str, Any]:
    (folder / "a.json").write_text(json.dumps({"uid": "a", "title": "Board", "panels": PANELS}))
    client = HttpClient(Connection(url=server.url))
    alerts = {"directory": "/etc/llmmon/prometheus/current", "gateways": {"gw": GATEWAY}, "receivers": []}
    asked = {"grafana": {"dashboards_directory": str(folder), "data_source_uid": "llmmon_prometheus"}, "alerts": alerts}
    return verify_panels(GrafanaApi(client), client, asked, 5)


def test_each_panel_has_data_or_a_reason(server: Server, tmp_path: Path) -> None:
    said = verify(server, tmp_path)
    assert said["line"] == "panels: 2 have data, 2 rightly have none"
    assert said["notes"] == [f"Board: Failing: {NOTHING_NOW}", "Board: Engine: engine_only has no series here"]
    # Through Grafana, as it would ask.
    asked = [parse_qs(urlsplit(path).query)["query"][0] for path in server.asked("GET") if "/proxy/" in path]
    assert 'rate(llm_requests_total{job=~".*"}[5m])' in asked


def test_a_panel_of_what_a_gateway_does_not_count_any_more_fails(server: Server, both: Both, tmp_path: Path) -> None:
    both.has = {"up", "llm_requests_served_total"}
    with pytest.raises(NotProved) as raised:
        verify(server, tmp_path)
    why = "gw: llm_requests_total is not on its page, where llm_requests_served looks like its new name"
    assert str(raised.value) == f"panels without data: 2. Board: Requests: {why} | Board: Failing: {why}"


def test_grafana_that_does_not_answer_is_told(server: Server, tmp_path: Path) -> None:
    server.answers = {}
    with pytest.raises(NotProved, match=r"^Grafana cannot be asked what its panels show: GET "):
        verify(server, tmp_path)


def test_a_question_is_filled_in_as_by_grafana() -> None:
    asked = 'x{job=~"$job|", team=~"${team:regex}"}[$__range:$__interval] or label_replace(y, "a", "$1", "b", "$of")'
    assert filled_in(asked) == 'x{job=~".*|", team=~".*"}[1h:1m] or label_replace(y, "a", "$1", "b", ".*")'
