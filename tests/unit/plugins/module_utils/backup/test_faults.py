"""What a backup does when the disk, the clock, a key or an earlier run is not as it should be; no service runs here."""

from __future__ import annotations

import datetime
import os
import re
import shutil
import sqlite3
import stat
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.archive.format import (
    GRAFANA_DATABASE_FILES,
    FileRecord,
    Header,
)
from ansible_collections.llmmon.stack.plugins.module_utils.archive.names import ArchiveName
from ansible_collections.llmmon.stack.plugins.module_utils.archive.new_files import NewFile, WritingError
from ansible_collections.llmmon.stack.plugins.module_utils.archive.writing import ArchiveWriter, gzip_command
from ansible_collections.llmmon.stack.plugins.module_utils.backup import room
from ansible_collections.llmmon.stack.plugins.module_utils.backup.grafana_database import (
    DatabaseError,
    PostgresSettings,
    SqliteSettings,
    copy_sqlite,
    database_settings,
    dump_postgres,
)
from ansible_collections.llmmon.stack.plugins.module_utils.backup.metric import publish
from ansible_collections.llmmon.stack.plugins.module_utils.backup.retention import (
    Kept,
    fragments,
    kept,
    last_good,
    stale,
)
from ansible_collections.llmmon.stack.plugins.module_utils.backup.run import BackupError, back_up
from ansible_collections.llmmon.stack.plugins.module_utils.backup.sources import Grafana
from ansible_collections.llmmon.stack.plugins.module_utils.backup.workplace import Workplace
from ansible_collections.llmmon.stack.plugins.module_utils.configuration.releases import CURRENT
from ansible_collections.llmmon.stack.plugins.module_utils.errors import StackError
from ansible_collections.llmmon.stack.plugins.module_utils.host import places
from ansible_collections.llmmon.stack.plugins.module_utils.host.clock import UTC, utc_now
from ansible_collections.llmmon.stack.plugins.module_utils.host.operation import Operations
from ansible_collections.llmmon.stack.plugins.module_utils.host.waiting import wait_for

from tests.conftest import REPOSITORY
from tests.support import services
from tests.support.archives import CONFIGURATION, header, whole
from tests.support.backup_machine import BackupMachine, contents
from tests.support.loopback import unused_port
from tests.testbed.shell import PATIENCE, wait_until

AGE = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"

needs_root = pytest.mark.usefixtures("as_root")


@pytest.fixture
def machine(tmp_path: Path) -> BackupMachine:
    found = BackupMachine(tmp_path)
    found.prepare()
    return found


def archive_name(day: int, scope: str = "full") -> ArchiveName:
    return ArchiveName(datetime.datetime(2026, 1, day, tzinfo=UTC), scope)


def archives(*names: ArchiveName, good: bool = True) -> list[Kept]:
    return [Kept(Path("/backups") / str(name), name, 1, good) for name in names]


def test_the_archive_just_made_stays_also_when_the_clock_went_back() -> None:
    made = archive_name(1)
    found = archives(made, archive_name(2), archive_name(3))
    assert [old.name for old in stale(found, 1, made)] == [archive_name(2), archive_name(3)]


def test_many_in_a_row_do_not_cost_what_was_made_before_them() -> None:
    def at(hour: int) -> ArchiveName:
        return ArchiveName(datetime.datetime(2026, 1, 5, hour, tzinfo=UTC), "full")

    old, made = archives(archive_name(3), archive_name(4)), archives(*map(at, range(10)))
    assert [archive.name for archive in stale(old + made, 3, at(9), hours=20)] == [archive_name(3), archive_name(4)]
    assert len(stale(old + made, 3, at(9), hours=4)) == 2 + 6
    assert len(stale(old + made, 3, at(9), hours=0)) == 2 + 7
    # The next night they are as old as others.
    assert len(stale(old + made, 3, archive_name(7), hours=20)) == 2 + 8


@needs_root
@pytest.mark.parametrize(
    ("changes", "variable"),
    [({"keep": 0}, "keep is 0"), ({"keep": -3}, "keep is -3"), ({"keep_hours": -1}, "keep_hours is -1")],
)
def test_numbers_that_make_no_sense_are_refused(machine: BackupMachine, changes: dict[str, int], variable: str) -> None:
    with pytest.raises(StackError, match=f"llmmon_backup_{variable}, and has to be"):
        machine.settings(**changes)


@needs_root
def test_an_archive_of_another_host_neither_counts_nor_goes(machine: BackupMachine) -> None:
    machine.archives.mkdir()
    theirs = machine.archives / "llm_monitoring_backup_20990101_000000_config.tar.gz"
    whole(theirs, CONFIGURATION, header(CONFIGURATION, "config"))
    places.checksum(theirs).touch()
    ours = Path(back_up(machine.settings(scope="config", keep=1)).archive)
    assert [(archive.path.name, archive.own) for archive in kept(machine.archives)] == [
        (ours.name, True),
        (theirs.name, False),
    ]
    assert [found["archive"] for found in last_good(machine.archives)] == [str(ours)]
    back_up(machine.settings(scope="config", keep=1))
    assert (theirs.exists(), ours.exists()) == (True, False)


def test_what_is_not_good_neither_counts_nor_goes() -> None:
    broken = archives(archive_name(1), good=False)
    good = archives(archive_name(2), archive_name(3))
    assert stale(broken + good, 2, archive_name(3)) == []


def test_archives_of_another_scope_do_not_count() -> None:
    found = archives(archive_name(1), archive_name(2, "config"), archive_name(3))
    assert [old.name for old in stale(found, 1, archive_name(3))] == [archive_name(1)]


def test_files_of_others_in_the_directory_are_none_of_ours(tmp_path: Path) -> None:
    ours = tmp_path / f".{archive_name(1)}.partial"
    orphan = tmp_path / f"{archive_name(2)}.sha256"
    for path in (ours, orphan, tmp_path / ".notes.partial", tmp_path / "holiday.tar.gz", tmp_path / "holiday.sha256"):
        path.touch()
    assert fragments(tmp_path) == sorted([ours, orphan])
    assert kept(tmp_path) == []


def test_room_is_asked_of_each_file_system(tmp_path: Path) -> None:
    (only,) = room.rooms(tmp_path / "not" / "there", tmp_path, 1000, 500)
    assert only.place == tmp_path
    assert only.needed > 1500
    both = room.rooms(Path("/proc"), tmp_path, 1000, 500)
    assert [found.place for found in both] == [Path("/proc"), tmp_path]
    assert both[0].needed - both[1].needed == 500
    message = room.lack(room.Room(tmp_path, 2**30), 2**29)
    assert message is not None
    assert "may need 1024 MiB" in message
    assert "llmmon_backup_directory" in message
    assert room.lack(room.Room(tmp_path, 2**30), 2**30) is None


@needs_root
def test_too_little_room_is_noticed_before_anything_is_made(
    machine: BackupMachine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "_RESERVE", 2**60)
    with pytest.raises(BackupError, match="MiB are free"):
        back_up(machine.settings(scope="config"))
    assert not machine.archives.exists()
    assert machine.leftovers() == []


@needs_root
def test_a_timer_waits_for_another_operation_and_for_one_that_was_begun(machine: BackupMachine) -> None:
    """A restore is several runs: between two of them the lock is free, and the journal is there."""
    operations, begun, refused = Operations(machine.data_root), threading.Event(), threading.Event()

    def restore() -> None:
        with operations.locked("restore"):
            operations.begin("restore", "stopping the services", {})
            begun.set()
            refused.wait(60)
            threading.Event().wait(0.5)
        threading.Event().wait(0.5)
        operations.end()

    thread = threading.Thread(target=restore)
    thread.start()
    begun.wait()
    with pytest.raises(BackupError, match="backup cannot begin: restore"):
        back_up(machine.settings(scope="config"))
    refused.set()
    assert Path(back_up(machine.settings(scope="config"), patience=20).archive).is_file()
    thread.join()
    with operations.locked("restore"), pytest.raises(BackupError, match=r"restore .* is at work since"):
        back_up(machine.settings(scope="config"), patience=0.5)


# The check beforehand cannot see what others write meanwhile, so here it sees nothing at all.
_ON_A_FULL_DISK = """
import sys
from tests.support.backup_machine import BackupMachine
from pathlib import Path
from ansible_collections.llmmon.stack.plugins.module_utils.backup import run as backup
backup.Backup._require_room = lambda *_: None
machine = BackupMachine(Path(sys.argv[1]))
try:
    backup.back_up(machine.settings(scope="config"))
except backup.BackupError as error:
    print(error)
print(sorted(path.name for path in machine.archives.iterdir()), machine.leftovers())
"""


@needs_root
@pytest.mark.skipif(not services.can_have_own_mounts(), reason="a small disk needs a file system view of its own")
def test_a_disk_that_is_full_leaves_nothing(machine: BackupMachine) -> None:
    machine.archives.mkdir()
    (machine.config_root / "grafana" / "20260101T000000.000000Z" / "much").write_bytes(os.urandom(2**20))
    small = ["unshare", "--mount", "sh", "-c", 'mount -t tmpfs -o size=256k none "$0" && exec "$@"']
    small.append(str(machine.archives))
    finished = subprocess.run(
        [*small, sys.executable, "-c", _ON_A_FULL_DISK, str(machine.root)],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": f"{REPOSITORY}:{REPOSITORY / 'collections'}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "and then no more (No space left on device)" in finished.stdout, finished.stderr
    assert finished.stdout.endswith("[] []\n")


def test_an_archive_that_was_not_finished_is_deleted_by_its_writer(tmp_path: Path) -> None:
    with (
        pytest.raises(WritingError, match="became shorter"),
        ArchiveWriter(tmp_path / "a", Header("config", utc_now(), "here", {}, 10), [gzip_command(1)]) as writer,
    ):
        writer.write([NewFile("state.json", 10, b"less")])
    assert list(tmp_path.iterdir()) == []


def snapshot(directory: Path, taken: datetime.datetime, number: str = "1a2b") -> Path:
    found = directory / f"{taken.strftime('%Y%m%dT%H%M%SZ')}-{number}"
    found.mkdir(parents=True)
    (found / "index").touch()
    return found


def test_what_a_killed_run_left_goes_and_what_others_have_stays(tmp_path: Path) -> None:
    snapshots, partial = tmp_path / "snapshots", tmp_path / ".archive.partial"
    theirs = snapshot(snapshots, utc_now(), "aaaa")
    killed = Workplace(tmp_path)
    killed.open(partial)
    partial.touch()
    killed.expect_snapshot(snapshots)
    # The kill came before the answer: of the new ones ours is the one that was begun when we asked.
    ours = snapshot(snapshots, utc_now(), "bbbb")
    later = snapshot(snapshots, utc_now() + datetime.timedelta(hours=1), "cccc")
    (killed.path / "grafana.db").touch()
    following = Workplace(tmp_path)
    assert sorted(following.clear()) == sorted([str(partial), str(ours)])
    assert (theirs.is_dir(), later.is_dir(), ours.exists(), following.path.exists()) == (True, True, False, False)


def test_a_named_snapshot_goes_by_its_name_alone(tmp_path: Path) -> None:
    killed = Workplace(tmp_path)
    killed.open(tmp_path / ".archive.partial")
    killed.expect_snapshot(tmp_path / "snapshots")
    ours = snapshot(tmp_path / "snapshots", utc_now(), "bbbb")
    theirs = snapshot(tmp_path / "snapshots", utc_now(), "aaaa")
    killed.name_snapshot(ours.name)
    assert Workplace(tmp_path).clear() == [str(ours)]
    assert theirs.is_dir()


@needs_root
def test_a_database_in_use_is_copied_and_no_file_beside_it_is_roots(tmp_path: Path) -> None:
    source, target = tmp_path / "grafana.db", tmp_path / "copy.db"
    database = sqlite3.connect(source)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute("CREATE TABLE dashboard (title TEXT)")
    database.commit()
    # The last one to close deletes what lies beside the database, so the copy has to make it anew.
    database.close()
    os.chown(source, 472, 0)
    copy_sqlite(source, target)
    assert {path.stat().st_uid for path in tmp_path.glob("grafana.db*")} == {472}
    writing = sqlite3.connect(source)
    writing.execute("INSERT INTO dashboard VALUES ('not yet in the file itself')")
    writing.commit()
    target.unlink()
    copy_sqlite(source, target)
    assert sqlite3.connect(target).execute("SELECT count(*) FROM dashboard").fetchone() == (1,)
    assert [path.name for path in tmp_path.glob("copy.db*")] == ["copy.db"]


def test_a_damaged_database_is_no_backup(tmp_path: Path) -> None:
    source = tmp_path / "grafana.db"
    source.write_bytes(b"no database at all" * 1000)
    with pytest.raises(DatabaseError, match=r"grafana\.db cannot be copied"):
        copy_sqlite(source, tmp_path / "copy.db")


@pytest.mark.parametrize(
    ("ini", "expected"),
    [
        ("", SqliteSettings(Path("/data/grafana.db"))),
        ("[database]\npath = sub/other.db\n", SqliteSettings(Path("/data/sub/other.db"))),
        (
            "[database]\ntype = postgres\nhost = db:5433\nname = g\nuser = u\n"
            'password = """p;#"""\nssl_mode = require\n',
            PostgresSettings("db", "5433", "g", "u", "p;#", "require"),
        ),
        (
            "[database]\nurl = postgres://u%40x:p%3A@[::1]:5434/g?sslmode=verify-full\n",
            PostgresSettings("::1", "5434", "g", "u@x", "p:", "verify-full"),
        ),
    ],
)
def test_what_the_configuration_says_of_the_database(tmp_path: Path, ini: str, expected: object) -> None:
    path = tmp_path / "grafana.ini"
    path.write_text(ini)
    assert database_settings(path, Path("/data")) == expected


def test_the_host_may_reach_the_database_by_another_name(tmp_path: Path) -> None:
    path = tmp_path / "grafana.ini"
    path.write_text("[database]\ntype = postgres\nhost = host.llmmon.internal\n")
    found = database_settings(path, Path("/data"), "127.0.0.1")
    assert isinstance(found, PostgresSettings)
    assert found.host == "127.0.0.1"


@pytest.mark.parametrize(
    ("ini", "words"),
    [
        ("[database]\ntype = mysql\n", "mysql, which llmmon does not back up"),
        ("[database]\npath = /elsewhere/grafana.db\n", "not in its data directory"),
        ("[database]\ntype = postgres\npassword = $__env{PASSWORD}\n", r"password .* use \$__file"),
        ("[database]\ntype = postgres\npassword = $__file{/not/there}\n", "/not/there"),
    ],
)
def test_a_database_that_cannot_be_backed_up_is_named(tmp_path: Path, ini: str, words: str) -> None:
    path = tmp_path / "grafana.ini"
    path.write_text(ini)
    with pytest.raises(DatabaseError, match=words):
        database_settings(path, Path("/data"))


@pytest.mark.skipif(not shutil.which("pg_dump"), reason="pg_dump is not installed here")
def test_a_server_that_does_not_answer_is_named_and_the_password_is_not(tmp_path: Path) -> None:
    settings = PostgresSettings("127.0.0.1", str(unused_port()), "grafana", "grafana", "s3cret-of-postgres")
    with pytest.raises(DatabaseError) as raised:
        dump_postgres(settings, tmp_path / "database.dump", tmp_path)
    assert settings.port in str(raised.value)
    assert settings.password not in str(raised.value)
    assert not (tmp_path / "pgpass").exists()


# Stands where pg_dump is looked for, and tells what it was given.
_TELLING = """#!/bin/sh
for argument; do case $argument in --file=*) file=${argument#--file=} ;; esac; done
{ echo "$@"; env; stat -c %a "$PGPASSFILE"; cat "$PGPASSFILE"; } > "$file"
"""


def test_the_password_goes_by_a_file_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "pg_dump"
    program.write_text(_TELLING)
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    target = tmp_path / "database.dump"
    dump_postgres(PostgresSettings("db", "5432", "grafana", "u", r"a:b\c"), target, tmp_path)
    told = target.read_text()
    assert told.endswith("600\n*:*:*:*:a\\:b\\\\c\n")
    assert told.count("a:b") == 0
    assert target.stat().st_mode & 0o777 == 0o600


@needs_root
@pytest.mark.skipif(not shutil.which("gpg"), reason="gpg is not installed here")
def test_an_archive_opens_with_the_private_key_and_without_it_does_not(machine: BackupMachine, tmp_path: Path) -> None:
    # The agent's socket has to have a short path.
    home = Path(subprocess.run(["mktemp", "-d"], capture_output=True, text=True, check=True).stdout.strip())

    def gpg(*arguments: str) -> bytes:
        command = ["gpg", "--homedir", str(home), "--batch", "--quiet", "--pinentry-mode", "loopback", *arguments]
        return subprocess.run(command, capture_output=True, check=True).stdout

    try:
        gpg("--passphrase", "", "--quick-generate-key", "operator@example.org", "future-default", "default", "never")
        key = gpg("--armor", "--export").decode()
        archive = Path(back_up(machine.settings(scope="config", encryption="gpg", public_keys=[key])).archive)
        assert archive.name.endswith(".tar.gz.gpg")
        assert b"the-key-of-grafana" not in archive.read_bytes()
        opened = tmp_path / "opened.tar.gz"
        gpg("--output", str(opened), "--decrypt", str(archive))
        assert "state.json" in contents(opened)
        assert machine.leftovers() == []
    finally:
        subprocess.run(["gpgconf", "--homedir", str(home), "--kill", "all"], check=False)
        # The agent takes its sockets away when it has been told to end, which may be while they are removed.
        wait_until(lambda: not [*home.glob("S.*")], timeout=PATIENCE, what="gpg's agent has not ended")
        shutil.rmtree(home)


@needs_root
@pytest.mark.parametrize(
    ("tool", "keys", "reason"),
    [
        ("gpg", ["no key"], "gpg does not encrypt to key 1 of llmmon_backup_public_keys: "),
        ("age", [AGE, "age1nokey"], "age does not encrypt to key 2 of llmmon_backup_public_keys: "),
        ("age", ["AGE-SECRET-KEY-1s3cret"], "key 1 of llmmon_backup_public_keys: it is a private key"),
        (
            "gpg",
            ["-----BEGIN PGP PRIVATE KEY BLOCK-----\ns3cret"],
            "it is a private key, which has to be kept elsewhere",
        ),
    ],
)
def test_a_key_that_is_none_is_told_before_anything_is_written(
    machine: BackupMachine, tool: str, keys: list[str], reason: str
) -> None:
    if not shutil.which(tool):
        pytest.skip(f"{tool} is not installed here")
    with pytest.raises(BackupError) as refused:
        back_up(machine.settings(scope="config", encryption=tool, public_keys=keys))
    assert reason in str(refused.value)
    # Neither a secret nor the file that a key was put into for the tool.
    assert not re.search(r"s3cret|/tmp|recipient-\d", str(refused.value))
    assert not machine.archives.exists()


@needs_root
@pytest.mark.skipif(not shutil.which("age"), reason="age is not installed here")
def test_an_archive_for_a_key_of_age_opens_with_it(machine: BackupMachine, tmp_path: Path) -> None:
    identity, opened = tmp_path / "identity", tmp_path / "opened.tar.gz"
    subprocess.run(["age-keygen", "--output", identity], capture_output=True, check=True)
    key = subprocess.run(["age-keygen", "-y", identity], capture_output=True, text=True, check=True).stdout
    archive = back_up(machine.settings(scope="config", encryption="age", public_keys=[key])).archive
    subprocess.run(["age", "--decrypt", "--identity", identity, "--output", opened, archive], check=True)
    assert "state.json" in contents(opened)


@needs_root
def test_encryption_without_a_key_is_refused_at_once(machine: BackupMachine) -> None:
    with pytest.raises(BackupError, match="llmmon_backup_public_keys"):
        back_up(machine.settings(scope="config", encryption="gpg"))


_NOBODY = 65534
# Debian keeps the server's programs, one version beside another, out of the way.
_SERVERS = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))


@needs_root
@pytest.mark.skipif(not _SERVERS or not shutil.which("pg_dump"), reason="PostgreSQL is not installed here")
def test_a_dump_of_a_real_server_holds_its_tables(tmp_path: Path) -> None:
    programs, password, port = _SERVERS[-1].parent, "s3cret:of\\postgres", str(unused_port())
    # It runs as nobody, who does not come into pytest's directories.
    home = Path(tempfile.mkdtemp())
    environment = {**os.environ, "PGPASSWORD": password}
    try:
        (home / "password").write_text(password)
        for path in (home, home / "password"):
            os.chown(path, _NOBODY, _NOBODY)
        arguments = ["--auth=scram-sha-256", "--username=grafana", f"--pwfile={home}/password", f"{home}/data"]
        subprocess.run([programs / "initdb", *arguments], user=_NOBODY, group=_NOBODY, capture_output=True, check=True)
        server = [str(programs / "postgres"), "-D", f"{home}/data", "-p", port, "-k", str(home), "-h", "127.0.0.1"]
        with subprocess.Popen(server, user=_NOBODY, group=_NOBODY, stderr=subprocess.DEVNULL) as running:
            try:
                psql = ["psql", "--host=127.0.0.1", f"--port={port}", "--username=grafana", "--quiet", "--command"]
                wait_for(lambda: _succeeds("pg_isready", "--host=127.0.0.1", f"--port={port}") or None, 30)
                for command in (
                    "CREATE DATABASE grafana",
                    "CREATE TABLE dashboard (title text); INSERT INTO dashboard VALUES ('mine')",
                ):
                    database = "postgres" if "DATABASE" in command else "grafana"
                    subprocess.run([*psql, command, database], env=environment, check=True)
                dump_postgres(PostgresSettings("127.0.0.1", port, "grafana", "grafana", password), tmp_path / "d", home)
            finally:
                running.terminate()
    finally:
        shutil.rmtree(home)
    text = subprocess.run(["pg_restore", "--file=-", tmp_path / "d"], capture_output=True, text=True, check=True).stdout
    assert "COPY public.dashboard (title) FROM stdin;\nmine\n" in text


def _succeeds(*command: str) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("place", ["mine.db", "deep/mine.db"])
def test_the_database_is_archived_once_and_a_former_one_never(tmp_path: Path, place: str) -> None:
    """Restored, a former one would lie where the one in use belongs; archives with such a file are refused."""
    configuration, data, workplace = tmp_path / "etc", tmp_path / "data", Workplace(tmp_path)
    (configuration / CURRENT).mkdir(parents=True)
    (configuration / CURRENT / "grafana.ini").write_text(f"[database]\npath = {place}\n")
    (data / place).parent.mkdir(parents=True)
    sqlite3.connect(data / place).close()
    (data / f"{place}-wal").write_text("of the copy's source")
    for name in GRAFANA_DATABASE_FILES | {"grafana.db.copy"}:
        (data / name).write_text("of last year")
    workplace.open(tmp_path / "partial")
    found = Grafana(configuration, data).members(workplace)
    assert [member.path for member in found] == ["grafana/grafana.db", "grafana/data/grafana.db.copy"]


@needs_root
def test_prometheus_can_read_the_metric_of_a_backup_by_the_timer(tmp_path: Path) -> None:
    """Whose service has a umask that leaves nothing for others."""
    root = tmp_path / "prometheus"
    root.mkdir()
    os.chown(root, 0, _NOBODY)
    umask = os.umask(0o077)
    try:
        publish(root, "no-such-prometheus", "full", 1, FileRecord(1, ""))
    finally:
        os.umask(umask)
    for path, mode in ((root / "generated", 0o750), (root / "generated" / "backup_full.yml", 0o640)):
        status = path.stat()
        assert (stat.S_IMODE(status.st_mode), status.st_gid) == (mode, _NOBODY)
