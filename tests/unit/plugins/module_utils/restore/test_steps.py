"""A restore puts everything in place or leaves everything as it was, whenever it is killed."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.archive.format import ArchiveError
from ansible_collections.llmmon.stack.plugins.module_utils.archive.names import SCOPE_CONFIG
from ansible_collections.llmmon.stack.plugins.module_utils.configuration.releases import CURRENT, RUNNING, Releases
from ansible_collections.llmmon.stack.plugins.module_utils.host.operation import OperationError
from ansible_collections.llmmon.stack.plugins.module_utils.host.places import BEFORE_RESTORE
from ansible_collections.llmmon.stack.plugins.module_utils.restore.steps import (
    ACCEPTING,
    OPERATION,
    STOPPING,
)
from ansible_collections.llmmon.stack.plugins.module_utils.restore.swap import Place
from ansible_collections.llmmon.stack.plugins.module_utils.restore.target import RestoreError

from tests.conftest import REPOSITORY
from tests.support import archives
from tests.support.restore_machine import RELEASE, FileEngine, RestoreMachine, killed_at
from tests.support.services import OWN_MOUNTS, can_have_own_mounts

pytestmark = pytest.mark.usefixtures("as_root")

PASSWORD = "of-the-inventory"  # noqa: S105 - made up
NAME = "llm_monitoring_backup_20260102_030405_full.tar.gz"


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is killed here is a process: what it wrote is seen by the next one, on the disk or not."""
    monkeypatch.setattr(os, "fsync", lambda _: None)
    monkeypatch.setattr(os, "sync", lambda: None)


@pytest.fixture
def machine(tmp_path: Path) -> RestoreMachine:
    found = RestoreMachine(tmp_path / "host")
    found.root.mkdir()
    found.prepare()
    return found


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return archives.whole(tmp_path / NAME)


def assert_restored(machine: RestoreMachine) -> None:
    """What the archive holds is in place, and nothing else."""
    for service in machine.services():
        releases = Releases(service.config_root)
        assert releases.target(CURRENT) == archives.RELEASE
        assert releases.names() == [archives.RELEASE]
        assert releases.wrong_access(archives.RELEASE, service.gid) == []
        assert not (service.data_directory / "old").exists()
    assert (machine.data_root / "grafana" / "grafana.db").read_bytes() == archives.FULL["grafana/grafana.db"]
    block = machine.data_root / "prometheus" / archives.BLOCK / "chunks" / "000001"
    assert block.read_bytes() == archives.FULL[f"prometheus/data/{archives.BLOCK}/chunks/000001"]


def left_over(machine: RestoreMachine) -> list[str]:
    """What neither a restore nor putting back may leave."""
    found = [
        machine.data_root / "restore",
        machine.data_root / "operation.json",
        machine.config_root / ".restore",
    ]
    names = [container["name"] for container in machine.engine.containers().values()]
    return [str(path) for path in found if path.exists()] + [name for name in names if name.endswith(BEFORE_RESTORE)]


# -- the whole way


def test_checking_touches_nothing_and_tells_what_would_be_replaced(machine: RestoreMachine, archive: Path) -> None:
    before = machine.everything()
    lines = machine.restore().check(archive)
    assert machine.everything() == before
    assert len(lines) == 6, "nothing but what is replaced"
    assert lines[0] == (
        f"{machine.config_root}/prometheus (configuration {RELEASE}) by the configuration {archives.RELEASE} of"
        " elsewhere, 2026-01-02 03:04:05 UTC"
    )
    assert lines[1].startswith(f"{machine.data_root}/prometheus (")
    assert lines[1].endswith(
        "by the data of prometheus 3.5.3 (0.1 MiB) of elsewhere, 2026-01-02 03:04:05 UTC",
    )


def test_a_restore_replaces_everything(machine: RestoreMachine, archive: Path) -> None:
    machine.restore().stage(archive)
    machine.restore().swap(machine.engine)
    names = {container["name"]: container for container in machine.engine.containers().values()}
    assert set(names) == {
        f"llmmon-{name}{BEFORE_RESTORE}" for name in ("prometheus", "prober", "alertmanager", "grafana")
    }
    assert {(container["running"], container["policy"]) for container in names.values()} == {(False, "no")}
    assert_restored(machine)
    machine.run_containers()
    machine.restore().accept(machine.engine)
    assert left_over(machine) == []
    assert set(machine.engine.containers()) == {
        f"new-id-of-llmmon-{name}" for name in ("prometheus", "prober", "alertmanager", "grafana")
    }
    assert_restored(machine)


@pytest.mark.parametrize("sidecar", [True, False])
def test_what_is_restored_is_uploaded_by_no_sidecar(machine: RestoreMachine, archive: Path, sidecar: bool) -> None:
    """The compactor may have put the blocks together, or deleted them, since."""
    machine.sidecar = sidecar
    machine.restore().stage(archive)
    machine.restore().swap(machine.engine)
    note = machine.data_root / "prometheus" / "thanos.shipper.json"
    if sidecar:
        # As Thanos writes it itself (pkg/shipper).
        assert json.loads(note.read_text()) == {"version": 1, "uploaded": [archives.BLOCK]}
        assert note.stat().st_mode & 0o777 == 0o640
    assert note.exists() is sidecar
    assert_restored(machine)


def test_what_was_still_to_be_uploaded_is_uploaded_after_a_restore(machine: RestoreMachine, tmp_path: Path) -> None:
    machine.sidecar = True
    head = dataclasses.replace(archives.header(archives.FULL), not_uploaded=(archives.BLOCK,))
    machine.restore().stage(archives.whole(tmp_path / NAME, head=head))
    machine.restore().swap(machine.engine)
    note = machine.data_root / "prometheus" / "thanos.shipper.json"
    assert json.loads(note.read_text()) == {"version": 1, "uploaded": []}


def test_a_fresh_host_is_restored_and_put_back_to_nothing(tmp_path: Path, archive: Path) -> None:
    machine = RestoreMachine(tmp_path / "host")
    machine.root.mkdir()
    machine.fresh()
    before = machine.everything()
    machine.restore().stage(archive)
    machine.restore().swap(machine.engine)
    assert_restored(machine)
    machine.run_containers()
    assert machine.restore().put_back(machine.engine, 0.1)["put_back"]
    after = machine.everything()
    after.pop("etc", None)
    before.pop("etc", None)
    assert after == before


INI = f"config/grafana/{archives.RELEASE}/grafana.ini"
DATABASE = archives.FULL["grafana/grafana.db"]


@pytest.mark.parametrize("path", ["mine.db", "/var/lib/grafana/db/deep/mine.db", '"""mine.db"""'])
def test_the_database_is_put_where_grafana_has_it(machine: RestoreMachine, tmp_path: Path, path: str) -> None:
    files = {**archives.FULL, INI: f"[database]\npath = {path}\n".encode()}
    machine.restore().stage(archives.whole(tmp_path / NAME, files))
    machine.restore().swap(machine.engine)
    place = path.strip('"').removeprefix("/var/lib/grafana/")
    data = machine.data_root / "grafana"
    assert (data / place).read_bytes() == DATABASE
    assert not (data / "grafana.db").exists()
    grafana = next(service for service in machine.services() if service.name == "grafana")
    for made in (data / place, *(data / place).parents[: place.count("/")]):
        assert (made.stat().st_uid, made.stat().st_gid) == (grafana.uid, grafana.gid)


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("/etc/mine.db", "is not in its data directory"),
        ("../mine.db", "is not in its data directory"),
        ("$__file{SECRET}", "refers to something else"),
        ("plugins/x/gpx_x", "would be the database; do not use this archive"),
    ],
)
def test_a_database_that_would_lie_elsewhere_is_refused(
    machine: RestoreMachine, tmp_path: Path, path: str, sentence: str
) -> None:
    (tmp_path / "secret").write_text("s3cret")
    text = f"[database]\npath = {path.replace('SECRET', str(tmp_path / 'secret'))}\n"
    archive = archives.whole(tmp_path / NAME, {**archives.FULL, INI: text.encode()})
    before = machine.everything()
    with pytest.raises(ArchiveError, match=sentence) as refused:
        machine.restore().stage(archive)
    assert "s3cret" not in str(refused.value)
    assert machine.everything() == before


def test_configuration_alone_leaves_data_alone(machine: RestoreMachine, tmp_path: Path) -> None:
    files = {**archives.CONFIGURATION, f"config/grafana/{archives.RELEASE}/secrets/secret_key": b"key-of-the-host"}
    path = archives.whole(tmp_path / NAME, files, archives.header(files, SCOPE_CONFIG))
    machine.restore().stage(path)
    machine.restore().swap(machine.engine)
    assert Releases(machine.config_root / "prometheus").target(CURRENT) == archives.RELEASE
    assert (machine.data_root / "prometheus" / "old").read_text() == "old data"
    assert (machine.data_root / "grafana" / "grafana.db").read_text() == "old database"


def test_the_inventorys_password_is_the_restored_one(machine: RestoreMachine, archive: Path) -> None:
    machine.restore(admin_password=PASSWORD).stage(archive)
    machine.restore().swap(machine.engine)
    release = machine.config_root / "grafana" / archives.RELEASE
    assert (release / "secrets" / "admin_password").read_text() == PASSWORD
    assert (release / "secrets" / "secret_key").read_bytes() == b"key-of-the-archive"


# -- killed at any moment


def staged(root: Path, archive: Path) -> RestoreMachine:
    """One more host, with the archive staged."""
    machine = RestoreMachine(root)
    root.mkdir()
    machine.prepare()
    machine.restore().stage(archive)
    return machine


def exchanged(root: Path, archive: Path) -> RestoreMachine:
    """One more host, where the restored services run and nothing was kept or put back yet."""
    machine = staged(root, archive)
    machine.restore().swap(machine.engine)
    machine.run_containers()
    return machine


def test_a_kill_at_any_moment_of_the_exchange_is_put_back(
    machine: RestoreMachine, archive: Path, tmp_path: Path
) -> None:
    before = machine.everything()
    for count in range(1000):
        again = staged(tmp_path / f"host-{count}", archive)
        if not killed_at(lambda: again.restore().swap(again.engine), count):  # noqa: B023 - called at once
            break
        result = again.restore().put_back(again.engine, 0.1)
        assert again.everything() == before, f"killed before change {count}"
        assert result["not_running"] == []
    # Four containers with three changes each, and six places of several files.
    assert 30 < count < 999


def test_a_kill_at_any_moment_of_putting_back_is_made_good_by_the_next(
    machine: RestoreMachine, archive: Path, tmp_path: Path
) -> None:
    before = machine.everything()
    for count in range(1000):
        again = exchanged(tmp_path / f"host-{count}", archive)
        killed = killed_at(lambda: again.restore().put_back(again.engine, 0.1), count)  # noqa: B023 - called at once
        if killed:
            again.restore().put_back(again.engine, 0.1)
        assert again.everything() == before, f"killed before change {count}"
        if not killed:
            break
    assert 30 < count < 999


def test_a_kill_at_any_moment_of_keeping_is_carried_on(archive: Path, tmp_path: Path) -> None:
    """Once it is written down that the new one stays, nothing comes back, for some of the old is gone."""
    carried_on = 0
    for count in range(1000):
        again = exchanged(tmp_path / f"host-{count}", archive)
        if not killed_at(lambda: again.restore().accept(again.engine), count):  # noqa: B023 - called at once
            break
        journal = again.restore().operations.journal()
        found = again.restore().put_back(again.engine, 0.1)
        if journal is None or journal.phase == ACCEPTING:
            assert found["kept"] is (journal is not None)
            assert_restored(again)
            carried_on += 1
        else:
            assert found["put_back"]
        assert left_over(again) == []
    assert carried_on > 20


def test_what_the_services_of_before_have_written_since_stays_when_it_is_put_back_once_more(
    machine: RestoreMachine, archive: Path
) -> None:
    """Killed while it waits for them, when they run already and Prometheus has made a block."""
    machine.restore().stage(archive)
    machine.restore().swap(machine.engine)
    machine.run_containers()

    class Killed(BaseException):
        pass

    class Waiting(FileEngine):
        def inspect(self, name: str) -> dict[str, object] | None:
            if name == "llmmon-prometheus" and self.containers().get("id-of-llmmon-grafana", {}).get("running"):
                raise Killed
            return super().inspect(name)

    waiting: object = Waiting(machine.root / "containers.json")
    with pytest.raises(Killed):
        machine.restore().put_back(waiting, 5)  # type: ignore[arg-type]  # an engine in a file
    (machine.data_root / "prometheus" / "block-made-since").write_text("new samples")
    assert machine.restore().put_back(machine.engine, 0.1)["put_back"]
    assert (machine.data_root / "prometheus" / "block-made-since").read_text() == "new samples"
    assert left_over(machine) == []


def test_staging_that_was_killed_is_cleared_away(machine: RestoreMachine, archive: Path) -> None:
    before = machine.everything()
    for count in (0, 3, 20, 40):
        assert killed_at(lambda: machine.restore().stage(archive), count)
        machine.restore().put_back(machine.engine, 0.1)
        assert machine.everything() == before


# -- what is refused


def test_a_refused_archive_leaves_no_staging(machine: RestoreMachine, archive: Path) -> None:
    before = machine.everything()
    content = archive.read_bytes()
    archive.write_bytes(content[: len(content) // 2])
    with pytest.raises(ArchiveError, match="is refused"):
        machine.restore().stage(archive)
    assert machine.everything() == before


@pytest.mark.parametrize(
    ("versions", "reason"),
    [
        ({"prometheus": "2.53.3"}, "which versions before 2.55 cannot read: set llmmon_prometheus_version"),
        ({"alertmanager": "0.33.0"}, r"set llmmon_alertmanager_version \(now 0.33.0\) to 0.33.1 or later"),
        ({"grafana": "9.3.9"}, r"set llmmon_grafana_version \(now 9.3.9\) to 9.4.0 or later"),
    ],
)
def test_an_unfit_version_is_refused_before_anything_is_touched(
    machine: RestoreMachine, archive: Path, versions: dict[str, str], reason: str
) -> None:
    before = machine.everything()
    for step in (machine.restore(**versions).check, machine.restore(**versions).stage):
        with pytest.raises(RestoreError, match=reason):
            step(archive)
        assert machine.everything() == before


def test_another_secret_key_is_refused(machine: RestoreMachine, archive: Path) -> None:
    key = archives.FULL[f"config/grafana/{archives.RELEASE}/secrets/secret_key"].decode()
    with pytest.raises(RestoreError, match="llmmon_grafana_secret_key is not the key of the archive"):
        machine.restore(secret_key=key[:-1]).stage(archive)
    machine.restore(secret_key=key).stage(archive)


def test_an_exchange_without_staging_is_refused(machine: RestoreMachine) -> None:
    before = machine.everything()
    with pytest.raises(RestoreError, match="no archive was checked and staged"):
        machine.restore().swap(machine.engine)
    assert machine.everything() == before


def test_an_interrupted_restore_is_not_staged_over(machine: RestoreMachine, archive: Path) -> None:
    machine.restore().operations.begin(OPERATION, STOPPING, {"containers": []})
    with pytest.raises(RestoreError, match=r"has to be put back first: run restore\.yml again"):
        machine.restore().stage(archive)


def test_another_interrupted_operation_keeps_a_restore_away(machine: RestoreMachine, archive: Path) -> None:
    machine.restore().operations.begin("upgrade", "pulling", {})
    for step in (
        lambda: machine.restore().check(archive),
        lambda: machine.restore().stage(archive),
        lambda: machine.restore().put_back(machine.engine, 0.1),
    ):
        with pytest.raises(OperationError, match=r"run upgrade\.yml again"):
            step()


def test_old_data_without_a_journal_are_not_removed(machine: RestoreMachine, archive: Path) -> None:
    machine.restore().stage(archive)
    machine.restore().swap(machine.engine)
    (machine.data_root / "operation.json").unlink()
    old = machine.data_root / "restore" / "old" / "prometheus" / "old"
    for step in (
        lambda: machine.restore().put_back(machine.engine, 0.1),
        lambda: machine.restore().stage(archive),
    ):
        with pytest.raises(RestoreError, match="whose journal somebody has deleted: move it back"):
            step()
        assert old.read_text() == "old data"


def test_a_container_that_somebody_removed_meanwhile_is_told(machine: RestoreMachine, archive: Path) -> None:
    machine.restore().stage(archive)
    machine.restore().swap(machine.engine)
    machine.engine.remove("id-of-llmmon-grafana")
    back = machine.restore().put_back(machine.engine, 0.1)
    assert back == {"put_back": True, "kept": False, "not_running": ["llmmon-grafana"]}
    assert (machine.data_root / "grafana" / "grafana.db").read_text() == "old database"


def test_nobody_begins_between_staging_and_the_swap(machine: RestoreMachine, archive: Path) -> None:
    before = machine.everything()
    machine.restore().stage(archive)
    with pytest.raises(OperationError, match=r"^backup cannot begin: the restore of .* was interrupted"):
        machine.restore().operations.locked("backup").__enter__()
    assert machine.restore().put_back(machine.engine, 0.1)["put_back"] is False
    assert machine.everything() == before
    machine.restore().stage(archive)
    machine.restore().swap(machine.engine)


def test_an_archive_of_another_host_or_of_other_names_is_refused(machine: RestoreMachine, tmp_path: Path) -> None:
    head = archives.header(archives.FULL)
    other = dataclasses.replace(head, inventory_host="other", names={"llmmon_grafana_container": "other-grafana"})
    archive = archives.write(tmp_path / NAME, archives.entries(archives.FULL, other))
    before = machine.everything()
    with pytest.raises(RestoreError) as refusal:
        machine.restore().stage(archive)
    assert "add -e onto=monitoring | its configuration is written for other names" in str(refusal.value)
    assert machine.everything() == before
    named = dataclasses.replace(other, names={})
    archive = archives.write(tmp_path / NAME, archives.entries(archives.FULL, named))
    machine.onto = "monitoring"
    # Of names that an earlier llmmon has not recorded it is said that nobody could compare them.
    (note,) = [line for line in machine.restore().stage(archive) if "not compared" in line]
    assert "here they are llmmon-prometheus, llmmon-grafana)" in note


@pytest.mark.parametrize("text", [b"{}", b"[1]", b'[{"matchers": []}]', b"\xff", b"["])
def test_silences_that_are_none_are_refused(machine: RestoreMachine, tmp_path: Path, text: bytes) -> None:
    """They are sent last, and then everything is put back."""
    machine.restore().stage(archives.whole(tmp_path / NAME, {**archives.FULL, "alertmanager/silences.json": text}))
    machine.restore().swap(machine.engine)
    with pytest.raises(ArchiveError, match="is not a list of silences"):
        machine.restore().finish()


def test_a_key_that_was_changed_during_the_restore_is_noticed(machine: RestoreMachine, archive: Path) -> None:
    machine.restore().stage(archive)
    machine.restore().swap(machine.engine)
    (machine.config_root / "grafana" / CURRENT / "secrets" / "secret_key").write_text("another")
    with pytest.raises(RestoreError, match="is not the key of the archive, so Grafana cannot decrypt"):
        machine.restore().finish()


def test_settling_needs_its_journal(machine: RestoreMachine) -> None:
    with pytest.raises(RestoreError, match="no archive was checked and staged"):
        machine.restore().finish()


# -- the disk

FULL_DISK = """
import sys
from pathlib import Path
from ansible_collections.llmmon.stack.plugins.module_utils.archive.format import ArchiveError
from tests.support.restore_machine import RestoreMachine
machine = RestoreMachine(Path(sys.argv[1]))
machine.prepare()
before = machine.everything()
try:
    machine.restore().stage(Path(sys.argv[2]))
except ArchiveError as error:
    print(error)
assert machine.everything() == before, "something was left or touched"
"""


def full_disk(tmp_path: Path, archive: Path, options: str) -> str:
    """What a restore says on a file system of its own, with so much room."""
    assert can_have_own_mounts()
    root = tmp_path / "disk"
    root.mkdir()
    command = f'mount -t tmpfs -o {options} none {root} && exec "$@"'
    finished = subprocess.run(
        [*OWN_MOUNTS, "sh", "-c", command, "sh", sys.executable, "-c", FULL_DISK, str(root), str(archive)],
        env={**os.environ, "PYTHONPATH": f"{REPOSITORY}:{REPOSITORY / 'collections'}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stderr
    return finished.stdout


def test_too_little_room_is_told_before_anything_is_written(tmp_path: Path) -> None:
    files = {**archives.FULL, f"prometheus/data/{archives.BLOCK}/chunks/000002": bytes(4 * 2**20)}
    archive = archives.whole(tmp_path / NAME, files)
    assert "its files need 4 MiB of disk and there is room for 1 MiB" in full_disk(tmp_path, archive, "size=2m")


def test_a_disk_that_gets_full_in_the_middle_is_survived(tmp_path: Path, archive: Path) -> None:
    # Room enough, but not for so many files.
    said = full_disk(tmp_path, archive, "size=20m,nr_inodes=58")
    assert "cannot be written: the disk is full; nothing was changed, free some disk and run again" in said


# -- places


def test_a_place_survives_links_and_files_of_the_same_name(tmp_path: Path) -> None:
    target, new, old = tmp_path / "target", tmp_path / "new", tmp_path / "old"
    for directory, text in ((target, "before"), (new, "after")):
        directory.mkdir()
        (directory / "same").write_text(text)
        (directory / "broken").symlink_to(f"nowhere-{text}")
    (target / ".lock").write_text("")
    place = Place.from_journal(json.loads(json.dumps(Place.look(target, new, old).to_journal())))
    place.exchange()
    assert (target / "same").read_text() == "after"
    assert str((target / "broken").readlink()) == "nowhere-after"
    for _ in range(2):
        place.put_back()
        assert (target / "same").read_text() == "before"
        assert str((target / "broken").readlink()) == "nowhere-before"
        assert sorted(path.name for path in target.iterdir()) == [".lock", "broken", "same"]


def test_releases_of_the_archive_are_not_taken_for_edited(machine: RestoreMachine, archive: Path) -> None:
    machine.restore().stage(archive)
    machine.restore().swap(machine.engine)
    for service in machine.services():
        assert Releases(service.config_root).edited_by_hand(archives.RELEASE) == []
        assert Releases(service.config_root).target(RUNNING) == archives.RELEASE
