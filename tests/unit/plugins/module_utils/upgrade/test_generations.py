"""Services go back to their generation of before, with an engine that is made up for the test."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.host.operation import Operations
from ansible_collections.llmmon.stack.plugins.module_utils.upgrade.generations import (
    OPERATION,
    Generations,
    UpgradeError,
)
from ansible_collections.llmmon.stack.plugins.module_utils.upgrade.record import PUT_BACK, Record

PROBER = "llmmon-prober"


class Engine:
    """The old prober runs, or ``waits`` to be started anew.

    The engine has started it anew so often in its life, and does so ``more`` times still.
    """

    def __init__(self, restarts: int, more: int = 0, *, waits: bool = False) -> None:
        self.restarts, self.more, self.waits = restarts, more, waits
        self.looks = 0

    def inspect(self, name: str) -> dict[str, Any] | None:
        if name not in {PROBER, "1"}:
            return None
        self.looks += 1
        ends = self.more > 0 and self.looks > 9
        health = "unhealthy" if self.more or self.waits else "healthy"
        return {
            "Id": "1",
            "Name": f"/{PROBER}",
            "HostConfig": {"RestartPolicy": {"Name": "always"}},
            "State": {
                "Running": True,
                "Status": "restarting" if ends or self.waits else "running",
                "ExitCode": 3 if ends else 0,
                "Health": {"Status": health},
            },
            "RestartCount": self.restarts + (self.more if ends else 0),
        }

    def restart(self, name: str) -> None:
        assert name == "1"
        self.waits = False

    def remove(self, _: str) -> bool:
        return False

    def logs_since(self, *_: Any) -> list[str]:
        return ["error: no such module"]


def put_back(tmp_path: Path, engine: Any) -> Record:
    record = Record(
        name="prometheus",
        url="http://127.0.0.1:1",
        config_root=str(tmp_path / "etc"),
        data_directory=str(tmp_path / "data"),
        before={"version": "3.4.0"},
        after={"version": "3.5.0"},
        containers=[{"name": PROBER, "id": "1", "restart_policy": "always"}],
        main=False,
        members=["llmmon-prometheus", PROBER],
        releases={"current": None, "running": None},
    )
    operations = Operations(tmp_path)
    operations.begin(OPERATION, "begun", {"services": [vars(record)]})
    Generations(engine, operations, 30).put_back(record, "the proof failed")
    return record


@pytest.mark.usefixtures("fast_clock")
def test_what_has_happened_to_a_container_in_its_life_is_not_held_against_it(tmp_path: Path) -> None:
    """It was never stopped, so the engine's count goes on from its first day."""
    assert put_back(tmp_path, Engine(restarts=7)).state == PUT_BACK


@pytest.mark.usefixtures("fast_clock")
def test_one_that_does_not_come_up_is_told_with_its_last_words(tmp_path: Path) -> None:
    with pytest.raises(UpgradeError) as caught:
        put_back(tmp_path, Engine(restarts=7, more=3))
    assert str(caught.value) == (
        f"the container {PROBER} does not run: it ends as soon as it is started (exit code 3): error: no such module"
    )


@pytest.mark.usefixtures("fast_clock")
def test_one_that_waits_to_be_started_anew_is_started(tmp_path: Path) -> None:
    """What it ended of may be gone, and the engine would start it a minute later."""
    assert put_back(tmp_path, Engine(restarts=7, waits=True)).state == PUT_BACK
