"""What goes when the stack is removed, and what does not."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.archive.names import SERVICES
from ansible_collections.llmmon.stack.plugins.module_utils.backup.run import back_up
from ansible_collections.llmmon.stack.plugins.module_utils.configuration.releases import CURRENT, RUNNING, Releases
from ansible_collections.llmmon.stack.plugins.module_utils.uninstall.removal import Removal, Roots
from ansible_collections.llmmon.stack.plugins.modules import stack_uninstall
from ansible_collections.llmmon.stack.plugins.modules.stack_uninstall import is_ours

from tests.support import archives, backup_machine, restore_machine
from tests.support.modules import run_module
from tests.support.restore_machine import killed_at

OLDER, CURRENT_ONE = "20260101T000000.000000Z", "20260102T000000.000000Z"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A configuration of two releases, and a file of somebody else's."""
    for service in ("prometheus", "grafana"):
        for name in (OLDER, CURRENT_ONE):
            (tmp_path / "etc" / service / name).mkdir(parents=True)
        (tmp_path / "etc" / service / "mine.txt").touch()
        releases = Releases(tmp_path / "etc" / service)
        releases.point(CURRENT, CURRENT_ONE)
        releases.point(RUNNING, CURRENT_ONE)
    return tmp_path


def removal(root: Path, *services: str, data: bool) -> Removal:
    return Removal(Roots(root / "etc", root / "lib", root / "backups"), list(services), data)


def going(root: Path, *services: str, data: bool) -> set[str]:
    return {going.path.name for going in removal(root, *services, data=data).going()}


def test_all_of_a_configuration_goes_but_not_what_somebody_else_put_there(root: Path) -> None:
    assert going(root, "prometheus", data=False) == {CURRENT, RUNNING, OLDER, CURRENT_ONE}
    assert (
        f"{root}/etc/prometheus/mine.txt, which llmmon did not make"
        in removal(root, "prometheus", data=False).staying()
    )


def test_the_release_with_grafanas_key_stays_with_the_data(root: Path) -> None:
    assert going(root, "grafana", data=False) == {OLDER}
    assert going(root, "grafana", data=True) == {CURRENT, RUNNING, OLDER, CURRENT_ONE}


def test_only_archives_are_backups(tmp_path: Path) -> None:
    ours = {
        "llm_monitoring_backup_20260102_030405_full.tar.gz",
        "llm_monitoring_backup_20260102_030405_full.tar.gz.sha256",
        "llm_monitoring_backup_20260102_030405_config.tar.gz.gpg",
    }
    theirs = ("mine.tar.gz", "llm_monitoring_backup_mine.tar.gz", "notes.sha256")
    (tmp_path / "backups").mkdir()
    for name in (*ours, *theirs):
        (tmp_path / "backups" / name).touch()
    assert going(tmp_path, data=True) == ours
    assert going(tmp_path, data=False) == set()
    assert going(tmp_path / "missing", data=True) == set()
    stays = [f"{tmp_path}/backups/{name}, which llmmon did not make" for name in sorted(theirs)]
    assert removal(tmp_path, data=True).staying() == stays


def test_data_behind_a_link_are_found_and_missing_ones_are_not(tmp_path: Path) -> None:
    (tmp_path / "disk" / "wal").mkdir(parents=True)
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "prometheus").symlink_to(tmp_path / "disk")
    assert going(tmp_path, "prometheus", data=True) == {"wal"}
    assert going(tmp_path, "grafana", data=True) == set()
    assert removal(tmp_path, "prometheus", data=True).staying() == [f"{tmp_path}/lib/prometheus, which is a link"]


def test_a_container_is_told_by_its_label_and_not_by_its_name() -> None:
    assert is_ours({"Config": {"Labels": {"llmmon.service": "grafana"}}})
    assert not is_ours({"Config": {"Labels": {"other": "grafana"}}})
    assert not is_ours({"Config": {"Labels": None}})


# -- what operations that were killed have left, and what others have


class EmptyEngine:
    """An engine without any container or network."""

    def __init__(self, timeout: int) -> None:
        assert timeout > 0

    def inspect(self, _: str) -> None:
        return None

    def network_containers(self, _: str) -> None:
        return None


@pytest.fixture
def _no_containers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stack_uninstall, "Engine", EmptyEngine)


def uninstall(root: Path, *, data: bool, check_mode: bool = False) -> dict[str, Any]:
    parameters = {
        "services": list(SERVICES),
        "containers": [f"llmmon-{service}" for service in SERVICES],
        "network": "llmmon",
        "config_root": str(root / "etc"),
        "data_root": str(root / "lib"),
        "backup_directory": str(root / "backups"),
        "data": data,
    }
    answer = run_module(stack_uninstall, parameters, check_mode=check_mode)
    assert not answer["failed"], answer
    return answer


def files(root: Path) -> list[str]:
    """Every file below a directory, links included."""
    return sorted(str(path.relative_to(root)) for path in root.rglob("*") if path.is_symlink() or not path.is_dir())


def killed_backup(root: Path) -> backup_machine.BackupMachine:
    """A host on which a backup was killed when its archive was whole and not yet in its place."""
    machine = backup_machine.BackupMachine(root)
    machine.prepare()
    settings = machine.settings(scope="config")
    for count in range(100):
        assert killed_at(lambda: back_up(settings), count)
        if list(machine.archives.glob(".*.partial")) and list(machine.archives.glob("*.sha256")):
            return machine
    raise AssertionError("the backup was never killed with its archive half in place")


def killed_restore(root: Path) -> restore_machine.RestoreMachine:
    """A host on which a restore was killed while it staged configuration and data with their keys."""
    machine = restore_machine.RestoreMachine(root / "host")
    machine.root.mkdir()
    machine.prepare()
    archive = archives.whole(root / "llm_monitoring_backup_20260102_030405_full.tar.gz")
    for count in range(10, 200, 5):
        assert killed_at(lambda: machine.restore().stage(archive), count)
        if list(machine.config_root.glob(".restore/new/grafana/*/secrets/secret_key")):
            for service in SERVICES:
                for path in (machine.data_root / service, *(machine.data_root / service).iterdir()):
                    os.chown(path, 65534, 65534)
            return machine
    raise AssertionError("the restore was never killed with a key in staging")


@pytest.mark.usefixtures("as_root", "_no_containers")
@pytest.mark.parametrize("data", [False, True])
def test_what_a_killed_backup_left_is_said_and_goes(tmp_path: Path, data: bool) -> None:
    machine = killed_backup(tmp_path)
    partial, checksum = next(machine.archives.glob(".*.partial")), next(machine.archives.glob("*.sha256"))
    left = [machine.data_root / "backup.work", partial, checksum]
    planned = uninstall(tmp_path, data=data, check_mode=True)
    assert all(path.exists() for path in left)
    assert {f"{path}, left by a backup that was killed" for path in left} <= set(planned["removed"])
    assert uninstall(tmp_path, data=data)["removed"] == planned["removed"]
    assert not any(path.exists() for path in left)
    assert files(tmp_path) == [] if data else "lib/grafana/grafana.db" in files(tmp_path)


@pytest.mark.usefixtures("as_root", "_no_containers")
@pytest.mark.parametrize("data", [False, True])
def test_what_a_killed_restore_left_is_said_and_goes(tmp_path: Path, data: bool) -> None:
    machine = killed_restore(tmp_path)
    left = [machine.config_root / ".restore", machine.data_root / "restore"]
    planned = uninstall(machine.root, data=data, check_mode=True)
    assert {f"{path}, left by a restore that was killed" for path in left} <= set(planned["removed"])
    assert uninstall(machine.root, data=data)["changed"]
    assert not any(path.exists() for path in left)
    assert (files(machine.root) == ["containers.json"]) is data
    again = uninstall(machine.root, data=data)
    assert (again["changed"], again["removed"]) == (False, [])


@pytest.mark.usefixtures("as_root", "_no_containers")
def test_the_snapshot_of_a_killed_backup_goes_from_data_that_stay(tmp_path: Path) -> None:
    machine = killed_backup(tmp_path)
    snapshots = machine.data_root / "prometheus" / "data" / "snapshots"
    (snapshots / "20260102T030405Z-1a2b").mkdir(parents=True)
    (snapshots / "20250102T030405Z-aaaa").mkdir()
    journal = machine.data_root / "backup.work" / "journal.json"
    text = journal.read_text().replace('"snapshots": ""', f'"snapshots": "{snapshots}"')
    journal.write_text(text.replace('"snapshot": ""', '"snapshot": "20260102T030405Z-1a2b"'))
    said = uninstall(tmp_path, data=False)["removed"]
    assert f"{snapshots}/20260102T030405Z-1a2b, left by a backup that was killed" in said
    assert [path.name for path in snapshots.iterdir()] == ["20250102T030405Z-aaaa"]
    journal.parent.mkdir()
    journal.write_text("damaged")
    assert uninstall(tmp_path, data=False)["removed"] == [f"{journal.parent}, left by a backup that was killed"]


@pytest.mark.usefixtures("_no_containers")
def test_a_file_that_was_never_finished_goes(tmp_path: Path) -> None:
    for name in (".state.json.1a2b.new", ".operation.json.1a2b.new", ".mine.json.1a2b.new"):
        (tmp_path / "lib").mkdir(exist_ok=True)
        (tmp_path / "lib" / name).touch()
    assert len(uninstall(tmp_path, data=False)["removed"]) == 2
    assert files(tmp_path / "lib") == [".mine.json.1a2b.new", "operation.lock"]


@pytest.mark.usefixtures("as_root", "_no_containers")
def test_what_others_put_there_stays_and_is_named_again_and_again(tmp_path: Path) -> None:
    machine = backup_machine.BackupMachine(tmp_path)
    machine.prepare()
    back_up(machine.settings(scope="config"))
    theirs = [
        machine.config_root / "mine.yml",
        machine.config_root / "prometheus" / "targets",
        machine.data_root / "exports",
        machine.archives / "mine.tar.gz",
    ]
    for path in theirs:
        path.mkdir()
        (path / "file").touch()
    first = uninstall(tmp_path, data=True)
    assert first["kept"] == [
        f"{path}, which llmmon did not make" for path in (theirs[1], theirs[0], theirs[2], theirs[3])
    ]
    assert files(tmp_path) == sorted(str((path / "file").relative_to(tmp_path)) for path in theirs)
    second = uninstall(tmp_path, data=True)
    assert (second["changed"], second["removed"], second["kept"]) == (False, [], first["kept"])


@pytest.mark.usefixtures("as_root", "_no_containers")
def test_notes_among_the_data_stay_and_what_the_service_made_goes(tmp_path: Path) -> None:
    data = tmp_path / "lib" / "prometheus"
    for name in ("wal", "01JABCDEFGHJKMNPQRSTVWXYZ0", "made-by-a-newer-version", "my-notes"):
        (data / name).mkdir(parents=True)
        (data / name / "file").touch()
    for path in (data, data / "made-by-a-newer-version"):
        os.chown(path, 65534, 65534)
    stays = [f"{data}/my-notes, which llmmon did not make"]
    assert [uninstall(tmp_path, data=True)["kept"] for _ in range(2)] == [stays, stays]
    assert files(tmp_path) == ["lib/prometheus/my-notes/file"]


@pytest.mark.usefixtures("_no_containers")
def test_many_strangers_are_counted(tmp_path: Path) -> None:
    (tmp_path / "backups").mkdir()
    for number in range(25):
        (tmp_path / "backups" / f"{number:02}.txt").touch()
    kept = uninstall(tmp_path, data=True)["kept"]
    assert len(kept) == 11
    assert kept[-1] == f"15 more in {tmp_path}/backups, which llmmon did not make"


@pytest.mark.usefixtures("_no_containers")
def test_a_directory_of_ours_inside_another_is_no_stranger(tmp_path: Path) -> None:
    (tmp_path / "lib" / "backups").mkdir(parents=True)
    found = Removal(Roots(tmp_path / "etc", tmp_path / "lib", tmp_path / "lib" / "backups"), [], True)
    assert found.staying() == []


@pytest.mark.usefixtures("as_root", "_no_containers")
def test_what_was_there_before_a_restore_whose_journal_is_gone_stays_with_the_data(tmp_path: Path) -> None:
    machine = restore_machine.RestoreMachine(tmp_path / "host")
    machine.root.mkdir()
    machine.prepare()
    machine.restore().stage(archives.whole(tmp_path / "llm_monitoring_backup_20260102_030405_full.tar.gz"))
    machine.restore().swap(machine.engine)
    (machine.data_root / "operation.json").unlink()
    answer = uninstall(machine.root, data=False)
    old = machine.data_root / "restore" / "old"
    words = "which holds what was there before a restore whose journal somebody has deleted"
    assert f"{old}, {words}" in answer["kept"]
    assert (old / "prometheus" / "old").read_text() == "old data"
    assert not (machine.data_root / "restore" / "new").exists()
    uninstall(machine.root, data=True)
    assert files(machine.root) == ["containers.json"]


@pytest.mark.usefixtures("as_root", "_no_containers")
def test_the_directory_for_the_user_s_own_files_goes_when_it_is_empty(tmp_path: Path) -> None:
    own = tmp_path / "etc" / "prometheus" / "own.d"
    own.mkdir(parents=True)
    (own / "targets.json").write_text("[]")
    first = uninstall(tmp_path, data=True)
    assert first["kept"] == [f"{own}/targets.json, which llmmon did not make"]
    assert files(tmp_path) == ["etc/prometheus/own.d/targets.json"]
    (own / "targets.json").unlink()
    assert uninstall(tmp_path, data=True)["kept"] == []
    assert not (tmp_path / "etc").exists()
