"""The timer of backups: which files it takes, that they work without Ansible, and that they go again."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.backup.library import contents as contents_of_library
from ansible_collections.llmmon.stack.plugins.module_utils.host.places import BACKUP_SERVICE, BACKUP_TIMER
from ansible_collections.llmmon.stack.plugins.modules.stack_backup_schedule import (
    HIDDEN,
    Schedule,
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


class _WithoutSystemd(Schedule):
    """Writes and deletes the files; a unit test has no systemd to tell of them (tests/e2e has)."""

    def runs(self) -> bool:
        return bool(self._schedule)


@pytest.fixture(autouse=True)
def _no_systemd(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{Schedule.__module__}._require", lambda *_: None)


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
    assert apply(parameters(tmp_path, "weekly")) == [tmp_path / "units" / BACKUP_TIMER]
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
    texts = [str(found[tmp_path / "units" / BACKUP_SERVICE][0]) for found in units]
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
    lines = (tmp_path / "units" / BACKUP_SERVICE).read_text().splitlines()
    command = next(line for line in lines if line.startswith("ExecStart=")).partition("=")[2].split()
    environment = next(line for line in lines if line.startswith("Environment=")).partition("=")[2].split()
    assert command[0] == sys.executable
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
