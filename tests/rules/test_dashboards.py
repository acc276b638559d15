"""The dashboards are what the code says, every panel explains itself, and every link leads somewhere."""

from __future__ import annotations

import copy
import json
import re
from functools import cache
from typing import Any

import pytest
import yaml

from dashboards import frame, overview, style
from dashboards.__main__ import FOLDER, documents
from dashboards.parts import ALERT, NO_TRAFFIC
from tests.rules import catalogue, dashboards
from tests.rules.dashboards import BOARDS
from tests.rules.test_alerts import ALERTS, everything
from tests.support import rendering

PANELS = [
    pytest.param(panel, id=f"{uid}: {panel['title']}")
    for uid, board in BOARDS.items()
    for panel in dashboards.panels(board)
]
by_board = pytest.mark.parametrize("uid", BOARDS)


def test_the_dashboards_are_these() -> None:
    assert list(BOARDS) == [
        f"llmmon-{name}" for name in ("overview", "operations", "cost", "engines", "hosts", "stack")
    ]
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


# What a sentence begins with that says what to do; or it asks what is to be found out.
TO_DO = re.compile(
    r"(?:^|[.:;,] |\b(?:and|or|then) )(?:add|ask|begin|choose|click|compare|fetch|give|group|let|look|raise|scrape|see|"
    r"set|shorten|spread)\b|\?",
    re.IGNORECASE,
)


@pytest.mark.parametrize("panel", PANELS)
def test_a_panel_says_what_to_do_or_leads_to_a_runbook_that_does(panel: dict[str, Any]) -> None:
    # The Watchdog is named where it is left out.
    runbooks = set(ALERT.findall(panel["description"])) - {"Watchdog"}
    assert runbooks or TO_DO.search(panel["description"]), panel["description"]


@pytest.mark.parametrize("panel", PANELS)
def test_what_a_panel_cannot_show_its_description_says(panel: dict[str, Any]) -> None:
    defaults = panel["fieldConfig"]["defaults"]
    if panel["type"] == "heatmap":
        # Grafana 9.4 has a text of its own there.
        empty = defaults["noValue"]
        assert f'Where it says "No data": {empty[0].lower()}{empty[1:]}.' in panel["description"]
    if style.FAILS in [step["value"] for step in defaults.get("thresholds", {}).get("steps", [])]:
        assert style.FAILING_SAID in panel["description"]
    for entry in panel["fieldConfig"]["overrides"]:
        for property_ in entry["properties"]:
            if property_["id"] == "thresholds":
                least = property_["value"]["steps"][-1]["value"]
                assert f"{entry['matcher']['options']} is red from {least:.0%} on." in panel["description"]


@pytest.mark.parametrize("panel", PANELS)
def test_a_line_that_is_drawn_is_the_threshold_of_an_alert_that_is_named(panel: dict[str, Any]) -> None:
    asked = [target["expr"] for target in panel["targets"]]
    drawn = re.findall(r'^max\(llmmon:threshold\{name="(\w+)"\}\) and on \(\) ', "\n".join(asked), re.MULTILINE)
    compared = re.findall(r'llmmon:threshold\{name="(\w+)"\} @ end\(\)\)', "\n".join(asked))
    assert len(drawn) + len(compared) == len(re.findall(r"llmmon:threshold\{", "\n".join(asked)))
    drawn += compared
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
    # Grafana 9.4 looks for the name, later versions for the uid; what is not found becomes the first of all names.
    assert source["current"] | {"selected": None} == {
        "selected": None,
        "text": own_data_source()["name"],
        "value": own_data_source()["uid"],
    }
    # Nothing but the variable says where data come from.
    assert set(re.findall(r'"uid": "([^"]+)"', json.dumps(board))) == {uid, "${datasource}"}


@by_board
def test_a_dashboard_has_the_variables_that_it_asks_for(uid: str) -> None:
    board = BOARDS[uid]
    used = set(re.findall(r'=~"\$(\w+)\|?"', json.dumps(dashboards.expressions(board)).replace("\\", "")))
    used |= set(re.findall(r'=~"\$(\w+)\|?"', "\n".join(dashboards.frame_expressions(board))))
    used |= set(re.findall(r'"\(\$(several)\)"', "\n".join(dashboards.expressions(board))))
    assert used | {"datasource", "runbooks", "alertmanager"} == dashboards.variables(board)


@by_board
def test_a_variable_that_nobody_chooses_is_in_no_link(uid: str) -> None:
    variables = {variable["name"]: variable for variable in BOARDS[uid]["templating"]["list"]}
    hidden = {name for name, variable in variables.items() if variable.get("skipUrlSync")}
    assert hidden == {"runbooks", "alertmanager", "several"} & set(variables)
    assert {name for name, variable in variables.items() if variable["hide"] == 2} == hidden


@pytest.mark.parametrize("panel", PANELS)
def test_the_name_of_the_only_gateway_is_not_in_each_line(panel: dict[str, Any]) -> None:
    """In brackets it stands behind what tells more; by itself it is all that there is."""
    legends = {target["legendFormat"]: target["expr"] for target in panel["targets"]}
    for legend, asked in legends.items():
        if "{{of}}" in legend:
            assert "label_replace(" in asked
            assert '"of", "($1)", "job", "($several)")' in asked
        own = panel in dashboards.panels(BOARDS[dashboards.STACK])
        assert own or len(re.findall(r"{{\w+}}", legend)) < 2 or "{{job}}" not in legend or "{{scope}}" in legend


@by_board
def test_a_dashboard_shows_alerts_and_leads_to_the_others(uid: str) -> None:
    board = BOARDS[uid]
    alerts, restarts = board["annotations"]["list"]
    assert re.search(r'and ignoring \(alertstate\) ALERTS\{alertstate="firing", ', alerts["expr"])
    assert (alerts["titleFormat"], restarts["titleFormat"]) == ("{{alertname}}", "{{job}} started")
    for strokes in (alerts, restarts):
        # A sample's own time would make an area of an alert that goes on.
        assert (strokes["enable"], strokes["useValueForTime"]) == (True, True)
        assert " * 1000" in strokes["expr"]
    (link,) = board["links"]
    assert (link["type"], link["tags"]) == ("dashboards", board["tags"])
    assert (link["includeVars"], link["keepTime"]) == (True, True)


@cache
def own_data_source() -> dict[str, Any]:
    own: dict[str, Any] = yaml.safe_load(
        (rendering.REPOSITORY / "roles" / "grafana" / "vars" / "main" / "main.yml").read_text(encoding="utf-8")
    )
    assert own["__llmmon_grafana_own_data_source"]["uid"] == "{{ __llmmon_grafana_data_source_uid }}"
    name: str = own["__llmmon_grafana_own_data_source"]["name"]
    return {"name": name, "uid": own["__llmmon_grafana_data_source_uid"]}


def panel_of(uid: str, title: str) -> dict[str, Any]:
    (found,) = [panel for panel in dashboards.panels(BOARDS[uid]) if panel["title"] == title]
    return found


@pytest.mark.parametrize("panel", PANELS)
def test_a_panel_has_the_style_of_all(panel: dict[str, Any]) -> None:
    assert problems_of_style(panel) == []


def test_a_panel_without_style_is_found() -> None:
    panel = panel_of("llmmon-operations", "Response time by model (P95)")
    changed = copy.deepcopy(panel)
    changed["fieldConfig"]["defaults"]["custom"]["fillOpacity"] = 30
    changed["targets"][0]["expr"] = changed["targets"][0]["expr"].replace("topk(", "bottomk(")
    assert problems_of_style(changed) == ["fills 30 %", "draws any number of lines"]
    panel = panel_of("llmmon-overview", "Firing alerts")
    changed = copy.deepcopy(panel)
    changed["fieldConfig"]["defaults"]["thresholds"]["steps"][0]["color"] = "green"
    changed["fieldConfig"]["defaults"]["mappings"] = []
    assert problems_of_style(changed) == ["judges what is not known", "has no text for what is no number"]
    panel = panel_of("llmmon-operations", "Models")
    changed = copy.deepcopy(panel)
    changed["gridPos"]["w"] = 12
    changed["targets"][1]["expr"] = "up"
    assert problems_of_style(changed) == ["has a query that leaves rows out", "cuts columns off"]
    changed = copy.deepcopy(panel)
    changed["fieldConfig"]["defaults"]["mappings"][0]["options"]["match"] = "null+nan"
    for override in changed["fieldConfig"]["overrides"]:
        override["properties"] = [entry for entry in override["properties"] if entry["id"] != "mappings"]
    assert problems_of_style(changed) == [
        "hides names",
        "has a column of numbers without a text for what is none",
    ]


def problems_of_style(panel: dict[str, Any]) -> list[str]:
    defaults = panel["fieldConfig"]["defaults"]
    asked = [target["expr"] for target in panel["targets"]]
    problems: dict[str, bool] = {}
    if panel["type"] == "timeseries":
        filled = defaults["custom"]["fillOpacity"]
        problems[f"fills {filled} %"] = filled > 10
        many = [target for target in panel["targets"] if "{{" in target["legendFormat"]]
        most = [int(n) for target in many for n in re.findall(r"\btopk\((\d+), ", target["expr"])]
        lines = sum(most) + len(panel["targets"]) - len(many)
        problems["draws any number of lines"] = len(most) < len(many)
        problems[f"draws {lines} lines"] = lines > style.LINES
    if panel["type"] in {"stat", "bargauge"}:
        problems["judges what is not known"] = defaults["thresholds"]["steps"][0]["color"] != style.NO_JUDGEMENT
        problems["has text of any size"] = not panel["options"]["text"]["valueSize"]
    if panel["type"] == "stat":
        problems["has no text for what is no number"] = defaults["noValue"] not in special_texts(panel)
    if panel["type"] == "bargauge":
        problems["hides the name of a single bar"] = defaults["displayName"] != "${__field.labels.bar}" or not all(
            '"bar", " ", "' in expression for expression in asked
        )
    if panel["type"] == "table":
        problems["has no text for empty cells"] = special_texts(panel) != {style.EMPTY_CELL}
        # Of a text Grafana says that it is no number: such a mapping would stand in place of every name.
        problems["hides names"] = "null+nan" in special_matches(defaults)
        (organized,) = [step["options"] for step in panel["transformations"] if step["id"] == "organize"]
        names = organized["renameByName"]
        shown = [name for name in names if name.startswith("Value")]
        wanted = ["Value"] if len(asked) == 1 else [f"Value #{target['refId']}" for target in panel["targets"]]
        problems["has a number without a heading"] = shown not in ([], wanted)
        by_name = {entry["matcher"]["options"]: entry["properties"] for entry in panel["fieldConfig"]["overrides"]}
        problems["has a number without a unit"] = any(
            "unit" not in {entry["id"] for entry in by_name[names[name]]} for name in shown
        )
        problems["has a column of numbers without a text for what is none"] = any(
            "null+nan" not in special_matches({entry["id"]: entry["value"] for entry in by_name[names[name]]})
            for name in shown
        )
        problems["has a query that leaves rows out"] = len(asked) > 1 and any(" * NaN" not in one for one in asked)
        # On a screen that is 1600 pixels wide.
        place = panel["gridPos"]["w"] / 24 * 1560 - 16
        needed = style.COLUMN_OF_NUMBERS * len(shown) + 150 * (len(names) - len(shown))
        problems["cuts columns off"] = needed > place or any(len(names[name]) > 16 for name in shown)
    return [problem for problem, there in problems.items() if there]


def special_texts(panel: dict[str, Any]) -> set[str]:
    """What stands in place of what is missing or is no number."""
    return set(special_matches(panel["fieldConfig"]["defaults"]).values())


def special_matches(field: dict[str, Any]) -> dict[str, str]:
    """What a field's mappings say of values that are none: match to text."""
    special = [entry["options"] for entry in field.get("mappings", []) if entry["type"] == "special"]
    return {entry["match"]: entry["result"]["text"] for entry in special}


def test_numbers_are_red_beyond_the_threshold_that_was_set() -> None:
    for title, threshold in (("Failed", "failure_ratio"), ("P95 of the slowest model", "latency_p95_seconds")):
        panel = panel_of("llmmon-overview", title)
        assert all(f'llmmon:threshold{{name="{threshold}"}}' in target["expr"] for target in panel["targets"])
        (beyond,) = panel["fieldConfig"]["overrides"]
        assert beyond["matcher"]["options"] == panel["targets"][1]["legendFormat"]
        assert beyond["properties"] == [{"id": "color", "value": {"mode": "fixed", "fixedColor": "red"}}]
        # No number of the boards' own.
        assert [step["value"] for step in panel["fieldConfig"]["defaults"]["thresholds"]["steps"]] == [
            None,
            style.NO_NUMBER,
        ]
        assert panel["options"]["graphMode"] == "area"


def test_lines_have_the_colour_of_what_they_mean() -> None:
    panel = panel_of("llmmon-overview", "Requests, answered and failed")
    colours = {
        entry["matcher"]["options"]: property_["value"]["fixedColor"]
        for entry in panel["fieldConfig"]["overrides"]
        for property_ in entry["properties"]
        if property_["id"] == "color"
    }
    assert colours == {"failed": "red", "answered": "blue"}
    assert style.COLOURS | colours == style.COLOURS
    panel = panel_of("llmmon-overview", "Failure ratio by model")
    defaults = panel["fieldConfig"]["defaults"]
    assert defaults["color"] == {"mode": "thresholds", "seriesBy": "last"}
    rules = yaml.safe_load(
        (rendering.REPOSITORY / "roles" / "prometheus" / "vars" / "main" / "rules.yml").read_text(encoding="utf-8")
    )
    # Red from where the alert fires, unless the user moved that.
    assert defaults["thresholds"]["steps"][-1] == {
        "color": "red",
        "value": rules["__llmmon_threshold_defaults"]["failure_ratio"],
    }


def test_requests_of_no_team_are_not_those_of_a_team_called_none() -> None:
    asked = [
        target["expr"]
        for board in BOARDS.values()
        for panel in dashboards.panels(board)
        for target in panel["targets"]
        if panel["type"] != "stat" and "by (team" in target["expr"]
    ]
    assert asked
    for expression in asked:
        assert '"team", "no team", "team", "None"' in expression


def test_alerts_are_listed_the_worst_first_and_lead_to_their_runbooks() -> None:
    panel = panel_of("llmmon-overview", "Alerts that fire now")
    assert [(by["displayName"], by["desc"]) for by in panel["options"]["sortBy"]] == [
        ("Severity", False),
        ("Lasts for", True),
    ]
    assert panel["fieldConfig"]["defaults"]["noValue"] == "No alert fires" != NO_TRAFFIC
    severities = [severity for _, (severity, _) in sorted(overview.SEVERITIES.items())]
    assert severities == ["critical", "warning", "info"]
    assert {alert["labels"]["severity"] for alert in everything()} <= {*severities, "none"}
    assert "${runbooks}/${__value.raw}.md" in json.dumps(panel)
    assert "${alertmanager}/#/silences/new?filter=%7Balertname%3D%22${__value.raw}%22%7D" in json.dumps(panel)
    assert {"alertstate", "component", "source"}.isdisjoint(
        re.findall(r"\w+", panel["targets"][0]["expr"].split(")")[0])
    )


@pytest.mark.parametrize("panel", PANELS)
def test_a_panel_leads_to_the_runbooks_of_the_alerts_that_it_names(panel: dict[str, Any]) -> None:
    alerts = list(dict.fromkeys(ALERT.findall(panel["description"])))
    assert [link["url"] for link in panel.get("links", [])] == [f"${{runbooks}}/{alert}.md" for alert in alerts]
    for alert in alerts:
        assert (rendering.REPOSITORY / "docs" / "runbooks" / f"{alert}.md").is_file()


@pytest.mark.parametrize(
    ("name", "variable", "default"),
    [
        ("runbooks", "llmmon_runbook_base_url", frame.DEFAULT_RUNBOOKS),
        ("alertmanager", "llmmon_alertmanager_external_url", frame.DEFAULT_ALERTMANAGER),
    ],
)
def test_addresses_are_those_that_the_rules_say(name: str, variable: str, default: str) -> None:
    for given, recorded in (({variable: "https://ops.example/a/"}, "https://ops.example/a"), ({}, default)):
        rules = catalogue.rules(rendering.render_rules(**given))
        (rule,) = [rule for rule in rules if rule.get("record") == f"llmmon:{name}"]
        assert rule["labels"] == {"url": recorded}


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
