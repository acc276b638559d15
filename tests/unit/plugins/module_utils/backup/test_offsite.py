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
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.backup import offsite
from ansible_collections.llmmon.stack.plugins.module_utils.backup.offsite import Restic
from ansible_collections.llmmon.stack.plugins.module_utils.backup.run import BackupError, back_up
from ansible_collections.llmmon.stack.plugins.module_utils.host.operation import Operations
from ansible_collections.llmmon.stack.plugins.module_utils.host.waiting import wait_for

from tests.support.backup_machine import BackupMachine

pytestmark = [
    pytest.mark.usefixtures("as_root"),
    pytest.mark.skipif(not shutil.which("restic"), reason="restic is not installed here"),
]
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
        command = ["restic", "--repo", str(self.repository), "--password-file", str(self.password), *arguments]
        return subprocess.run(command, capture_output=True, check=True).stdout


@pytest.fixture
def host(tmp_path: Path) -> Host:
    found = Host(tmp_path)
    found.prepare()
    found.repository.parent.mkdir()
    found.password.write_text(PASSWORD + "\n")
    return found


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of a server that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"rest:http://me:{PASSWORD}@127.0.0.1:{server.getsockname()[1]}/"


def test_the_last_copies_stay_and_can_be_had_back(host: Host) -> None:
    first, last = (host.copy(keep=1).archive for _ in range(2))
    assert first != last
    (found,) = json.loads(host.restic("snapshots", "--json"))
    assert found["tags"] == ["llmmon", "config"]
    assert host.restic("dump", "latest", last) == Path(last).read_bytes()


def test_copies_of_the_last_hours_stay_too(host: Host) -> None:
    for _ in range(2):
        host.copy(keep=1, keep_hours=20)
    assert len(json.loads(host.restic("snapshots", "--json"))) == 2


def test_a_copy_has_a_metric_of_its_own_which_a_failed_one_leaves_as_it_was(host: Host) -> None:
    host.copy()
    before = host.metric.read_text()
    assert "llmmon_backup_copy_last_success_timestamp_seconds" in before
    local = host.metric.with_name("backup_config.yml")
    told = local.read_text()
    host.password.write_text("another\n")
    host.failure()
    assert host.metric.read_text() == before
    assert local.read_text() != told, "the archive itself was made"


def test_without_a_repository_there_is_no_metric_of_copies(host: Host) -> None:
    host.copy(restic_repository="")
    assert not host.metric.exists()


def test_a_wrong_password_is_called_one(host: Host) -> None:
    host.copy()
    host.password.write_text("another\n")
    said = host.failure()
    assert f"the password in {host.password} does not open the repository {host.repository}" in said
    assert "llmmon_backup_restic_password_file" in said


def test_a_missing_password_file_is_named(host: Host) -> None:
    host.password.unlink()
    assert f"not copied off the host: there is no file {host.password}" in host.failure()


def test_a_repository_that_is_gone_is_not_made_anew_unseen(host: Host) -> None:
    host.copy()
    # As after its disk was unmounted.
    host.repository.rename(host.root / "elsewhere")
    said = host.failure()
    assert f"there is no repository at {host.repository} any more, to which this host last copied at 20" in said
    assert "is its disk or share not mounted?" in said
    assert not host.repository.exists()
    host.copy(restic_anew=True)
    assert len(json.loads(host.restic("snapshots", "--json"))) == 1


def test_a_repository_that_cannot_be_reached_is_not_taken_for_one_that_is_not_there(host: Host) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    said = host.failure(restic_repository=f"rest:http://me:{PASSWORD}@127.0.0.1:{port}/")
    assert "restic cat config failed" in said
    assert "connection refused" in said
    assert f"find out whether rest:http://127.0.0.1:{port}/ can be reached" in said


def test_what_a_killed_restic_left_locked_is_unlocked(host: Host) -> None:
    host.copy()
    big = host.root / "big"
    big.write_bytes(os.urandom(2**26))
    command = ["restic", "--repo", host.repository, "--password-file", host.password, "backup", "--quiet", str(big)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as killed:
        assert wait_for(lambda: list((host.repository / "locks").iterdir()) or None, 20, interval=0.01)
        killed.send_signal(signal.SIGKILL)
    assert list((host.repository / "locks").iterdir())
    host.copy(keep=1)
    assert list((host.repository / "locks").iterdir()) == []


def test_a_restic_that_is_at_work_keeps_its_lock_and_the_copy_is_not_called_missing(host: Host) -> None:
    """Another one may write at the same time; only nobody may remove what it may need."""
    host.copy()
    read, write = os.pipe()
    # Waits for its input, with the repository locked.
    command = ["restic", "--repo", host.repository, "--password-file", host.password, "backup", "--quiet", "--stdin"]
    with subprocess.Popen(command, stdin=read, stderr=subprocess.DEVNULL) as other:
        try:
            assert wait_for(lambda: list((host.repository / "locks").iterdir()) or None, 20, interval=0.05)
            said = host.failure(keep=1)
        finally:
            os.close(write)
            os.close(read)
            other.kill()
    assert "was copied off the host, but older copies there were not removed: restic forget failed" in said
    assert "because another restic is at work there" in said
    assert len(json.loads(host.restic("snapshots", "--no-lock", "--json"))) == 2


def test_a_repository_that_never_answers_is_given_up_and_keeps_nobody_waiting(host: Host, silent: str) -> None:
    said: list[str] = []
    thread = threading.Thread(
        target=lambda: said.append(_failure_of(host, silent, copy_timeout=3)),
    )
    begun = time.monotonic()
    thread.start()
    # The host is free as soon as the archive is in its place.
    assert wait_for(lambda: list(host.archives.glob("llm*.sha256")) or None, 20, interval=0.05)
    assert wait_for(lambda: _lock(host) or None, 2, interval=0.05)
    assert thread.is_alive()
    thread.join()
    assert time.monotonic() - begun < 3 + offsite._GRACE_SECONDS + 15
    assert "restic cat was ended, because the copy took longer than 3 s" in said[0]
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
    except offsite.StackError:
        return False


def test_whatever_restic_started_ends_with_it(host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    restic = programs / "restic"
    restic.write_text(f"#!/bin/sh\ntrap '' INT\nsleep 300 &\necho $! > {tmp_path}/child\nwait\nsleep 300\n")
    restic.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    monkeypatch.setattr(offsite, "_GRACE_SECONDS", 0.5)
    assert "took longer than 1 s" in host.failure(copy_timeout=1)
    child = Path("/proc", (tmp_path / "child").read_text().strip())
    assert wait_for(lambda: not child.exists() or "Z" in (child / "stat").read_text().split()[2] or None, 5)


def test_copies_at_the_same_time_wait_for_each_other(host: Host) -> None:
    host.copy()
    archive = next(host.archives.glob("*.tar.gz"))
    restic = Restic(str(host.repository), host.password, 60)
    with restic.copying(archive, "config"):
        assert "another copy is still at work" in host.failure(copy_timeout=1)


def test_a_repository_beside_the_archives_is_told_of(host: Host) -> None:
    assert any("on the same file system as the archives" in note for note in host.copy().notes)
    assert not any("on the same file system" in note for note in host.copy(restic_repository="").notes)


def test_the_password_of_an_address_is_not_shown(tmp_path: Path) -> None:
    restic = Restic(f"rest:https://me:{PASSWORD}@backups.example/", tmp_path, 1)
    assert PASSWORD not in repr(restic) + restic.shown
