"""Copies off the host by a real restic: what is told when one fails, and that none waits without end."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.backup import offsite
from ansible_collections.llmmon.stack.plugins.module_utils.backup.offsite import Restic
from ansible_collections.llmmon.stack.plugins.module_utils.backup.run import BackupError, back_up
from ansible_collections.llmmon.stack.plugins.module_utils.errors import StackError
from ansible_collections.llmmon.stack.plugins.module_utils.host.operation import Operations
from ansible_collections.llmmon.stack.plugins.module_utils.host.waiting import wait_for

from tests.support.backup_machine import BackupMachine

pytestmark = pytest.mark.usefixtures("as_root")
real = pytest.mark.skipif(not shutil.which("restic"), reason="restic is not installed here")
PASSWORD = "s3cret-of-restic"  # noqa: S105 - of the test


class Host(BackupMachine):
    """A host that copies its configuration to a repository on a disk of its own."""

    @property
    def repository(self) -> Path:
        return self.root / "disk" / "repository"

    @property
    def password(self) -> Path:
        return self.root / "password"

    @property
    def metric(self) -> Path:
        return self.config_root / "prometheus" / "generated" / "backup_copy_config.yml"

    def copy(self, **changes: Any) -> Any:
        where = {"restic_repository": str(self.repository), "restic_password_file": str(self.password)}
        return back_up(self.settings(**{"scope": "config", **where, **changes}))

    def failure(self, **changes: Any) -> str:
        """The one sentence; the archive is on the host all the same."""
        before = set(self.archives.glob("*.tar.gz"))
        with pytest.raises(BackupError) as failed:
            self.copy(**changes)
        (made,) = set(self.archives.glob("*.tar.gz")) - before
        assert str(failed.value).startswith(f"{made} was ")
        assert "\n" not in str(failed.value)
        assert PASSWORD not in str(failed.value)
        return str(failed.value)

    def restic(self, *arguments: str) -> bytes:
        return subprocess.run([*self.command(), *arguments], capture_output=True, check=True).stdout

    def command(self) -> list[str]:
        return ["restic", "--repo", str(self.repository), "--password-file", str(self.password)]

    def locks(self) -> list[Path]:
        return [path for path in (self.repository / "locks").iterdir() if "tmp" not in path.name]

    def options(self, **changes: Any) -> dict[str, Any]:
        found = super().options(**changes)
        # One is enough, and the sooner known not to run.
        return {**found, "services": found["services"][:1]}


@pytest.fixture
def host(tmp_path: Path) -> Host:
    found = Host(tmp_path)
    found.prepare()
    found.repository.parent.mkdir()
    found.password.write_text(PASSWORD + "\n")
    return found


Program = Callable[[str], None]


@pytest.fixture
def program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Program:
    """Put a program of a few lines where restic is looked for; the sixth argument is the command."""
    directory = tmp_path / "programs"
    directory.mkdir()
    monkeypatch.setenv("PATH", f"{directory}:{os.environ['PATH']}")

    def put(text: str) -> None:
        (directory / "restic").write_text(f"#!/bin/sh\n{text}\n")
        (directory / "restic").chmod(0o755)

    return put


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of a server that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"rest:http://me:{PASSWORD}@127.0.0.1:{server.getsockname()[1]}/"


@real
def test_the_last_copies_stay_and_can_be_had_back(host: Host) -> None:
    first = host.copy(keep=1)
    assert any("on the same file system as the archives" in note for note in first.notes)
    last = host.copy(keep=1).archive
    (found,) = json.loads(host.restic("snapshots", "--json"))
    assert found["tags"] == ["llmmon", "config"]
    assert host.restic("dump", "latest", last) == Path(last).read_bytes()
    assert first.archive != last
    told = host.metric.read_text()
    assert "llmmon_backup_copy_last_success_timestamp_seconds" in told
    # One that fails leaves what is known of the last good one as it was, and costs no archive.
    local = host.metric.with_name("backup_config.yml")
    of_the_archive = local.read_text()
    host.password.write_text("another\n")
    assert f"the password in {host.password} does not open the repository {host.repository}" in host.failure()
    assert host.metric.read_text() == told
    assert local.read_text() != of_the_archive


@real
def test_copies_of_the_last_hours_stay_too(host: Host) -> None:
    for _ in range(2):
        host.copy(keep=1, keep_hours=20)
    assert len(json.loads(host.restic("snapshots", "--json"))) == 2


def test_without_a_repository_there_is_no_metric_of_copies(host: Host) -> None:
    host.copy(restic_repository="")
    assert not host.metric.exists()


# What restic 0.14 and 0.18 say, with their exit codes.
_HINT = "Is there a repository at the following location?\\nAT"


@pytest.mark.parametrize(
    ("code", "words", "reason"),
    [
        (1, "Fatal: wrong password or no key found", "does not open the repository"),
        (12, "Fatal: wrong password or no key found", "does not open the repository"),
        (
            1,
            f"Fatal: unable to open config file: dial tcp: connect: connection refused\\n{_HINT}",
            "connection refused",
        ),
        (1, f"Fatal: unable to open config file: dial tcp: lookup nowhere: no such host\\n{_HINT}", "no such host"),
        (1, "unable to create lock in backend: repository is already locked by PID 7", "another restic is at work"),
        (11, "Fatal: unable to create lock", "another restic is at work"),
        (1, "", "restic unlock failed: exit code 1"),
        (1, f"Fatal: unable to open config file: stat AT/config: no such file or directory\\n{_HINT}", "not mounted"),
        (1, f"Fatal: unable to open config file: <config/> does not exist\\n{_HINT}", "not mounted"),
        (
            10,
            f"Fatal: repository does not exist: unable to open config file: client.Head: 404\\n{_HINT}",
            "not mounted",
        ),
    ],
)
def test_what_restic_says_becomes_a_sentence(host: Host, program: Program, code: int, words: str, reason: str) -> None:
    program("exit 0")
    host.copy()
    program(f'[ "$6" = init ] && touch {host.root}/made; printf "{words}" >&2; exit {code}')
    said = host.failure()
    assert "was written but not copied off the host: " in said
    assert reason in said
    assert not (host.root / "made").exists(), "nothing is made where there was a repository"


@pytest.mark.parametrize("hint", ["no such file or directory", "<config/> does not exist"])
def test_the_first_copy_makes_a_repository(host: Host, program: Program, hint: str) -> None:
    absent = f'printf "Fatal: unable to open config file: {hint}\\n{_HINT}" >&2; exit 1'
    program(f'[ "$6" = init ] && touch {host.root}/made; [ "$6" != unlock ] || {{ {absent}; }}')
    host.copy()
    assert (host.root / "made").exists()


def test_a_copy_whose_elders_could_not_be_removed_is_still_a_copy(host: Host, program: Program) -> None:
    program('[ "$6" != forget ] || { echo "no space left" >&2; exit 1; }')
    said = host.failure()
    assert "was copied off the host, but older copies there were not removed: restic forget failed: no space" in said
    assert host.metric.exists()


def test_a_missing_password_file_is_named(host: Host) -> None:
    host.password.unlink()
    assert f"not copied off the host: there is no file {host.password}" in host.failure()


@real
def test_a_repository_that_is_gone_is_not_made_anew_unseen(host: Host) -> None:
    host.copy()
    # As when its disk is not mounted.
    host.repository.rename(host.root / "elsewhere")
    said = host.failure()
    assert f"there is no repository at {host.repository} any more, to which this host last copied at 20" in said
    assert "is its disk or share not mounted?" in said
    assert not host.repository.exists()
    host.copy(restic_anew=True)
    assert len(json.loads(host.restic("snapshots", "--json"))) == 1


@real
def test_what_a_killed_restic_left_locked_is_unlocked(host: Host) -> None:
    host.copy()
    big = host.root / "big"
    big.write_bytes(os.urandom(2**26))
    command = [*host.command(), "backup", "--quiet", str(big)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as killed:
        assert wait_for(lambda: host.locks() or None, 20, interval=0.01)
        killed.send_signal(signal.SIGKILL)
    assert host.locks()
    host.copy(keep=1)
    assert host.locks() == []


@real
def test_a_restic_that_is_at_work_keeps_its_lock_and_the_copy_is_not_called_missing(host: Host) -> None:
    """Another one may write at the same time; only nobody may remove what it may need."""
    host.copy()
    read, write = os.pipe()
    # Waits for its input, with the repository locked.
    command = [*host.command(), "backup", "--quiet", "--stdin"]
    with subprocess.Popen(command, stdin=read, stderr=subprocess.DEVNULL) as other:
        try:
            assert wait_for(lambda: host.locks() or None, 20, interval=0.05)
            said = host.failure(keep=1)
        finally:
            os.close(write)
            os.close(read)
            other.kill()
    assert "was copied off the host, but older copies there were not removed: restic forget failed" in said
    assert "because another restic is at work there" in said
    assert len(json.loads(host.restic("snapshots", "--no-lock", "--json"))) == 2


@real
def test_a_repository_that_never_answers_is_given_up_and_keeps_nobody_waiting(host: Host, silent: str) -> None:
    said: list[str] = []
    thread = threading.Thread(
        target=lambda: said.append(_failure_of(host, silent, copy_timeout=8)),
    )
    begun = time.monotonic()
    thread.start()
    # The host is free as soon as the archive is in its place.
    assert wait_for(lambda: list(host.archives.glob("llm*.sha256")) or None, 20, interval=0.05)
    assert wait_for(lambda: _lock(host) or None, 6, interval=0.05)
    assert thread.is_alive()
    thread.join()
    assert time.monotonic() - begun < 8 + offsite._GRACE_SECONDS + 15
    assert "restic unlock was ended, because the copy took longer than 8 s" in said[0]
    assert "raise llmmon_backup_copy_timeout" in said[0]
    assert PASSWORD not in said[0]


def _failure_of(host: Host, address: str, copy_timeout: int) -> str:
    # Signals are for the main thread, which a module is.
    settings = host.settings(
        scope="config", restic_repository=address, restic_password_file=str(host.password), copy_timeout=copy_timeout
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(signal, "signal", lambda *_: signal.SIG_DFL)
        try:
            back_up(settings)
        except BackupError as error:
            return str(error)
    return ""


def _lock(host: Host) -> bool:
    try:
        with Operations(host.data_root).locked("restore"):
            return True
    except StackError:
        return False


def test_whatever_restic_started_ends_with_it(
    host: Host, program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(f"trap '' INT\nsleep 300 &\necho $! > {tmp_path}/child\nwait\nsleep 300")
    monkeypatch.setattr(offsite, "_GRACE_SECONDS", 0.5)
    assert "took longer than 5 s" in host.failure(copy_timeout=5)
    child = Path("/proc", (tmp_path / "child").read_text().strip())
    assert wait_for(lambda: _ended(child) or None, 5)


def _ended(process: Path) -> bool:
    # One that nobody has waited for yet is a zombie.
    return not process.exists() or (process / "stat").read_text().split()[2] == "Z"


def test_copies_at_the_same_time_wait_for_each_other(host: Host, program: Program) -> None:
    program("exit 0")
    host.copy()
    archive = next(host.archives.glob("*.tar.gz"))
    restic = Restic(str(host.repository), host.password, 60)
    with restic.copying(archive, "config"):
        assert "another copy is still at work" in host.failure(copy_timeout=1)


def test_the_password_of_an_address_is_not_shown(tmp_path: Path) -> None:
    restic = Restic(f"rest:https://me:{PASSWORD}@backups.example/", tmp_path, 1)
    assert PASSWORD not in repr(restic) + restic.shown
