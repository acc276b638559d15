"""Folders of dashboards: their order, what they need, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.dashboards.folders import (
    Folder,
    FolderStep,
    check_title,
    ordered,
    plan_folder,
)
from ansible_collections.llmmon.stack.plugins.module_utils.dashboards.model import BadDashboard


def test_parents_come_before_their_children() -> None:
    leaf, root, middle = Folder("c", "C", "b"), Folder("a", "A"), Folder("b", "B", "a")
    assert ordered([leaf, middle, root]) == [root, middle, leaf]
    # A parent that is not in the list is Grafana's to have.
    assert ordered([leaf]) == [leaf]


@pytest.mark.parametrize(
    ("folders", "sentence"),
    [
        ([Folder("a b", "A")], "needs a uid of 1 to 40 letters"),
        ([Folder("x" * 41, "A")], "needs a uid of 1 to 40 letters"),
        ([Folder("", "A")], "but has ''"),
        ([Folder("general", "A")], "other than general"),
        ([Folder("a", "A"), Folder("a", "B")], "the folder a appears twice in the list"),
        ([Folder("a", "A", "b"), Folder("b", "B", "a")], "contain each other"),
        ([Folder("a", "A", "a")], "contain each other"),
    ],
)
def test_what_grafana_would_not_take_is_refused(folders: list[Folder], sentence: str) -> None:
    with pytest.raises(BadDashboard, match=sentence):
        ordered(folders)


@pytest.mark.parametrize(
    ("served", "nests", "actions"),
    [
        (None, True, ("create",)),
        ({"title": "A", "parentUid": "p", "version": 2}, True, ()),
        ({"title": "Old", "parentUid": "p"}, True, ("rename",)),
        ({"title": "A"}, True, ("move",)),
        ({"title": "Old", "parentUid": "q"}, True, ("rename", "move")),
        ({"title": "A"}, False, ()),
    ],
)
def test_a_folder_gets_what_it_lacks(served: dict[str, Any] | None, nests: bool, actions: tuple[str, ...]) -> None:
    assert plan_folder(Folder("a", "A", "p"), served, nests).actions == actions


def test_a_folder_without_a_title_only_has_to_be_there() -> None:
    assert plan_folder(Folder("a"), {"title": "Any", "parentUid": "p"}, True) == FolderStep(
        Folder("a"), (), None, "Any", "p"
    )
    with pytest.raises(BadDashboard, match="the folder a does not exist and has no title to create it with"):
        plan_folder(Folder("a"), None, True)


def test_a_title_that_another_folder_has_is_refused_by_its_uid() -> None:
    siblings = [{"uid": "a", "title": "Mine"}, {"uid": "b", "title": "TAKEN"}]
    with pytest.raises(BadDashboard, match="'Taken' already exists with the uid b"):
        check_title(Folder("a", "Taken"), siblings)
    check_title(Folder("a", "Mine"), siblings)
