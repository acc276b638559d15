"""Directories and their owners."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.look.directories import MODE, access, plan
from ansible_collections.llmmon.stack.plugins.modules import host_directories
from ansible_collections.llmmon.stack.plugins.modules.host_directories import shown

from tests.support.modules import run_module

# -- plan


@pytest.mark.parametrize(
    ("actual", "planned"),
    [
        (None, True),
        ((7, 8, MODE), False),
        ((0, 8, MODE), True),
        ((7, 0, MODE), True),
        ((7, 8, 0o755), True),
        ((7, 8, 0o2750), True),
    ],
)
def test_what_is_not_as_it_should_be_is_planned(actual: tuple[int, int, int] | None, planned: bool) -> None:
    wanted = [{"path": "/a", "owner": 7, "group": 8}]
    assert plan(wanted, {"/a": actual}) == (wanted if planned else [])


def test_a_diff_has_a_line_a_directory() -> None:
    assert shown({"/a": (7, 8, 0o750), "/b": None}) == "/a 7:8 0750\n"


# -- the module


def make(*directories: tuple[Path, int], check_mode: bool = False) -> dict[str, Any]:
    wanted = [{"path": str(path), "owner": owner, "group": owner} for path, owner in directories]
    return run_module(host_directories, {"directories": wanted}, check_mode=check_mode)


def owner(path: Path) -> int:
    return path.lstat().st_uid


@pytest.mark.usefixtures("as_root")
def test_directories_are_made_once(tmp_path: Path) -> None:
    first, second = tmp_path / "var" / "one", tmp_path / "var" / "two"
    rehearsed = make((first, 7), (second, 8), check_mode=True)
    assert (rehearsed["changed"], rehearsed["directories"]) == (True, [str(first), str(second)])
    assert not (tmp_path / "var").exists()

    umask = os.umask(0o077)
    try:
        made = make((first, 7), (second, 8))
    finally:
        os.umask(umask)
    assert made["diff"] == {"before": "", "after": f"{first} 7:7 0750\n{second} 8:8 0750\n"}
    assert (access(first), access(second)) == ((7, 7, 0o750), (8, 8, 0o750))

    again = make((first, 7), (second, 8))
    assert (again["changed"], again["directories"]) == (False, [])


@pytest.mark.usefixtures("as_root")
def test_what_lies_in_a_directory_changes_hands_with_it(tmp_path: Path) -> None:
    data, outside = tmp_path / "data", tmp_path / "outside"
    (data / "wal").mkdir(parents=True)
    (data / "wal" / "1").write_text("x")
    outside.write_text("x")
    (data / "link").symlink_to(outside)
    assert make((data, 7))["changed"]
    assert {owner(path) for path in (data, data / "wal", data / "wal" / "1", data / "link")} == {7}
    # Links are changed, not what they point at.
    assert owner(outside) == os.getuid()


@pytest.mark.usefixtures("as_root")
def test_a_wrong_mode_does_not_touch_what_lies_in_it(tmp_path: Path) -> None:
    make((tmp_path / "data", 7))
    (tmp_path / "data" / "file").write_text("x")
    (tmp_path / "data").chmod(0o777)
    assert make((tmp_path / "data", 7))["changed"]
    assert access(tmp_path / "data") == (7, 7, 0o750)
    assert owner(tmp_path / "data" / "file") == os.getuid()


@pytest.mark.usefixtures("as_root")
@pytest.mark.parametrize("parent_first", [True, False])
def test_a_directory_within_another_keeps_its_owner(parent_first: bool, tmp_path: Path) -> None:
    parent, child = tmp_path / "data", tmp_path / "data" / "grafana"
    wanted = [(parent, 7), (child, 8)] if parent_first else [(child, 8), (parent, 7)]
    make((child, 8))
    (child / "file").write_text("x")
    os.chown(child / "file", 8, 8)
    assert make(*wanted)["changed"]
    assert (owner(parent), owner(child), owner(child / "file")) == (7, 8, 8)
    assert not make(*wanted)["changed"]


@pytest.mark.usefixtures("as_root")
def test_a_file_that_vanishes_meanwhile_is_no_trouble(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = tmp_path / "data"
    data.mkdir()
    for name in ("a", "b"):
        (data / name).write_text("x")
    change = os.chown

    def vanish(path: Path, *arguments: Any, **options: Any) -> None:
        if Path(path).name == "a":
            Path(path).unlink()
        change(path, *arguments, **options)

    monkeypatch.setattr(os, "chown", vanish)
    assert not make((data, 7))["failed"]
    assert (owner(data), owner(data / "b")) == (7, 7)


def test_a_file_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("x")
    answer = make((tmp_path / "data", 7))
    assert answer["msg"] == f"a directory cannot be made: {tmp_path}/data: File exists"


@pytest.mark.usefixtures("as_root")
def test_a_directory_that_is_made_once_is_then_somebody_else_s(tmp_path: Path) -> None:
    own = tmp_path / "own.d"

    def made() -> dict[str, Any]:
        wanted = [{"path": str(own), "owner": 0, "group": 7, "once": True}]
        return run_module(host_directories, {"directories": wanted})

    assert made()["changed"]
    assert access(own) == (0, 7, MODE)
    os.chown(own, 8, 8)
    own.chmod(0o755)
    again = made()
    assert (again["changed"], again["diff"]["before"]) == (False, again["diff"]["after"])
    assert access(own) == (8, 8, 0o755)
