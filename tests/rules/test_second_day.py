"""Prometheus takes the rules that come of each block of the page about the second day."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.rules import catalogue, promtool
from tests.support import rendering, second_day
from tests.support.second_day import MINE, Task

OWN = f"{MINE}files/own.yml"


def of_prometheus(task: Task) -> bool:
    known = rendering.role_variables()
    return any(name in known or name == "llmmon_gateways" for name in yaml.safe_load(task.variables))


@pytest.mark.parametrize(
    "task", [task for task in second_day.with_variables() if of_prometheus(task)], ids=lambda task: task.title
)
def test_prometheus_takes_the_rules(task: Task, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "inventory"
    folder.mkdir()
    given: dict[str, Any] = second_day.settings(task, folder, monkeypatch)
    given["__llmmon_inventory_folder"] = str(folder)
    for name, content in rendering.render_rules(**given).items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    if OWN in task.files:
        (tmp_path / "own.yml").write_text(task.files[OWN], encoding="utf-8")
    result = promtool.check_rules(promtool.VERSION, sorted(tmp_path.glob("*.yml")))
    assert result.returncode == 0, promtool.explain(result)


def test_the_rule_of_ones_own_fires_on_what_is_recorded(tmp_path: Path) -> None:
    (task,) = [task for task in second_day.with_variables() if OWN in task.files]
    (rule,) = catalogue.rules({"own.yml": task.files[OWN]})
    recorded = {one["record"] for one in catalogue.rules(rendering.render_rules()) if "record" in one}
    assert "job_model:llm_requests:rate5m" in recorded & set(rule["expr"].replace("(", " ").replace("{", " ").split())
    (tmp_path / "own.yml").write_text(task.files[OWN], encoding="utf-8")
    series = 'job_model:llm_requests:rate5m{job="gw", model="gpt-4o-mini"}'
    summary = "gpt-4o-mini at gw gets 51 requests a second."
    labels = {"job": "gw", "model": "gpt-4o-mini", "severity": "warning", "component": "llm"}
    expected = {"exp_labels": labels, "exp_annotations": {"summary": summary}}
    case = {
        "rule_files": ["own.yml"],
        "tests": [
            {
                "interval": "1m",
                "input_series": [{"series": series, "values": "51x20"}],
                "alert_rule_test": [{"eval_time": "15m", "alertname": rule["alert"], "exp_alerts": [expected]}],
            }
        ],
    }
    (tmp_path / "case.yml").write_text(yaml.safe_dump(case), encoding="utf-8")
    result = promtool.test_rules(promtool.VERSION, [tmp_path / "case.yml"])
    assert result.returncode == 0, promtool.explain(result)
