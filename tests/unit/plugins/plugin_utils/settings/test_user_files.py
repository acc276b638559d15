"""Files of the user's own: looked for beside the inventory first, and missed before a host is touched."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.user_files import (
    placed_files,
    scrape_jobs,
    user_file_problems,
    user_files,
)


@pytest.fixture
def places(tmp_path: Path) -> list[str]:
    """An inventory, the folder that it is in, and the playbooks; each has some of the files."""
    for path in ("inventories/mine/files/a.yml", "inventories/b.yml", "playbooks/files/a.yml", "playbooks/c.yml"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("groups: []\n")
    return [str(tmp_path / name) for name in ("inventories/mine", "inventories", "playbooks")]


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("files/a.yml", "inventories/mine/files/a.yml"),
        ("b.yml", "inventories/b.yml"),
        ("../b.yml", "inventories/b.yml"),
        ("c.yml", "playbooks/c.yml"),
    ],
)
def test_the_place_nearest_to_the_inventory_wins(path: str, found: str, places: list[str], tmp_path: Path) -> None:
    assert user_files({"rules.d/x.yml": path}, places) == {"rules.d/x.yml": str(tmp_path / found)}
    assert user_file_problems([path], "llmmon_x", places=places) == []


def test_an_absolute_path_and_one_of_the_home_are_what_they_are(
    places: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "playbooks"))
    absolute = str(tmp_path / "inventories/b.yml")
    found = user_files({"a": absolute, "b": "~/c.yml"}, places)
    assert found == {"a": absolute, "b": str(tmp_path / "playbooks/c.yml")}


def test_two_files_of_one_name_are_refused_and_so_is_one_that_is_not_there(tmp_path: Path) -> None:
    paths = [tmp_path / folder / "node.yml" for folder in ("a", "b")]
    for path in paths:
        path.parent.mkdir()
        path.write_text("{}")
    given = [*map(str, paths), "gone.yml"]
    assert user_file_problems(given, "llmmon_x") == [
        "llmmon_x: two files are called node.yml; they would be one on the host, so rename one",
        "llmmon_x: the file gone.yml cannot be read here: No such file or directory; a relative path is looked for"
        " beside the inventory, and then beside the playbook",
    ]


def test_files_go_below_one_folder_and_come_from_the_first_place_that_has_them(tmp_path: Path) -> None:
    (tmp_path / "mine.yml").write_text("{}")
    places = [str(tmp_path / "no"), str(tmp_path)]
    assert placed_files(["mine.yml", "other/gone.yml"], "rules.d", places) == {
        "rules.d/mine.yml": str(tmp_path / "mine.yml"),
        "rules.d/gone.yml": "other/gone.yml",
    }


def test_own_jobs_are_known_by_name(tmp_path: Path) -> None:
    (tmp_path / "mine.yml").write_text("scrape_configs: [{job_name: node}, {job_name: dcgm}]")
    (tmp_path / "odd.yml").write_text("[]")
    (tmp_path / "broken.yml").write_text("scrape_configs: [")
    given = ["mine.yml", "odd.yml", "broken.yml", "gone.yml"]
    assert scrape_jobs(given, [str(tmp_path)]) == ["node", "dcgm"]


def test_folders_of_their_own_may_have_files_of_one_name(tmp_path: Path) -> None:
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "overview.json").write_text("{}")
    paths = [str(tmp_path / folder / "overview.json") for folder in ("a", "b")]
    assert user_file_problems(paths, "llmmon_x", one_folder=False) == []


def test_what_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "bad.yml").write_bytes(b"\xff\xfe")
    (problem,) = user_file_problems(["bad.yml"], "llmmon_x", places=[str(tmp_path)])
    assert problem.startswith("llmmon_x: the file bad.yml cannot be read here: it is not text")


def test_a_dashboard_that_is_not_json_is_named_with_the_place(tmp_path: Path) -> None:
    path = tmp_path / "board.json"
    path.write_text('{\n"uid" 1}')
    (problem,) = user_file_problems(["board.json"], "llmmon_x", places=[str(tmp_path)])
    assert problem.startswith(f"llmmon_x: {path} is not valid JSON: line 2, column 7: ")
    path.write_bytes(b'\xef\xbb\xbf{"uid": "a"}')
    assert user_file_problems(["board.json"], "llmmon_x", places=[str(tmp_path)]) == []
