"""A file is there as a whole, with its access, or not at all."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.host.files import (
    is_unfinished,
    unfinished,
    write_atomically,
    write_new,
)

from tests.support.restore_machine import killed_at


def names(directory: Path) -> list[str]:
    return sorted(path.name for path in directory.iterdir())


@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_content_and_mode_do_not_depend_on_what_was_there_or_on_the_umask(tmp_path: Path, umask: int) -> None:
    path = tmp_path / "file"
    path.write_text("old")
    before = os.umask(umask)
    try:
        write_atomically(path, "nëw\r\n", 0o640)
    finally:
        os.umask(before)
    assert path.read_bytes() == "nëw\r\n".encode()
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert names(tmp_path) == ["file"]


@pytest.mark.usefixtures("as_root")
def test_nobody_else_opens_it_before_it_has_its_owner_and_mode(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    change_owner, change_mode = os.fchown, os.fchmod

    def look(descriptor: int) -> None:
        status = os.fstat(descriptor)
        seen.append((stat.S_IMODE(status.st_mode), status.st_size))

    def owner(descriptor: int, user: int, group: int) -> None:
        look(descriptor)
        change_owner(descriptor, user, group)

    def mode(descriptor: int, wanted: int) -> None:
        look(descriptor)
        change_mode(descriptor, wanted)

    monkeypatch.setattr(os, "fchown", owner)
    monkeypatch.setattr(os, "fchmod", mode)
    write_atomically(tmp_path / "secret", b"s3cret", 0o440, 0, 65534)
    assert seen == [(0, 0), (0, 0)]
    status = (tmp_path / "secret").stat()
    assert (stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid) == (0o440, 0, 65534)


def test_file_and_name_are_on_the_disk_in_this_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced = []

    def note(descriptor: int) -> None:
        target = Path(f"/proc/self/fd/{descriptor}").readlink()
        synced.append(("directory" if target.is_dir() else "file", (tmp_path / "file").exists()))

    monkeypatch.setattr(os, "fsync", note)
    write_atomically(tmp_path / "file", "content", 0o600)
    assert synced == [("file", False), ("directory", True)]


def test_a_failure_leaves_the_old_content_and_nothing_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    path.write_text("old")

    def fail(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="No space left") as raised:
        write_atomically(path, "new", 0o600)
    assert raised.value.filename == str(path)
    assert path.read_text() == "old"
    assert names(tmp_path) == ["file"]
    with pytest.raises(OSError, match="No space left") as raised:
        write_new(tmp_path / "other", "new")
    assert raised.value.filename == str(tmp_path / "other")


def test_what_a_killed_run_left_is_known_by_its_name(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    path.write_text("old")
    assert killed_at(lambda: write_atomically(path, "new", 0o600), 0)
    assert path.read_text() == "old"
    (left,) = unfinished(path)
    assert is_unfinished(left.name, "state.json")
    assert not is_unfinished(left.name, "operation.json")
    assert not is_unfinished("state.json", "state.json")
    write_atomically(path, "new", 0o600)
    assert path.read_text() == "new"


def test_a_name_as_long_as_a_name_may_be(tmp_path: Path) -> None:
    path = tmp_path / ("ä" * 127)
    write_atomically(path, "content", 0o600)
    assert path.read_text() == "content"
    assert unfinished(path) == []


def test_a_new_file_is_never_made_of_one_that_is_there(tmp_path: Path) -> None:
    write_new(tmp_path / "file", "mine")
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o600
    with pytest.raises(FileExistsError):
        write_new(tmp_path / "file", "yours")
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="File exists"):
        write_new(tmp_path / "link", "yours")
    assert not (tmp_path / "elsewhere").exists()
