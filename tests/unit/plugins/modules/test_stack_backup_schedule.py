"""The timer of backups: which files it takes, that they work without Ansible, and that they go again."""

from __future__ import annotations

import contextlib
import json
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.backup.library import contents as contents_of_library
from ansible_collections.llmmon.stack.plugins.module_utils.host.places import backup_unit
from ansible_collections.llmmon.stack.plugins.module_utils.host.timers import timers
from ansible_collections.llmmon.stack.plugins.module_utils.host.tools import lasting
from ansible_collections.llmmon.stack.plugins.modules.stack_backup_schedule import (
    HIDDEN,
    Schedule,
    ScheduleError,
    changes,
    differences,
    wanted_files,
)

from tests.support.backup_machine import BackupMachine, contents

ADDRESS = "rest:https://me:s3cret@backups.example/llmmon"


def parameters(root: Path, schedule: str = "daily", **settings: Any) -> dict[str, Any]:
    return {
        "schedule": schedule,
        "library": str(root / "library"),
        "settings_file": str(root / "backup" / "settings.json"),
        "units": str(root / "units"),
        "settings": BackupMachine(root / "machine").options(**settings),
    }


def name(root: Path) -> str:
    """What the stack's units are called, without their suffixes."""
    return backup_unit(BackupMachine(root / "machine").data_root)


class _WithoutSystemd(Schedule):
    """Writes and deletes the files; a unit test has no systemd to tell of them (tests/e2e has)."""

    def runs(self) -> bool:
        return bool(self._schedule)


@pytest.fixture(autouse=True)
def _no_systemd(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{Schedule.__module__}._require", lambda *_: None)


NEXT = """\
  Original form: daily
Normalized form: *-*-* 00:00:00
    Next elapse: Sun 2026-11-29 00:00:00 UTC
       From now: 14h left
"""
NEVER = """\
  Original form: 2020-01-01
Normalized form: 2020-01-01 00:00:00
    Next elapse: never
"""


def apply(given: dict[str, Any]) -> list[Path]:
    schedule = _WithoutSystemd(given)
    changed = changes(schedule.wanted)
    schedule.apply(changed)
    return changed


def test_a_second_run_changes_nothing(tmp_path: Path) -> None:
    assert len(apply(parameters(tmp_path))) == len(contents_of_library()) + 3
    assert apply(parameters(tmp_path)) == []


def test_only_what_differs_is_written(tmp_path: Path) -> None:
    apply(parameters(tmp_path))
    assert apply(parameters(tmp_path, "weekly")) == [tmp_path / "units" / f"{name(tmp_path)}.timer"]
    assert apply(parameters(tmp_path, "weekly", keep=3)) == [tmp_path / "backup" / "settings.json"]
    (tmp_path / "backup" / "settings.json").chmod(0o644)
    assert apply(parameters(tmp_path, "weekly", keep=3)) == [tmp_path / "backup" / "settings.json"]


def test_the_settings_are_for_root_alone(tmp_path: Path) -> None:
    apply(parameters(tmp_path))
    settings = tmp_path / "backup" / "settings.json"
    assert [stat.S_IMODE(path.stat().st_mode) for path in (settings, settings.parent)] == [0o600, 0o700]


def test_no_run_goes_on_without_end(tmp_path: Path) -> None:
    """Its own work and a wait for others have their time besides the copy's."""
    units = [wanted_files(parameters(tmp_path, copy_timeout=seconds), sys.executable) for seconds in (1, 5000)]
    texts = [str(found[tmp_path / "units" / f"{name(tmp_path)}.service"][0]) for found in units]
    first, second = (int(text.partition("TimeoutStartSec=")[2].split()[0]) for text in texts)
    assert second - first == 4999
    assert first > 3600


def test_code_of_an_earlier_version_goes(tmp_path: Path) -> None:
    apply(parameters(tmp_path))
    old = tmp_path / "library" / "ansible_collections" / "old.py"
    old.touch()
    assert apply(parameters(tmp_path)) == [old]
    assert not old.exists()


def test_without_a_schedule_nothing_stays(tmp_path: Path) -> None:
    apply(parameters(tmp_path))
    apply(parameters(tmp_path, ""))
    assert [str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*")] == ["units"]
    assert apply(parameters(tmp_path, "")) == []


def test_a_diff_hides_the_address_of_the_repository(tmp_path: Path) -> None:
    given = parameters(tmp_path, restic_repository=ADDRESS)
    wanted = wanted_files(given, sys.executable)
    shown = differences(changes(wanted), wanted, ADDRESS)
    assert "s3cret" not in json.dumps(shown)
    assert any(HIDDEN in entry["after"] for entry in shown)


@pytest.mark.usefixtures("as_root")
def test_the_service_makes_an_archive_by_what_was_installed_alone(tmp_path: Path) -> None:
    machine = BackupMachine(tmp_path / "machine")
    machine.prepare()
    given = parameters(tmp_path, scope="config")
    apply(given)
    lines = (tmp_path / "units" / f"{name(tmp_path)}.service").read_text().splitlines()
    command = next(line for line in lines if line.startswith("ExecStart=")).partition("=")[2].split()
    environment = next(line for line in lines if line.startswith("Environment=")).partition("=")[2].split()
    assert Path(command[0]).samefile(sys.executable)
    finished = subprocess.run(
        command,
        cwd="/",
        env={"PATH": "/usr/bin:/bin", **dict(entry.split("=", 1) for entry in environment)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    (archive,) = machine.archives.glob("*_config.tar.gz")
    assert finished.stdout.startswith(f"{archive}: ")
    assert "state.json" in contents(archive)


# -- a schedule that never comes


@pytest.mark.parametrize("said", [NEXT, NEVER])
def test_a_schedule_that_never_comes_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    def analyze(*command: str) -> subprocess.CompletedProcess[str]:
        assert command == ("systemd-analyze", "calendar", "2020-01-01")
        return subprocess.CompletedProcess(command, 0, said, "")

    monkeypatch.setattr(f"{Schedule.__module__}._run", analyze)
    schedule = Schedule(parameters(tmp_path, "2020-01-01"))
    if said == NEXT:
        schedule.check()
        return
    with pytest.raises(
        ScheduleError, match=r"^the schedule '2020-01-01' never comes, .*correct llmmon_backup_schedule"
    ):
        schedule.check()


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd-analyze is not on this machine")
@pytest.mark.parametrize(("calendar", "never"), [("2020-01-01", True), ("*-02-30", True), ("*-*-* 03:15:00", False)])
def test_systemd_says_of_a_schedule_that_it_never_comes(tmp_path: Path, calendar: str, never: bool) -> None:
    with pytest.raises(ScheduleError, match="never comes") if never else contextlib.nullcontext():
        Schedule(parameters(tmp_path, calendar)).check()
    assert list(tmp_path.iterdir()) == []


# -- two stacks on one host


def of_stack(root: Path, stack: str, schedule: str = "daily") -> dict[str, Any]:
    """The parameters of one of two stacks, which share the host's units."""
    found = parameters(root / stack, schedule)
    return {**found, "library": str(root / "code" / stack), "units": str(root / "units")}


def unit_names(root: Path) -> set[str]:
    return {path.name for path in (root / "units").iterdir()}


def names_of(*stacks: Path) -> set[str]:
    return {f"{name(stack)}{suffix}" for stack in stacks for suffix in (".service", ".timer")}


def test_a_stack_leaves_the_timer_of_another_alone(tmp_path: Path) -> None:
    apply(of_stack(tmp_path, "one"))
    apply(of_stack(tmp_path, "two"))
    assert unit_names(tmp_path) == names_of(tmp_path / "one", tmp_path / "two")
    apply(of_stack(tmp_path, "one", ""))
    assert unit_names(tmp_path) == names_of(tmp_path / "two")
    assert apply(of_stack(tmp_path, "two")) == []
    assert [timer.data_root for timer in timers(tmp_path / "units")] == [
        BackupMachine(tmp_path / "two/machine").data_root
    ]


def unit_of_before(root: Path, stack: str) -> None:
    """What a stack installed when there was one name for the timers of all, and a unit did not say whose it is."""
    apply(of_stack(root, stack))
    units = root / "units"
    service = units / f"{name(root / stack)}.service"
    lines = service.read_text().splitlines(keepends=True)
    (units / "llmmon-backup.service").write_text(
        "".join(line for line in lines if not line.startswith("# Of the stack"))
    )
    service.unlink()
    (units / f"{name(root / stack)}.timer").rename(units / "llmmon-backup.timer")


@pytest.mark.parametrize("schedule", ["daily", ""])
def test_a_timer_of_before_gets_the_name_of_its_stack_or_goes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, schedule: str
) -> None:
    done: list[tuple[str, ...]] = []
    monkeypatch.setattr(f"{Schedule.__module__}._require", lambda *command: done.append(command))
    unit_of_before(tmp_path, "one")
    assert timers(tmp_path / "units")[0].is_of(BackupMachine(tmp_path / "one/machine").data_root)
    apply(of_stack(tmp_path, "two"))
    assert unit_names(tmp_path) == {"llmmon-backup.service", "llmmon-backup.timer", *names_of(tmp_path / "two")}
    apply(of_stack(tmp_path, "one", schedule))
    assert unit_names(tmp_path) == names_of(*[tmp_path / "one"] if schedule else [], tmp_path / "two")
    assert ("systemctl", "disable", "--now", "llmmon-backup.timer") in done
    assert apply(of_stack(tmp_path, "one", schedule)) == []


def test_the_name_of_a_stack_is_not_taken_from_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{timers.__module__}.backup_unit", lambda _: "llmmon-backup")
    apply(of_stack(tmp_path, "one"))
    before = {path: path.read_text() for path in (tmp_path / "units").iterdir()}
    monkeypatch.setattr(
        f"{Schedule.__module__}._run", lambda *command: subprocess.CompletedProcess(command, 0, NEXT, "")
    )
    schedule = Schedule(of_stack(tmp_path, "two"))
    other = BackupMachine(tmp_path / "one/machine").data_root
    with pytest.raises(ScheduleError, match=rf"^llmmon-backup\.timer backs up another stack \({other}\): run site"):
        schedule.check()
    without = Schedule(of_stack(tmp_path, "two", ""))
    assert changes(without.wanted) == []
    assert without.runs()
    assert {path: path.read_text() for path in (tmp_path / "units").iterdir()} == before


def test_the_interpreter_has_a_name_that_outlives_an_upgrade_of_the_distribution(tmp_path: Path) -> None:
    (tmp_path / "python3.11").touch()
    assert lasting(str(tmp_path / "python3.11")) == str(tmp_path / "python3.11")
    (tmp_path / "python3").symlink_to("python3.11")
    assert lasting(str(tmp_path / "python3.11")) == str(tmp_path / "python3")
    (tmp_path / "python3.13").touch()
    assert lasting(str(tmp_path / "python3.13")) == str(tmp_path / "python3.13")
