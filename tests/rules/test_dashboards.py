"""The dashboards are what the code says, every panel explains itself, and every link leads somewhere."""

from __future__ import annotations

import copy
import json
import re
from functools import cache
from typing import Any

import pytest

from dashboards.__main__ import FOLDER, documents
from tests.rules import catalogue, dashboards
from tests.rules.dashboards import BOARDS
from tests.rules.test_alerts import ALERTS, everything
from tests.support import rendering

PANELS = [
    pytest.param(panel, id=f"{uid}: {panel['title']}")
    for uid, board in BOARDS.items()
    for panel in dashboards.panels(board)
]
# The name of an alert has two words at least; "Prometheus" and "Alertmanager" are what they are.
ALERT = re.compile(r"\b(?:(?:LLM|Prometheus|Alertmanager|Alert|Monitoring)[A-Z]\w+|Watchdog)\b")
by_board = pytest.mark.parametrize("uid", BOARDS)


def test_the_dashboards_are_these() -> None:
    assert list(BOARDS) == [f"llmmon-{name}" for name in ("overview", "operations", "cost", "engines", "stack")]
    assert {dashboards.ENGINES, dashboards.STACK} < set(BOARDS)


def test_the_page_about_them_is_true() -> None:
    page = (rendering.REPOSITORY / "docs" / "dashboards.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (LLM .+?) \| `([\w-]+)` \|", page, re.MULTILINE)
    assert rows == [(board["title"], uid) for uid, board in BOARDS.items()]
    for board in BOARDS.values():
        assert f"**{board['title']}" in page


def test_the_committed_files_are_what_the_code_writes() -> None:
    committed = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.json")}
    assert committed == documents(), "run: make dashboards"


@pytest.mark.parametrize("panel", PANELS)
def test_a_panel_explains_itself(panel: dict[str, Any]) -> None:
    assert panel["description"]
    assert panel["fieldConfig"]["defaults"]["noValue"]
    assert panel["type"] == "table" or panel["fieldConfig"]["defaults"]["unit"]
    mentioned = set(ALERT.findall(panel["description"]))
    assert mentioned <= ALERTS
    assert mentioned or "alert" in panel["description"].lower()


@pytest.mark.parametrize("panel", PANELS)
def test_a_line_that_is_drawn_is_the_threshold_of_an_alert_that_is_named(panel: dict[str, Any]) -> None:
    asked = [target["expr"] for target in panel["targets"]]
    drawn = re.findall(r'^max\(llmmon:threshold\{name="(\w+)"\}\)$', "\n".join(asked), re.MULTILINE)
    assert set(drawn) <= set(recorded_names("llmmon:threshold"))
    if drawn:
        assert ALERT.search(panel["description"])


def test_objectives_that_are_compared_with_are_recorded() -> None:
    asked = "\n".join(expression for board in BOARDS.values() for expression in dashboards.expressions(board))
    assert set(re.findall(r'llmmon:objective\{name="(\w+)"\}', asked)) == set(recorded_names("llmmon:objective"))


@cache
def recorded_names(record: str) -> list[str]:
    rules = catalogue.rules(rendering.render_rules(llmmon_slo={"latency": 0.95}))
    return [rule["labels"]["name"] for rule in rules if rule.get("record") == record]


@by_board
def test_a_dashboard_can_be_pushed_anywhere(uid: str) -> None:
    board = BOARDS[uid]
    assert board["uid"] == uid
    assert re.fullmatch(r"llmmon-[a-z]+", uid)
    assert not {"id", "version"} & set(board)
    numbers = [panel["id"] for panel in dashboards.everything(board)]
    assert len(numbers) == len(set(numbers))
    (source,) = [variable for variable in board["templating"]["list"] if variable["name"] == "datasource"]
    assert source["current"]["value"] == "llmmon_prometheus"
    # Nothing but the variable says where data come from.
    assert set(re.findall(r'"uid": "([^"]+)"', json.dumps(board))) == {uid, "${datasource}"}


@by_board
def test_a_dashboard_has_the_variables_that_it_asks_for(uid: str) -> None:
    board = BOARDS[uid]
    used = set(re.findall(r'=~"\$(\w+)\|?"', json.dumps(dashboards.expressions(board)).replace("\\", "")))
    used |= set(re.findall(r'=~"\$(\w+)\|?"', "\n".join(dashboards.frame_expressions(board))))
    assert used | {"datasource"} == dashboards.variables(board)


@by_board
def test_a_dashboard_shows_alerts_and_leads_to_the_others(uid: str) -> None:
    board = BOARDS[uid]
    (annotation,) = board["annotations"]["list"]
    assert annotation["expr"].startswith('ALERTS{alertstate="firing", ')
    assert (annotation["enable"], annotation["titleFormat"]) == (True, "{{alertname}}")
    (link,) = board["links"]
    assert (link["type"], link["tags"]) == ("dashboards", board["tags"])
    assert (link["includeVars"], link["keepTime"]) == (True, True)


@by_board
def test_panels_do_not_overlap(uid: str) -> None:
    board = BOARDS[uid]
    assert dashboards.overlapping(board) == []
    moved = copy.deepcopy(board)
    last = moved["panels"][-1]
    last["gridPos"]["y"] -= 1
    assert dashboards.overlapping(moved) == [last["title"]]
    last["gridPos"] |= {"x": 1, "y": 1000, "w": 24}
    assert dashboards.overlapping(moved) == [last["title"]]


def test_links_fill_in_variables_of_dashboards_that_exist() -> None:
    found = [link for board in BOARDS.values() for link in dashboards.links(board)]
    assert found
    assert [problem for link in found for problem in problems_of(link)] == []


def test_every_alert_opens_a_dashboard_that_speaks_of_it() -> None:
    for alert in everything():
        name = alert["alert"]
        ((uid, filled),) = dashboards.links(alert["annotations"]["dashboard_url"])
        assert problems_of((uid, filled)) == [], name
        texts = "\n".join(panel["description"] for panel in dashboards.panels(BOARDS[uid]))
        assert name in ALERT.findall(texts), f"no panel of {uid} says what {name} reads"


def test_a_link_that_leads_nowhere_is_found() -> None:
    ((uid, filled),) = dashboards.links({"url": "/d/llmmon-gone?${datasource:queryparam}&var-job=x"})
    assert (uid, filled) == ("llmmon-gone", {"datasource", "job"})
    assert problems_of((uid, filled)) == ["there is no llmmon-gone"]
    ((uid, filled),) = dashboards.links("https://grafana.example/d/llmmon-overview?var-team={{ $labels.team }}")
    assert problems_of((uid, filled)) == ["llmmon-overview has no variable team"]


def problems_of(link: tuple[str, set[str]]) -> list[str]:
    uid, filled = link
    if uid not in BOARDS:
        return [f"there is no {uid}"]
    return [f"{uid} has no variable {name}" for name in sorted(filled - dashboards.variables(BOARDS[uid]))]
