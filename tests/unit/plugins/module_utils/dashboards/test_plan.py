"""What a dashboard needs: compared with what Grafana serves, and judged by who saved that last."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.dashboards.model import (
    BadDashboard,
    Dashboard,
    DashboardOwner,
)
from ansible_collections.llmmon.stack.plugins.module_utils.dashboards.parse import dashboard_of
from ansible_collections.llmmon.stack.plugins.module_utils.dashboards.plan import (
    Edit,
    edit_of,
    judge_edit,
    plan_dashboard,
)

from tests.support.dashboards import MODEL, OWNER, dashboard, served

# -- plan


def test_a_dashboard_that_grafana_lacks_is_created_with_our_tag() -> None:
    step = plan_dashboard(dashboard(), None, OWNER)
    assert (step.action, step.version, step.before, step.tagged) == ("create", None, None, True)


def test_a_dashboard_that_is_the_same_is_left_alone() -> None:
    assert plan_dashboard(dashboard(id=99, version=77), served(), OWNER).action == "unchanged"
    tagged = served({**MODEL, "tags": ["a", "b", OWNER.tag]})
    assert plan_dashboard(dashboard(), tagged, OWNER).action == "unchanged"


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
    assert plan_dashboard(dashboard(**like), served(), OWNER).action == "unchanged"


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
    step = plan_dashboard(dashboard(), served({**MODEL, **changed}), OWNER)
    assert (step.action, step.version, step.tagged) == ("update", 3, False)
    assert step.before == {**MODEL, **changed}


@pytest.mark.parametrize("folder", ["other", "", None])
def test_a_dashboard_in_another_folder_is_moved(folder: str | None) -> None:
    step = plan_dashboard(dashboard(), served(folderUid=folder), OWNER)
    assert (step.action, step.version, step.folder_before) == ("move", 3, folder or "")


def test_the_general_folder_has_no_uid() -> None:
    general = dashboard_of("llm.json", MODEL, OWNER, "")
    assert plan_dashboard(general, served(folderUid=None), OWNER).action == "unchanged"


@pytest.mark.parametrize("provisioned", [True, False])
def test_a_provisioned_dashboard_is_refused(provisioned: bool) -> None:
    # Where the browser may edit it, the name of the file is all that shows.
    answer = served(provisioned=provisioned, provisionedExternalId="/etc/x.json")
    with pytest.raises(BadDashboard, match=r"llm of llm\.json is provisioned by Grafana from a file \(/etc/x\.json\)"):
        plan_dashboard(dashboard(), answer, OWNER)


def test_a_folder_with_the_uid_is_refused() -> None:
    with pytest.raises(BadDashboard, match=r"the uid llm of llm\.json belongs to a folder"):
        plan_dashboard(dashboard(), served(isFolder=True), OWNER)


# -- judge

BY_ANNA = Edit(3, "anna", "2026-01-02T03:04:05Z", "")


def by_us(of: Dashboard, owner: DashboardOwner = OWNER) -> Edit:
    return Edit(3, "admin", "2026-01-02T03:04:05Z", owner.message(of))


def test_what_we_saved_last_is_a_changed_file() -> None:
    step = plan_dashboard(dashboard(), served({**MODEL, "title": "Older"}), OWNER)
    for keep in (True, False):
        judged = judge_edit(step, by_us(dashboard(title="Older")), OWNER, keep)
        assert (judged.action, judged.edit) == ("update", None)


@pytest.mark.parametrize(("keep", "action"), [(False, "update"), (True, "keep")])
@pytest.mark.parametrize("last", [BY_ANNA, by_us(dashboard(), DashboardOwner("another"))])
def test_what_somebody_else_saved_last_is_an_edit(last: Edit, keep: bool, action: str) -> None:
    step = plan_dashboard(dashboard(), served({**MODEL, "title": "Theirs"}), OWNER)
    judged = judge_edit(step, last, OWNER, keep)
    assert (judged.action, judged.edit) == (action, last)


@pytest.mark.parametrize(("keep", "action"), [(False, "move"), (True, "keep")])
def test_a_move_by_somebody_else_is_an_edit_too(keep: bool, action: str) -> None:
    assert judge_edit(plan_dashboard(dashboard(), served(folderUid="x"), OWNER), BY_ANNA, OWNER, keep).action == action


def test_where_versions_cannot_be_read_a_difference_counts_as_an_edit() -> None:
    step = plan_dashboard(dashboard(), served({**MODEL, "title": "Theirs"}), OWNER)
    judged = judge_edit(step, None, OWNER, True)
    assert (judged.action, judged.edit) == ("keep", Edit(3, "anna", "", ""))


def test_what_a_server_adds_to_what_we_pushed_is_no_difference() -> None:
    step = plan_dashboard(dashboard(), served({**MODEL, "preload": False}), OWNER)
    assert judge_edit(step, by_us(dashboard()), OWNER, False).action == "unchanged"
    moved = plan_dashboard(dashboard(), served({**MODEL, "preload": False}, folderUid="x"), OWNER)
    assert judge_edit(moved, by_us(dashboard()), OWNER, False).action == "move"


def test_an_edit_that_has_come_home_is_acknowledged_once() -> None:
    step = plan_dashboard(dashboard(), served(), OWNER)
    assert judge_edit(step, BY_ANNA, OWNER, True).action == "acknowledge"
    assert judge_edit(step, by_us(dashboard()), OWNER, True).action == "unchanged"
    # Where versions cannot be read it would be acknowledged for ever.
    assert judge_edit(step, None, OWNER, True).action == "unchanged"


def test_a_version_is_read_from_the_answer() -> None:
    answer = {"version": 7, "createdBy": "anna", "created": "then", "message": None}
    assert edit_of(answer) == Edit(7, "anna", "then", "")
    assert edit_of([]) is None
    assert edit_of({"message": "x"}) is None
