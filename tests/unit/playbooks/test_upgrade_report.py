"""What upgrade.yml says of each service, and of the hosts it did not come to."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

from tests.support import rendering

UPGRADE = rendering.REPOSITORY / "roles" / "upgrade"
ROW: dict[str, Any] = {
    "name": "prometheus",
    "before": "3.5.3",
    "after": "3.13.2",
    "outcome": "rolled back",
    "gap_seconds": 31.42,
    "silences_carried": 0,
    "why": "it is not ready",
}


def templated(text: str, **variables: Any) -> Any:
    return Templar(loader=DataLoader(), variables=variables).template(trust_as_template(text))


def report(**variables: Any) -> str:
    text = (UPGRADE / "templates" / "report.txt.j2").read_text(encoding="utf-8")
    return str(templated(text, **variables))


def test_a_row_is_a_service() -> None:
    row = "prometheus    3.5.3 -> 3.13.2: rolled back, away for 31.4 s, because it is not ready"
    assert report(__llmmon_report=[ROW]).splitlines() == [row]


def test_hosts_that_were_not_tried_are_named() -> None:
    text = report(__llmmon_report=[ROW], __llmmon_not_tried=["b", "c"])
    assert text.splitlines()[1] == "Not tried, because this host comes before: b, c"


@pytest.mark.parametrize(("host", "expected"), [("a", ["b", "c"]), ("c", [])])
def test_those_behind_a_host_are_not_tried(host: str, expected: list[str]) -> None:
    tasks = yaml.safe_load((UPGRADE / "tasks" / "upgrade_service.yml").read_text(encoding="utf-8"))
    (not_tried,) = (task["vars"]["__llmmon_not_tried"] for task in tasks[0]["rescue"] if "vars" in task)
    assert templated(not_tried, inventory_hostname=host, ansible_play_hosts_all=["a", "b", "c"]) == expected


def test_the_lines_that_keep_a_new_version_are_said() -> None:
    lines = report(__llmmon_report=[{**ROW, "outcome": "upgraded", "why": ""}]).splitlines()
    assert lines[-1] == "llmmon_prometheus_version: 3.13.2"
    assert "llmmon_prometheus_version" not in report(__llmmon_report=[ROW])
