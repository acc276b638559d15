"""Dashboards that a host sent become files: where they belong, and what no host may have written."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template
from ansible_collections.llmmon.stack.plugins.module_utils.dashboards.edits import judge
from ansible_collections.llmmon.stack.plugins.module_utils.dashboards.model import BadDashboard
from ansible_collections.llmmon.stack.plugins.module_utils.dashboards.plan import Edit
from ansible_collections.llmmon.stack.plugins.plugin_utils.exported import Homecoming

from tests.support.dashboards import MODEL, OWNER, dashboard, served
from tests.support.rendering import REPOSITORY, role_variables

ROLE = REPOSITORY / "roles" / "grafana"


def sent(uid: str = "llm", **more: Any) -> dict[str, Any]:
    model = {**MODEL, "uid": uid, **more}
    return {"uid": uid, "folder_uid": "llmmon", "saved_by": "anna", "saved_at": "", "content": json.dumps(model)}


def home(directory: Path, *dashboards: dict[str, Any], files: tuple[Path, ...] = ()) -> Homecoming:
    found = Homecoming(OWNER, directory, files)
    found.plan(dashboards)
    return found


# -- where a dashboard belongs


def test_a_dashboard_goes_to_the_file_that_it_comes_from(tmp_path: Path) -> None:
    own, there = tmp_path / "own.json", tmp_path / "dashboards" / "there.json"
    there.parent.mkdir()
    own.write_text(json.dumps({**MODEL, "uid": "one"}))
    there.write_text(json.dumps({**MODEL, "uid": "two"}))
    edits = [sent(uid, description="by hand") for uid in ("one", "two", "three")]
    run = home(there.parent, *edits, files=(own, tmp_path / "none.json"))
    assert [(row["file"], row["is_new"]) for row in run.report] == [
        (str(own), False),
        (str(there), True),
        (str(there.parent / "three.json"), True),
    ]
    assert "by hand" not in own.read_text()
    run.write()
    assert [json.loads(Path(row["file"]).read_text())["description"] for row in run.report] == ["by hand"] * 3
    assert not home(there.parent, *edits, files=(own,)).changed


def test_a_file_that_holds_it_already_stays_as_it_was_laid_out(tmp_path: Path) -> None:
    file = tmp_path / "llm.json"
    file.write_text(json.dumps({**MODEL, "id": 7, "version": 3, "iteration": 1, "tags": ["a", "b", OWNER.tag]}))
    before = file.read_text()
    run = home(tmp_path, sent())
    run.write()
    assert ([row["action"] for row in run.report], run.changed, file.read_text()) == (["unchanged"], False, before)


def test_what_is_written_is_sorted_and_without_what_is_the_servers(tmp_path: Path) -> None:
    run = home(tmp_path / "new" / "folder", sent(id=7, version=3, iteration=1, tags=["a", OWNER.tag]))
    run.write()
    model = json.loads((tmp_path / "new" / "folder" / "llm.json").read_text())
    assert list(model) == sorted(model)
    assert model == {**MODEL, "tags": ["a"]}


def test_what_looks_like_a_template_is_written_as_it_is(tmp_path: Path) -> None:
    title = "{{ lookup('ansible.builtin.pipe', 'id') }} ${DS_X} \ud800 ü"
    run = home(tmp_path, sent(title=title))
    run.write()
    assert json.loads((tmp_path / "llm.json").read_text())["title"] == title


# -- what no host may have written


@pytest.mark.parametrize("uid", ["../x", "/etc/x", "a/b", "..", "", "a\x00b", "a\nb", "x" * 41, "~root", "a b"])
def test_a_uid_that_could_lead_elsewhere_is_refused(tmp_path: Path, uid: str) -> None:
    run = Homecoming(OWNER, tmp_path / "dest", [])
    with pytest.raises(BadDashboard, match="is not a valid uid of a dashboard"):
        run.plan([sent("fine"), sent(uid)])
    assert list(tmp_path.iterdir()) == []


def test_a_title_names_no_file(tmp_path: Path) -> None:
    run = home(tmp_path / "dest", sent(title="../../etc/passwd"))
    run.write()
    assert [path.relative_to(tmp_path) for path in tmp_path.rglob("*.json")] == [Path("dest/llm.json")]


def test_a_link_in_the_folder_is_replaced_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "dest").mkdir()
    (tmp_path / "elsewhere").write_text("of somebody else")
    (tmp_path / "dest" / "llm.json").symlink_to(tmp_path / "elsewhere")
    run = home(tmp_path / "dest", sent())
    run.write()
    assert (tmp_path / "elsewhere").read_text() == "of somebody else"
    assert json.loads((tmp_path / "dest" / "llm.json").read_text()) == MODEL


def test_two_that_are_one_file_on_some_disks_are_refused(tmp_path: Path) -> None:
    with pytest.raises(BadDashboard, match=r"the dashboards llm and LLM would both be .*/LLM\.json"):
        home(tmp_path, sent("llm"), sent("LLM"))


# -- what is an edit


@pytest.mark.parametrize(
    ("changes", "last", "expected"),
    [
        ({}, None, False),
        ({"description": "by hand"}, None, True),
        ({"description": "by hand"}, "", True),
        ({"description": "by hand"}, "Pushed by llmmon (other 0123456789abcdef)", True),
        ({"description": "of a file before"}, "Pushed by llmmon (llmmon 0123456789abcdef)", False),
        ({"tags": ["a", "b", OWNER.tag], "iteration": 3}, "", False),
    ],
)
def test_an_edit_is_what_differs_and_was_not_pushed(changes: dict[str, Any], last: str | None, expected: bool) -> None:
    version = None if last is None else Edit(3, "anna", "now", last)
    found = judge("llm", served({**MODEL, **changes}), dashboard(), version, OWNER)
    assert (found.is_edited, found.folder_uid) == (expected, "llmmon")


def test_what_grafana_provisions_is_none_and_that_is_said() -> None:
    answer = served({**MODEL, "description": "x"}, provisionedExternalId="llm.json")
    found = judge("llm", answer, None, None, OWNER)
    assert (found.is_edited, found.warning) == (
        False,
        "the dashboard llm is not exported: Grafana provisions it from a file",
    )


# -- an edit of a dashboard that llmmon brings stays


def test_a_file_of_the_users_takes_the_place_of_the_shipped_one_with_its_name() -> None:
    def shipped(*files: str) -> list[str]:
        variables = role_variables(ROLE) | {"role_path": str(ROLE), "llmmon_grafana_dashboard_files": list(files)}
        templar = Templar(loader=DataLoader(), variables=variables)
        pushed: list[str] = templar.template(trust_as_template("{{ __llmmon_grafana_dashboards }}"))
        return [path for path in pushed if path.endswith("/llmmon-overview.json")]

    assert shipped("files/queues.json") == [str(ROLE / "files" / "dashboards" / "llmmon-overview.json")]
    assert shipped("files/dashboards/llmmon-overview.json") == ["files/dashboards/llmmon-overview.json"]


# -- a place that Ansible does not read as an inventory


@pytest.mark.parametrize(
    ("sources", "ignored", "expected"),
    [
        (["/srv/mine"], "^files$", "/srv/mine"),
        (["/srv/mine"], "^nothing$", "/srv"),
        (["/srv/mine/hosts.yml"], "^nothing$", "/srv/mine"),
    ],
)
def test_exported_files_are_no_part_of_the_inventory(
    sources: list[str], ignored: str, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANSIBLE_INVENTORY_IGNORE_REGEX", ignored)
    variables = role_variables(ROLE) | {"inventory_dir": "/srv/mine", "ansible_inventory_sources": sources}
    templar = Templar(loader=DataLoader(), variables=variables)
    assert templar.template(trust_as_template("{{ __llmmon_grafana_export_base }}")) == expected
