"""What cannot work has to be said before anything is started."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.testbed import disk, engine, host_image, lifecycle, packages, tools
from tests.testbed.shell import TestbedError


def test_full_disk_is_said_with_numbers(tmp_path: Path) -> None:
    with pytest.raises(TestbedError, match=r"needs 1000000 GB of free disk in .*missing/folder but only .* GB"):
        disk.require_room(tmp_path / "missing" / "folder", 10**15)


def test_room_enough_is_no_news(tmp_path: Path) -> None:
    disk.require_room(tmp_path, 1)


def test_full_disk_keeps_everything_from_starting(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[str] = []
    monkeypatch.setattr(disk, "NEEDED_BYTES", 10**15)
    monkeypatch.setattr(disk.require_room, "__defaults__", (10**15,))
    monkeypatch.setattr(engine, "ensure", lambda: started.append("engine"))
    monkeypatch.setattr(packages, "ensure", lambda *_groups: started.append("packages"))
    monkeypatch.setattr(host_image, "ensure_root_file_system", lambda suite: started.append(suite))
    with pytest.raises(TestbedError, match="free disk"):
        lifecycle.up()
    assert started == []


def test_who_is_not_root_is_told_what_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(TestbedError, match=r"install no-such-package and you are not root"):
        packages.ensure({"no-such-package": "no-such-program"})


def test_installed_programs_need_no_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    packages.ensure({"coreutils": "ls"})


def test_unknown_tool_is_answered_with_the_known_ones() -> None:
    with pytest.raises(TestbedError, match=r"no promtool 1\.0: it has .*promtool 2\.53\.3"):
        tools.tool("promtool", "1.0")


def test_unknown_suite_is_answered_with_the_known_ones() -> None:
    with pytest.raises(TestbedError, match="choose one of bookworm, trixie"):
        host_image.ensure_root_file_system("woody")
