"""Dashboards in files: what is refused, what is left out, and the inputs that are filled in."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.dashboards.model import BadDashboard, Dashboard, own_model
from ansible_collections.llmmon.stack.plugins.module_utils.dashboards.parse import check_set, dashboard_of, load

from tests.support.dashboards import MODEL, OWNER, dashboard

# -- what a file may hold


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "a.json is not valid JSON: line 1, column 2: "),
        ('{\n  "a": 1,\n  "b" 2\n}', "a.json is not valid JSON: line 3, column 7: Expecting ':' delimiter"),
        ('{"a": NaN}', "a.json is not valid JSON: NaN is not JSON"),
        ("", "a.json is not valid JSON: line 1, column 1: "),
        ("[" * 200_000, "a.json is nested too deeply to be a dashboard"),
        ("[]", "a.json does not hold a JSON object"),
        ("null", "a.json does not hold a JSON object"),
        ('{"uid": "a"}', "a.json has no title"),
        ('{"uid": "a", "title": " "}', "a.json has no title"),
        ('{"uid": "a", "title": 1}', "a.json has no title"),
        ('{"title": "a"}', "a.json needs a uid of 1 to 40 letters, digits, '-' or '_', but has None"),
        ('{"title": "a", "uid": ""}', "but has ''"),
        ('{"title": "a", "uid": 7}', "but has 7"),
        ('{"title": "a", "uid": "a b"}', "but has 'a b'"),
        ('{"title": "a", "uid": "a\\n"}', "but has 'a\\n'"),
        (json.dumps({"title": "a", "uid": "x" * 41}), "1 to 40"),
        ('{"apiVersion": "dashboard.grafana.app/v2beta1", "spec": {"elements": {}}}', "is in Grafana's schema v2"),
        ('{"title": "a", "uid": "a", "__elements": {"x": {}}}', "a.json holds library panels"),
    ],
)
@pytest.mark.usefixtures("no_collection")
def test_a_file_that_is_no_dashboard_is_refused_by_name(text: str, sentence: str) -> None:
    with pytest.raises(BadDashboard) as caught:
        dashboard_of("a.json", load("a.json", text), OWNER)
    assert sentence in str(caught.value)


def test_what_belongs_to_the_server_is_left_out() -> None:
    content = {"id": 5, "version": 9, "uid": "x" * 40, "title": "  Title ", "a": {"id": 1}, "grafana.app/folder": "x"}
    found = dashboard_of("a.json", content, OWNER)
    assert found.model == {"uid": "x" * 40, "title": "Title", "a": {"id": 1}}
    assert (found.file, found.uid, found.title) == ("a.json", "x" * 40, "Title")
    assert own_model({"id": None, "version": 0}) == {}


@pytest.mark.parametrize(
    "wrapped",
    [
        {"dashboard": {"id": 4, **MODEL}, "meta": {"folderUid": "elsewhere"}},
        {
            "apiVersion": "dashboard.grafana.app/v1beta1",
            "kind": "Dashboard",
            "metadata": {"name": "llm", "annotations": {"grafana.app/folder": "elsewhere"}},
            "spec": {key: value for key, value in MODEL.items() if key != "uid"},
        },
    ],
)
def test_a_dashboard_may_come_as_grafana_s_api_has_it(wrapped: dict[str, Any]) -> None:
    assert dashboard_of("a.json", wrapped, OWNER).model == MODEL


# -- inputs

DECLARED = [
    {"name": "DS_MAIN", "type": "datasource", "pluginId": "prometheus"},
    {"name": "VAR_JOB", "type": "constant", "value": "gateway"},
]


def with_inputs(values: dict[str, str], **more: Any) -> Any:
    panels = [{"datasource": {"uid": "${DS_MAIN}"}, "expr": 'up{job="${VAR_JOB}"} + ${other:csv}'}]
    content = {**MODEL, "__inputs": DECLARED, "__requires": [{}], "panels": panels, **more}
    return dashboard_of("a.json", content, OWNER, "", values).model


@pytest.mark.parametrize(
    "values", [{"DS_MAIN": "prom"}, {"prometheus": "prom"}, {"DS_MAIN": "prom", "prometheus": "x"}]
)
def test_inputs_are_filled_in_by_name_or_by_kind(values: dict[str, str]) -> None:
    model = with_inputs(values)
    assert model["panels"] == [{"datasource": {"uid": "prom"}, "expr": 'up{job="gateway"} + ${other:csv}'}]
    assert not any(key.startswith("__") for key in model)


def test_an_input_without_a_value_is_refused_by_its_name() -> None:
    with pytest.raises(BadDashboard, match=r"a\.json has no value for its input DS_MAIN"):
        with_inputs({"loki": "x"})


def test_a_placeholder_that_nothing_declares_is_refused_unless_it_is_a_variable() -> None:
    panels = [{"datasource": "${DS_MAIN}"}]
    with pytest.raises(BadDashboard, match="no value for its input DS_MAIN"):
        dashboard(panels=panels)
    variables = {"list": [{"name": "DS_MAIN", "type": "datasource"}]}
    assert dashboard(panels=panels, templating=variables).model["panels"] == panels
    found = dashboard_of("a.json", {**MODEL, "panels": panels}, OWNER, "", {"DS_MAIN": "prom"})
    assert found.model["panels"] == [{"datasource": "prom"}]


# -- check_set


@pytest.mark.parametrize(
    ("first", "second", "sentence"),
    [
        (("a", "One", "f"), ("a", "Two", "g"), "b.json and a.json have the same uid 'a'"),
        (("a", "One", "f"), ("b", "ONE", "f"), "b.json and a.json have the same title 'ONE'"),
    ],
)
def test_a_set_in_which_one_would_replace_another_is_refused(
    first: tuple[str, str, str], second: tuple[str, str, str], sentence: str
) -> None:
    files = [
        Dashboard(f"{file}.json", uid, title, {}, folder)
        for file, (uid, title, folder) in zip("ab", (first, second), strict=True)
    ]
    with pytest.raises(BadDashboard) as caught:
        check_set(files)
    assert str(caught.value) == sentence


def test_a_set_of_different_dashboards_is_fine() -> None:
    # Uids differ by letter case, titles do not; in another folder a title may stand again.
    check_set(
        [
            Dashboard("a.json", "a", "One", {}, "f"),
            Dashboard("b.json", "A", "Two", {}, "f"),
            Dashboard("c.json", "c", "One", {}, "g"),
        ]
    )
