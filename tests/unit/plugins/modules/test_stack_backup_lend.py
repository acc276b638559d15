"""A copy for the user who fetches an archive: nobody else's, with room for it, and gone with the next backup."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.backup import lending
from ansible_collections.llmmon.stack.plugins.module_utils.backup.run import back_up
from ansible_collections.llmmon.stack.plugins.module_utils.host.operation import Operations
from ansible_collections.llmmon.stack.plugins.modules import stack_backup_lend

from tests.support.backup_machine import BackupMachine
from tests.support.modules import run_module

pytestmark = pytest.mark.usefixtures("as_root")
USER = 12345


@pytest.fixture
def machine() -> Iterator[BackupMachine]:
    """Where others than root may enter, as on a host."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        found = BackupMachine(Path(name))
        found.prepare()
        yield found


@pytest.fixture
def archive(machine: BackupMachine) -> Path:
    return Path(back_up(machine.settings(scope="config")).archive)


def lend(machine: BackupMachine, archive: Path, user: int = USER, *, check_mode: bool = False) -> dict[str, Any]:
    parameters = {"archive": str(archive), "user": user, "data_root": str(machine.data_root)}
    return run_module(stack_backup_lend, parameters, check_mode=check_mode)


def test_the_user_alone_can_read_the_copy(machine: BackupMachine, archive: Path) -> None:
    answer = lend(machine, archive)
    copy = machine.data_root / "backup.fetch"
    assert answer["directory"] == str(copy)
    assert answer["files"] == [f"{copy}/{archive.name}.sha256", f"{copy}/{archive.name}"]
    assert (copy / archive.name).read_bytes() == archive.read_bytes()
    access = {path.name: (path.stat().st_uid, oct(path.stat().st_mode & 0o777)) for path in (copy, *copy.iterdir())}
    assert access == {
        "backup.fetch": (USER, "0o700"),
        archive.name: (USER, "0o400"),
        f"{archive.name}.sha256": (USER, "0o400"),
    }
    assert oct(archive.stat().st_mode & 0o777) == "0o600"


def test_root_gets_no_copy(machine: BackupMachine, archive: Path) -> None:
    answer = lend(machine, archive, user=0)
    assert answer["files"] == [f"{archive}.sha256", str(archive)]
    assert (answer["changed"], answer["directory"]) == (False, "")
    assert not (machine.data_root / "backup.fetch").exists()


def test_what_a_killed_play_left_goes_with_the_next_backup_and_is_told(machine: BackupMachine, archive: Path) -> None:
    copy = machine.data_root / "backup.fetch"
    lend(machine, archive)
    assert str(copy) in back_up(machine.settings(scope="config"), plan_only=True).cleared
    assert str(copy) in back_up(machine.settings(scope="config")).cleared
    assert not copy.exists()


def test_what_a_killed_play_left_goes_with_the_next_fetch(machine: BackupMachine, archive: Path) -> None:
    lend(machine, archive)
    other = machine.data_root / "backup.fetch" / "other"
    other.touch()
    lend(machine, archive)
    assert not other.exists()


def test_too_little_room_is_a_sentence_and_leaves_nothing(
    machine: BackupMachine, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lending, "_RESERVE", 2**60)
    answer = lend(machine, archive)
    assert answer["failed"]
    assert f"MiB in {machine.data_root} and" in answer["msg"]
    assert not (machine.data_root / "backup.fetch").exists()


def test_a_disk_that_is_full_all_the_same_is_a_sentence_and_leaves_nothing(
    machine: BackupMachine, archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr("shutil.copyfileobj", full)
    answer = lend(machine, archive)
    assert answer["msg"].startswith(f"{archive} cannot be copied to {machine.data_root}/backup.fetch")
    assert "No space left on device" in answer["msg"]
    assert not (machine.data_root / "backup.fetch").exists()


def test_a_directory_that_the_user_cannot_enter_is_named(machine: BackupMachine, archive: Path) -> None:
    machine.data_root.chmod(0o700)
    answer = lend(machine, archive)
    assert f"(uid {USER}) cannot enter {machine.data_root}" in answer["msg"]
    assert f"chmod o+x {machine.data_root}" in answer["msg"]


def test_another_operation_is_waited_for_by_whoever_calls(machine: BackupMachine, archive: Path) -> None:
    with Operations(machine.data_root).locked("restore"):
        assert "fetch cannot begin: restore" in lend(machine, archive)["msg"]


def test_only_an_archive_is_lent(machine: BackupMachine) -> None:
    assert "is no archive with its checksum" in lend(machine, Path("/etc/shadow"))["msg"]


def test_check_mode_copies_nothing(machine: BackupMachine, archive: Path) -> None:
    assert lend(machine, archive, check_mode=True)["changed"]
    assert not (machine.data_root / "backup.fetch").exists()
