"""Dashboards as files and as Grafana serves them: what is refused, what is the same, what has to be done."""

from __future__ import annotations

import json
from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.dashboards.model import (
    BadDashboard,
    Dashboard,
    Edit,
    Owner,
    check_set,
    dashboard_of,
    edit_of,
    judge,
    load,
    own_model,
    plan,
    same,
)

OWNER = Owner("llmmon")
MODEL: dict[str, Any] = {
    "uid": "llm",
    "title": "LLM",
    "panels": [{"id": 1, "gridPos": {"h": 8, "w": 12.0}, "targets": [{"expr": "up", "refId": "A"}]}],
    "tags": ["a", "b"],
}


def dashboard(**changes: Any) -> Dashboard:
    return dashboard_of("llm.json", {**MODEL, **changes}, OWNER, "llmmon")


def served(model: dict[str, Any] | None = None, **meta: Any) -> dict[str, Any]:
    """Grafana's answer about a dashboard that it has."""
    return {
        "meta": {"isFolder": False, "provisioned": False, "folderUid": "llmmon", "updatedBy": "anna", **meta},
        "dashboard": {"id": 17, "version": 3, **(MODEL if model is None else model)},
    }


# -- what a file may hold


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "a.json is not valid JSON: line 1, column 2: "),
        ('{\n  "a": 1,\n  "b" 2\n}', "a.json is not valid JSON: line 3, column 7: Expecting ':' delimiter"),
        ('{"a": NaN}', "a.json is not valid JSON: NaN is no JSON"),
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


def test_the_owner_s_tag_is_not_part_of_the_content() -> None:
    assert dashboard(tags=["a", OWNER.tag, "b"]).model == MODEL
    assert "tags" not in dashboard(tags=[OWNER.tag]).model
    assert "tags" not in dashboard(tags=[]).model
    assert OWNER.tagged(MODEL)["tags"] == ["a", "b", "managed-by-llmmon"]


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
    with pytest.raises(BadDashboard, match=r"a\.json leaves its input DS_MAIN open"):
        with_inputs({"loki": "x"})


def test_a_placeholder_that_nothing_declares_is_refused_unless_it_is_a_variable() -> None:
    panels = [{"datasource": "${DS_MAIN}"}]
    with pytest.raises(BadDashboard, match="DS_MAIN open"):
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


# -- plan


def test_a_dashboard_that_grafana_lacks_is_created_with_our_tag() -> None:
    step = plan(dashboard(), None, OWNER)
    assert (step.action, step.version, step.before, step.tagged) == ("create", None, None, True)


def test_a_dashboard_that_is_the_same_is_left_alone() -> None:
    assert plan(dashboard(id=99, version=77), served(), OWNER).action == "unchanged"
    tagged = served({**MODEL, "tags": ["a", "b", OWNER.tag]})
    assert plan(dashboard(), tagged, OWNER).action == "unchanged"


@pytest.mark.parametrize(
    "like",
    [
        pytest.param(
            {"panels": [{**MODEL["panels"][0], "gridPos": {"w": 12, "h": 8.0}}]}, id="numbers and order of keys"
        ),
        pytest.param({"title": " LLM "}, id="blanks around the title"),
    ],
)
def test_spelling_is_no_difference(like: dict[str, Any]) -> None:
    assert plan(dashboard(**like), served(), OWNER).action == "unchanged"


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"tags": ["b", "a"]}, id="the order of a list"),
        pytest.param({"title": "llm"}, id="letter case"),
        pytest.param({"description": ""}, id="an empty value more"),
        pytest.param({"panels": [{**MODEL["panels"][0], "id": 2}]}, id="the id of a panel"),
        pytest.param({"panels": []}, id="a panel less"),
    ],
)
def test_a_difference_is_put_right_with_the_server_s_version(changed: dict[str, Any]) -> None:
    step = plan(dashboard(), served({**MODEL, **changed}), OWNER)
    assert (step.action, step.version, step.tagged) == ("update", 3, False)
    assert step.before == {**MODEL, **changed}


@pytest.mark.parametrize("folder", ["other", "", None])
def test_a_dashboard_in_another_folder_is_moved(folder: str | None) -> None:
    step = plan(dashboard(), served(folderUid=folder), OWNER)
    assert (step.action, step.version, step.folder_before) == ("move", 3, folder or "")


def test_the_general_folder_has_no_uid() -> None:
    general = dashboard_of("llm.json", MODEL, OWNER, "")
    assert plan(general, served(folderUid=None), OWNER).action == "unchanged"


@pytest.mark.parametrize("provisioned", [True, False])
def test_a_provisioned_dashboard_is_refused(provisioned: bool) -> None:
    # Where the browser may edit it, the name of the file is all that shows.
    answer = served(provisioned=provisioned, provisionedExternalId="/etc/x.json")
    with pytest.raises(
        BadDashboard, match=r"llm of llm\.json is provisioned from a file of Grafana's \(/etc/x\.json\)"
    ):
        plan(dashboard(), answer, OWNER)


def test_a_folder_with_the_uid_is_refused() -> None:
    with pytest.raises(BadDashboard, match=r"the uid llm of llm\.json belongs to a folder"):
        plan(dashboard(), served(isFolder=True), OWNER)


@pytest.mark.parametrize(("one", "other"), [(1, True), (0, False), ([1], [True]), ({"a": 0}, {"a": False}), (1, "1")])
def test_true_is_not_one(one: Any, other: Any) -> None:
    assert not same(one, other)
    assert same(one, one)


# -- judge

BY_ANNA = Edit(3, "anna", "2026-01-02T03:04:05Z", "")


def by_us(of: Dashboard, owner: Owner = OWNER) -> Edit:
    return Edit(3, "admin", "2026-01-02T03:04:05Z", owner.message(of))


def test_what_we_saved_last_is_a_changed_file() -> None:
    step = plan(dashboard(), served({**MODEL, "title": "Older"}), OWNER)
    for keep in (True, False):
        judged = judge(step, by_us(dashboard(title="Older")), OWNER, keep)
        assert (judged.action, judged.edit) == ("update", None)


@pytest.mark.parametrize(("keep", "action"), [(False, "update"), (True, "keep")])
@pytest.mark.parametrize("last", [BY_ANNA, by_us(dashboard(), Owner("another"))])
def test_what_somebody_else_saved_last_is_an_edit(last: Edit, keep: bool, action: str) -> None:
    step = plan(dashboard(), served({**MODEL, "title": "Theirs"}), OWNER)
    judged = judge(step, last, OWNER, keep)
    assert (judged.action, judged.edit) == (action, last)


@pytest.mark.parametrize(("keep", "action"), [(False, "move"), (True, "keep")])
def test_a_move_by_somebody_else_is_an_edit_too(keep: bool, action: str) -> None:
    assert judge(plan(dashboard(), served(folderUid="x"), OWNER), BY_ANNA, OWNER, keep).action == action


def test_where_versions_cannot_be_read_a_difference_counts_as_an_edit() -> None:
    step = plan(dashboard(), served({**MODEL, "title": "Theirs"}), OWNER)
    judged = judge(step, None, OWNER, True)
    assert (judged.action, judged.edit) == ("keep", Edit(3, "anna", "", ""))


def test_what_a_server_adds_to_what_we_pushed_is_no_difference() -> None:
    step = plan(dashboard(), served({**MODEL, "preload": False}), OWNER)
    assert judge(step, by_us(dashboard()), OWNER, False).action == "unchanged"
    moved = plan(dashboard(), served({**MODEL, "preload": False}, folderUid="x"), OWNER)
    assert judge(moved, by_us(dashboard()), OWNER, False).action == "move"


def test_an_edit_that_has_come_home_is_acknowledged_once() -> None:
    step = plan(dashboard(), served(), OWNER)
    assert judge(step, BY_ANNA, OWNER, True).action == "acknowledge"
    assert judge(step, by_us(dashboard()), OWNER, True).action == "unchanged"
    # Where versions cannot be read it would be acknowledged for ever.
    assert judge(step, None, OWNER, True).action == "unchanged"


def test_a_version_is_read_from_the_answer() -> None:
    answer = {"version": 7, "createdBy": "anna", "created": "then", "message": None}
    assert edit_of(answer) == Edit(7, "anna", "then", "")
    assert edit_of([]) is None
    assert edit_of({"message": "x"}) is None
    assert OWNER.pushed("Pushed by llmmon (llmmon 0123456789abcdef)") == "0123456789abcdef"
    assert OWNER.pushed("Pushed by llmmon (llmmon 0123456789abcdef) or not") is None
