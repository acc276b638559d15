"""A process id is reused sooner or later: nobody may be stopped for having an id that we once knew."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from tests.testbed import processes, state


@pytest.fixture
def stranger() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(["sleep", "60"]) as process:
        yield process
        process.kill()


def test_stranger_with_our_old_id_is_left_alone(stranger: subprocess.Popen[bytes]) -> None:
    found = processes.describe(stranger.pid)
    assert found is not None
    for remembered in (replace(found, start_time=found.start_time - 1), replace(found, boot="another boot")):
        state.write("program", asdict(remembered))
        assert processes.running("program") is None
        assert processes.stop("program") is False
    assert stranger.poll() is None


def test_our_own_process_is_stopped(tmp_path: Path) -> None:
    started = processes.start("program", ["sleep", "60"], tmp_path / "log")
    assert processes.running("program") == started
    assert processes.stop("program") is True
    assert processes.describe(started.pid) is None
    assert processes.stop("program") is False


def test_nothing_remembered_is_nothing_to_stop() -> None:
    assert processes.stop("program") is False


def test_other_facts_of_the_record_are_kept(tmp_path: Path) -> None:
    state.write("program", {"network": {"bridge": "no"}})
    processes.start("program", ["sleep", "60"], tmp_path / "log")
    assert state.read("program")["network"] == {"bridge": "no"}
    processes.stop("program")
