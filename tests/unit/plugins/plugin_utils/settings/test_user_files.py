"""Files of the user's own: looked for beside the inventory first, and missed before a host is touched."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.user_files import user_file_problems, user_files


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
    assert user_file_problems({"rules.d/x.yml": path}, places) == []


def test_an_absolute_path_and_one_of_the_home_are_what_they_are(
    places: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "playbooks"))
    absolute = str(tmp_path / "inventories/b.yml")
    found = user_files({"a": absolute, "b": "~/c.yml"}, places)
    assert found == {"a": absolute, "b": str(tmp_path / "playbooks/c.yml")}


@pytest.mark.parametrize(
    ("goes_to", "variable"),
    [
        ("rules.d/x.yml", "llmmon_prometheus_rule_files: "),
        ("scrape.d/x.yml", "llmmon_prometheus_scrape_config_files: "),
        ("templates.d/x.tmpl", "llmmon_alertmanager_template_files: "),
        ("dashboards/team/x.json", "llmmon_grafana_dashboard_files or llmmon_grafana_folders: "),
        ("ldap.toml", "llmmon_grafana_ldap_file: "),
        ("secrets/ca.pem", "the file for secrets/ca.pem: "),
    ],
)
def test_a_file_that_is_nowhere_is_missed_by_its_variable(goes_to: str, variable: str, places: list[str]) -> None:
    assert user_files({goes_to: "x.yml"}, places) == {goes_to: "x.yml"}
    (problem,) = user_file_problems({goes_to: "x.yml"}, places)
    assert problem == f"{variable}there is no file x.yml in {', '.join(places)}; correct the path"
    (problem,) = user_file_problems({goes_to: "/nowhere/x.yml"}, places)
    assert problem == f"{variable}there is no file /nowhere/x.yml; correct the path"


def test_what_is_no_text_is_named(places: list[str], tmp_path: Path) -> None:
    (tmp_path / "inventories/mine/bad.yml").write_bytes(b"\xff\xfe")
    (problem,) = user_file_problems({"scrape.d/bad.yml": "bad.yml"}, places)
    assert problem.endswith("inventories/mine/bad.yml cannot be read: it is not text in UTF-8")


def test_a_dashboard_that_is_not_json_is_named_with_the_place(places: list[str], tmp_path: Path) -> None:
    path = tmp_path / "inventories/mine/board.json"
    path.write_text('{\n"uid" 1}')
    (problem,) = user_file_problems({"dashboards/board.json": "board.json"}, places)
    assert problem.startswith("llmmon_grafana_dashboard_files or llmmon_grafana_folders: ")
    assert f"{path} is not valid JSON: line 2, column 7: " in problem
    path.write_bytes(b'\xef\xbb\xbf{"uid": "a"}')
    assert user_file_problems({"dashboards/board.json": "board.json"}, places) == []
