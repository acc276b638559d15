"""Settings from the environment or a .env file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.plugins.loader import lookup_loader
from ansible.template import Templar, trust_as_template
from ansible_collections.llmmon.stack.plugins.lookup.dotenv import find_file

NAME = "LLMMON_TEST_SETTING"


@pytest.fixture(autouse=True)
def unset(monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment says nothing unless the test does."""
    monkeypatch.delenv(NAME, raising=False)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project as ours: its root has ansible.cfg and roles, its playbooks a configuration of their own."""
    root = tmp_path / "home" / "project"
    for directory in ("roles", "playbooks", "inventories/single"):
        (root / directory).mkdir(parents=True)
    (root / "ansible.cfg").touch()
    (root / "playbooks" / "ansible.cfg").touch()
    return root


def variables(project: Path) -> dict[str, Any]:
    return {"inventory_dir": str(project / "inventories" / "single"), "playbook_dir": str(project / "playbooks")}


def look_up(project: Path, *names: str, **options: Any) -> list[Any]:
    lookup = lookup_loader.get("llmmon.stack.dotenv")
    found: list[Any] = lookup.run(list(names or (NAME,)), variables(project), **options)
    return found


# -- where the file is


@pytest.mark.parametrize("place", ["inventories/single", "playbooks", "."])
def test_the_file_is_found(place: str, project: Path) -> None:
    (project / place / ".env").write_text(f"{NAME}=x\n")
    assert look_up(project) == ["x"]


def test_the_inventory_s_file_comes_first_then_the_playbook_s(project: Path) -> None:
    places = [project / "inventories" / "single", project / "playbooks", project]
    for place in places:
        (place / ".env").touch()
    for place in places:
        assert find_file(variables(project)) == place / ".env"
        (place / ".env").unlink()
    assert find_file(variables(project)) is None


def test_the_search_ends_at_the_project_s_root(project: Path) -> None:
    # It belongs to something else.
    (project.parent / ".env").write_text(f"{NAME}=theirs\n")
    assert look_up(project) == [""]


def test_a_playbook_outside_of_any_project_may_have_its_file_further_up(project: Path) -> None:
    (project / "ansible.cfg").unlink()
    (project.parent / ".env").write_text(f"{NAME}=x\n")
    assert look_up(project) == ["x"]


def test_an_inventory_at_the_root_does_not_hide_the_playbook_s_file(project: Path) -> None:
    (project / "playbooks" / ".env").touch()
    both = {"inventory_dir": str(project), "playbook_dir": str(project / "playbooks")}
    assert find_file(both) == project / "playbooks" / ".env"


def test_a_playbook_at_the_root_looks_no_further(project: Path) -> None:
    (project.parent / ".env").touch()
    assert find_file({"playbook_dir": str(project)}) is None


def test_a_playbook_of_an_installed_collection_has_its_file_where_ansible_is_run(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = tmp_path / "collections" / "ansible_collections" / "llmmon" / "stack" / "playbooks"
    installed.mkdir(parents=True)
    (tmp_path / "collections" / ".env").touch()
    (installed / ".env").touch()
    places = {"inventory_dir": str(project / "inventories" / "single"), "playbook_dir": str(installed)}
    monkeypatch.chdir(project)
    assert find_file(places) is None
    (project / ".env").touch()
    assert find_file(places) == project / ".env"
    (project / "inventories" / "single" / ".env").touch()
    assert find_file(places) == project / "inventories" / "single" / ".env"


def test_without_an_inventory_or_a_playbook_there_is_nothing_to_look_at() -> None:
    assert find_file({}) is None
    assert find_file({"inventory_dir": None}) is None


def test_a_directory_of_that_name_is_no_file(project: Path) -> None:
    (project / ".env").mkdir()
    assert find_file(variables(project)) is None


# -- what it says


def test_the_environment_wins(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / ".env").write_text(f"{NAME}=file\n")
    monkeypatch.setenv(NAME, "environment")
    assert look_up(project) == ["environment"]
    # Whoever writes NAME= before a command takes back what the file says.
    monkeypatch.setenv(NAME, "")
    assert look_up(project) == [""]


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("{}=plain", "plain"),
        ("export {}=exported", "exported"),
        ("{}='single # quoted'", "single # quoted"),
        ('{}="double \\"quoted\\""', 'double "quoted"'),
        ("{}=value # a comment", "value"),
        ("{}=p$HOME-${{HOME}}", "p$HOME-${HOME}"),
        ("{}={{{{ 1 + 1 }}}}", "{{ 1 + 1 }}"),
        ("{}=", ""),
        ("{}", ""),
        ("# {}=x", ""),
    ],
)
def test_lines(line: str, value: str, project: Path) -> None:
    (project / ".env").write_text(line.format(NAME) + "\n")
    assert look_up(project) == [value]


def test_a_value_is_no_template(project: Path) -> None:
    (project / ".env").write_text(f"{NAME}='{{{{ 1 + 1 }}}}'\n")
    templar = Templar(loader=DataLoader(), variables=variables(project))
    expression = f"{{{{ lookup('llmmon.stack.dotenv', '{NAME}') }}}}"
    assert templar.template(trust_as_template(expression)) == "{{ 1 + 1 }}"


def test_names_are_answered_in_order_and_the_default_fills_in(project: Path) -> None:
    (project / ".env").write_text("LLMMON_TEST_A=a\nLLMMON_TEST_B=b\n")
    assert look_up(project, "LLMMON_TEST_B", NAME, "LLMMON_TEST_A", default="d") == ["b", "d", "a"]
    assert look_up(project, NAME) == [""]


# -- what goes wrong


def test_a_file_that_cannot_be_read_is_named(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / ".env").touch()

    def denied(*_: Any, **__: Any) -> None:
        raise PermissionError(13, "Permission denied")

    # Root can read everything, so no mode would do.
    monkeypatch.setattr("dotenv.dotenv_values", denied)
    with pytest.raises(AnsibleError, match=rf"{project}/\.env cannot be read: Permission denied"):
        look_up(project)


def test_a_file_that_is_no_text_is_named(project: Path) -> None:
    (project / ".env").write_bytes(b"A=\xff\xfe\n")
    with pytest.raises(AnsibleError, match=rf"{project}/\.env cannot be read: it is not text in UTF-8"):
        look_up(project)


def test_the_library_is_asked_for_only_when_there_is_a_file(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "dotenv", None)
    assert look_up(project, default="d") == ["d"]
    (project / ".env").touch()
    with pytest.raises(AnsibleError, match="needs python-dotenv on the controller"):
        look_up(project)
