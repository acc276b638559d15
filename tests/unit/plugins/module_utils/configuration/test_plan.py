"""What is planned for a configuration tree, what a diff of it shows, and the secrets that are made up."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.configuration.plan import (
    HIDDEN,
    HIDDEN_NEW,
    generated_secrets,
    plan_tree,
    tree_differences,
)
from ansible_collections.llmmon.stack.plugins.module_utils.configuration.releases import (
    CURRENT,
    RUNNING,
    File,
    Releases,
)

GROUP = 4711
TOKEN = "tok-5f1c9e"  # noqa: S105 - made up for these tests
SECOND_TOKEN = "tok-77aa01"  # noqa: S105


# -- plan


@pytest.mark.usefixtures("as_root")
def test_a_plan_tells_what_was_added_changed_and_removed(tmp_path: Path) -> None:
    releases = Releases(tmp_path)
    name = "20260101T000000.000000Z"
    releases.write(name, [File("same", "1"), File("changed", "1"), File("removed", "1")], GROUP)
    releases.point(CURRENT, name)
    wanted = [File("same", "1"), File("changed", "2"), File("added", "1")]
    steps = plan_tree(wanted, releases, GROUP, 2)
    assert steps.changed_files == ["added", "changed", "removed"]
    assert steps.wrong_access == steps.edited_by_hand == steps.stale == []
    assert steps.write_needed
    assert steps.reload_owed


@pytest.mark.usefixtures("as_root")
def test_nothing_to_do_is_planned_as_nothing(tmp_path: Path) -> None:
    releases = Releases(tmp_path)
    name = "20260101T000000.000000Z"
    wanted = [File("a", "ä\r\n"), File("secrets/b", "1", secret=True)]
    releases.write(name, wanted, GROUP)
    for link in (CURRENT, RUNNING):
        releases.point(link, name)
    steps = plan_tree(wanted, releases, GROUP, 2)
    assert not steps.changed
    assert not steps.write_needed


@pytest.mark.usefixtures("as_root")
def test_a_release_that_was_never_proved_to_run_owes_a_reload(tmp_path: Path) -> None:
    releases = Releases(tmp_path)
    names = ["20260101T000000.000000Z", "20260102T000000.000000Z"]
    for name in names:
        releases.write(name, [File("a", "1")], GROUP)
    releases.point(RUNNING, names[0])
    releases.point(CURRENT, names[1])
    steps = plan_tree([File("a", "1")], releases, GROUP, 2)
    assert steps.reload_owed
    assert steps.changed
    assert not steps.write_needed
    assert not plan_tree([File("a", "1")], Releases(tmp_path / "new"), GROUP, 2).reload_owed


# -- differences


def test_differences_show_files_and_hide_secrets() -> None:
    wanted = [
        File("a.yml", "new\n"),
        File("b.yml", "fresh\n"),
        File("secrets/kept", SECOND_TOKEN, secret=True),
        File("secrets/new", TOKEN, secret=True),
    ]
    actual = {"a.yml": b"old\n", "gone.yml": b"gone\n", "secrets/kept": TOKEN.encode(), "secrets/gone": TOKEN.encode()}
    found = tree_differences(wanted, actual, sorted({file.path for file in wanted} | set(actual)))
    shown = {entry["after_header"]: (entry["before"], entry["after"]) for entry in found}
    assert shown == {
        "a.yml": ("old\n", "new\n"),
        "b.yml": ("", "fresh\n"),
        "gone.yml": ("gone\n", ""),
        "secrets/kept": (HIDDEN, HIDDEN_NEW),
        "secrets/new": ("", HIDDEN_NEW),
        "secrets/gone": (HIDDEN, ""),
    }
    assert HIDDEN != HIDDEN_NEW
    assert "tok-" not in json.dumps(found)


def test_of_a_whole_file_that_is_generated_only_its_length_is_shown() -> None:
    wanted = [
        File("dashboards/ours.json", "1\n2\n3\n"),
        File("dashboards/theirs.json", "{}\n"),
        File("rules/a.yml", "b\n"),
    ]
    actual = {"rules/a.yml": b"a\n", "rules/gone.yml": b"1\n2\n"}
    changed = sorted({file.path for file in wanted} | set(actual))
    found = tree_differences(wanted, actual, changed, ["rules/*", "dashboards/ours.json"])
    assert {entry["after_header"]: (entry["before"], entry["after"]) for entry in found} == {
        "dashboards/ours.json": ("", "<generated, 3 lines, not shown>\n"),
        "dashboards/theirs.json": ("", "{}\n"),
        "rules/a.yml": ("a\n", "b\n"),
        "rules/gone.yml": ("<generated, 2 lines, not shown>\n", ""),
    }


def test_a_file_that_is_no_text_can_be_shown() -> None:
    found = tree_differences([File("a", "x")], {"a": b"\xff\xfe"}, ["a"])
    assert found[0]["after"] == "x"


# -- generated secrets


def test_generated_secrets_are_made_up_once_and_given_ones_win() -> None:
    first = generated_secrets([], ["one", "two"], {})
    assert [file.path for file in first] == ["secrets/one", "secrets/two"]
    assert all(file.secret and len(file.content) > 30 for file in first)
    assert first[0].content != first[1].content
    again = generated_secrets([], ["one", "two"], {file.path: file.content.encode() for file in first})
    assert again == first
    given = [File("secrets/one", TOKEN, secret=True)]
    assert [file.path for file in generated_secrets(given, ["one", "two"], {})] == ["secrets/two"]
