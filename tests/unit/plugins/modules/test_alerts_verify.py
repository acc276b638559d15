"""The module which asks whether alerts can fire, against a server that answers as Prometheus and Grafana do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.modules import alerts_verify

from tests.support.loopback import Server, as_json
from tests.support.modules import run_module

pytestmark = pytest.mark.usefixtures("fast_clock")

EXPRESSION = "mine > 1"


@pytest.fixture
def options(server: Server, tmp_path: Path) -> dict[str, Any]:
    """Give the options for one server with one alert, which reads a series that is there, and one panel."""
    server.answers = Answers()
    rule = {"type": "alerting", "name": "Mine", "query": EXPRESSION, "labels": {}, "duration": 0}
    groups = [{"file": f"{tmp_path}/rules.d/mine.yml", "rules": [rule]}]
    server.answers["GET /api/v1/rules?exclude_alerts=true"] = as_json({"data": {"groups": groups}})
    server.answers["GET /api/v2/silences"] = as_json([])
    (tmp_path / "dashboards").mkdir()
    board = {"uid": "a", "title": "Board", "panels": [{"title": "Panel", "targets": [{"expr": EXPRESSION}]}]}
    (tmp_path / "dashboards" / "a.json").write_text(json.dumps(board))
    (tmp_path / "password").write_text("made-up\n")
    grafana = {
        "url": server.url,
        "password_file": str(tmp_path / "password"),
        "data_source_uid": "llmmon_prometheus",
        "dashboards_directory": str(tmp_path / "dashboards"),
        "folder_uid": "llmmon",
    }
    return {"url": server.url, "directory": str(tmp_path), "alertmanager_url": server.url, "grafana": grafana}


class Answers(dict[str, Any]):
    """Beside the answers of the table: every query finds one series, if there is one."""

    has: tuple[str, ...] = ("mine",)

    def get(self, asked: str, default: Any = None) -> Any:
        if "/api/v1/query?" not in asked:
            return super().get(asked, default)
        return as_json(
            {
                "status": "success",
                "data": {"result": [{"metric": {"__name__": name}, "value": [0, "5"]} for name in self.has]},
            }
        )


def test_alerts_that_can_fire_and_panels_with_data_are_counted(options: dict[str, Any]) -> None:
    answer = run_module(alerts_verify, options)
    assert not answer["failed"], answer["msg"]
    assert not answer["changed"]
    assert answer["alerts"]["line"] == "alerts: 1 can fire"
    assert answer["panels"]["line"] == "panels: 1 have data, 0 rightly have none"
    del options["grafana"]
    assert "panels" not in run_module(alerts_verify, options)


def test_an_alert_that_cannot_fire_fails_with_all_that_was_found(options: dict[str, Any], server: Server) -> None:
    server.answers = Answers(server.answers)
    server.answers.has = ()
    answer = run_module(alerts_verify, options)
    assert answer["msg"].startswith("alerts that cannot fire here: 1 (0 can). Mine: mine has no series here; ")
    assert answer["alerts"]["cannot_fire"][0]["alert"] == "Mine"
    # What is right is among the facts as well.
    assert answer["panels"]["notes"] == ["Board: Panel: mine has no series here"]


def test_a_prometheus_that_does_not_answer_is_told(options: dict[str, Any], server: Server) -> None:
    server.answers = {}
    assert "cannot be asked whether alerts can fire" in run_module(alerts_verify, options)["msg"]
