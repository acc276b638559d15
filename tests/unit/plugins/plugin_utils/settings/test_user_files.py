"""Lists of the user's own files."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.user_files import (
    placed_files,
    scrape_jobs,
    user_file_problems,
)


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
