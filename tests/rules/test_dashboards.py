"""The dashboards are what the code says, and every query of theirs finds something."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from dashboards.__main__ import FOLDER, documents
from tests.rules import catalogue, promtool
from tests.rules.promql import metric_names

DASHBOARDS: dict[str, dict[str, Any]] = {name: json.loads(content) for name, content in documents().items()}
PANELS = [(name, panel) for name, board in DASHBOARDS.items() for panel in board["panels"]]
VARIABLE_QUERY = re.compile(r"label_values\((.+), \w+\)")

# One gateway with traffic of every kind for 100 minutes, some of it failed, and one alert that fires.
TRAFFIC = {
    'up{job="llm-auth-proxy", instance="a:8000"}': "1x100",
    'llm_requests_total{job="llm-auth-proxy", instance="a:8000", model="m"}': "0+100x100",
    'llm_requests_failed_total{job="llm-auth-proxy", instance="a:8000", model="m"}': "0+30x100",
    'llm_tokens_used_total{job="llm-auth-proxy", instance="a:8000", model="m", type="input"}': "0+9000x100",
    'llm_response_latency_seconds_bucket{job="llm-auth-proxy", instance="a:8000", model="m", le="2"}': "0+90x100",
    'llm_response_latency_seconds_bucket{job="llm-auth-proxy", instance="a:8000", model="m", le="5"}': "0+100x100",
    'llm_response_latency_seconds_bucket{job="llm-auth-proxy", instance="a:8000", model="m", le="+Inf"}': "0+100x100",
}


def queries() -> list[str]:
    """Every expression that Grafana sends, with "All" chosen."""
    found = [target["expr"] for _, panel in PANELS for target in panel["targets"]]
    for board in DASHBOARDS.values():
        found += [annotation["expr"] for annotation in board["annotations"]["list"]]
        for variable in board["templating"]["list"]:
            if variable["type"] == "query":
                match = VARIABLE_QUERY.fullmatch(variable["query"]["query"])
                assert match, variable["name"]
                found.append(match[1])
    return sorted({re.sub(r"\$\w+", ".*", expression) for expression in found})


def test_the_committed_files_are_what_the_code_writes() -> None:
    committed = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.json")}
    assert committed == documents(), "run: python -m dashboards"


def test_queries_read_only_what_is_recorded_or_declared(rendered: dict[str, dict[str, str]]) -> None:
    known = catalogue.recorded_names(rendered["default"]) | catalogue.RAW_METRICS
    for expression in queries():
        assert metric_names(expression) <= known, expression


@pytest.mark.parametrize("version", promtool.VERSIONS)
def test_every_query_finds_something_when_there_is_traffic(
    version: str, rendered: dict[str, dict[str, str]], tmp_path: Path
) -> None:
    files = {name: content for name, content in rendered["one_gateway"].items() if name.startswith("llm_")}
    for name, content in files.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    (tmp_path / "cases.yml").write_text(
        yaml.safe_dump(
            {
                "rule_files": list(files),
                "group_eval_order": ["llmmon_settings", "llmmon_recording", "llmmon_surge", "llmmon_alerts"],
                "evaluation_interval": "1m",
                "tests": [
                    {
                        "interval": "1m",
                        "input_series": [{"series": series, "values": values} for series, values in TRAFFIC.items()],
                        "promql_expr_test": [
                            {
                                "expr": f"count({expression}) > bool 0",
                                "eval_time": "90m",
                                "exp_samples": [{"labels": "{}", "value": 1}],
                            }
                            for expression in queries()
                        ],
                    }
                ],
            }
        ),
        encoding="utf-8",
    )
    result = promtool.test_rules(version, [tmp_path / "cases.yml"])
    assert result.returncode == 0, promtool.explain(result)


def test_thresholds_that_are_drawn_are_recorded(rendered: dict[str, dict[str, str]]) -> None:
    recorded = {
        rule["labels"]["name"]
        for rule in catalogue.rules(rendered["default"])
        if rule.get("record") == "llmmon:threshold"
    }
    drawn = set(re.findall(r'llmmon:threshold\{name="(\w+)"\}', "\n".join(queries())))
    assert drawn <= recorded


@pytest.mark.parametrize(
    ("name", "panel"), PANELS, ids=lambda value: value if isinstance(value, str) else value["title"]
)
def test_a_panel_explains_itself(name: str, panel: dict[str, Any], rendered: dict[str, dict[str, str]]) -> None:
    assert panel["description"], name
    assert panel["fieldConfig"]["defaults"]["noValue"], name
    assert panel["type"] == "table" or panel["fieldConfig"]["defaults"]["unit"], name
    alerts = {alert["alert"] for alert in catalogue.alerts(rendered["default"])}
    mentioned = set(re.findall(r"\bLLM\w+", panel["description"]))
    assert mentioned <= alerts, name
    assert mentioned or "alert" in panel["description"].lower(), name


def test_dashboards_can_be_pushed_anywhere() -> None:
    for name, board in DASHBOARDS.items():
        assert name == f"{board['uid']}.json"
        assert re.fullmatch(r"llmmon-[a-z]+", board["uid"])
        assert not {"id", "version"} & set(board), name
        assert isinstance(board["panels"], list), name
        numbers = [panel["id"] for panel in board["panels"]]
        assert len(numbers) == len(set(numbers)), name
        variables = {variable["name"]: variable for variable in board["templating"]["list"]}
        assert variables["datasource"]["current"]["value"] == "llmmon_prometheus"
        # Nothing but the variable says where data come from.
        assert set(re.findall(r'"uid": "([^"]+)"', json.dumps(board))) == {board["uid"], "${datasource}"}, name


def test_panels_do_not_overlap() -> None:
    for name, board in DASHBOARDS.items():
        taken: set[tuple[int, int]] = set()
        for panel in board["panels"]:
            place = panel["gridPos"]
            cells = {
                (x, y)
                for x in range(place["x"], place["x"] + place["w"])
                for y in range(place["y"], place["y"] + place["h"])
            }
            assert not cells & taken, (name, panel["title"])
            assert max(x for x, _ in cells) < 24, (name, panel["title"])
            taken |= cells
