"""The module: one step a run, each refusal one sentence, and nothing at all in check mode."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.host.operation import Operations
from ansible_collections.llmmon.stack.plugins.modules import stack_restore

from tests.support import archives
from tests.support.modules import run_module
from tests.support.restore_machine import RestoreMachine

pytestmark = pytest.mark.usefixtures("as_root")

STEPS = ("stage", "swap", "finish", "accept", "put_back")


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RestoreMachine:
    """A host with services, whose engine the module finds."""
    found = RestoreMachine(tmp_path / "host")
    found.root.mkdir()
    found.prepare()
    monkeypatch.setattr(stack_restore, "Engine", lambda: found.engine)
    return found


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return archives.whole(tmp_path / "llm_monitoring_backup_20260102_030405_full.tar.gz")


def run(
    machine: RestoreMachine, step: str, archive: Path | None = None, *, check_mode: bool = False, **options: Any
) -> dict[str, Any]:
    services = [
        {
            "name": service.name,
            "version": service.version,
            "url": service.url,
            "container": service.containers[0],
            "other_containers": list(service.containers[1:]),
            "uid": service.uid,
            "gid": service.gid,
            "data_directory": str(service.data_directory),
            "config_root": str(service.config_root),
        }
        for service in machine.services()
    ]
    roots = {"data_root": str(machine.data_root), "config_root": str(machine.config_root), "minimum_free_mb": 0}
    roots |= {"inventory_host": "monitoring"}
    named = {"archive": str(archive)} if archive else {}
    parameters = {"step": step, "services": services, **roots, **named, **options}
    return run_module(stack_restore, parameters, check_mode=check_mode)


def test_the_steps_one_after_another(machine: RestoreMachine, archive: Path) -> None:
    checked = run(machine, "check", archive)
    assert not checked["changed"]
    staged = run(machine, "stage", archive)
    assert staged["changed"]
    assert staged["replaced"] == checked["replaced"]
    assert len(staged["replaced"]) == 6
    assert run(machine, "swap")["changed"]
    machine.run_containers()
    back = run(machine, "put_back", timeout=0.1)
    assert (back["changed"], back["put_back"], back["kept"], back["not_running"]) == (True, True, False, [])
    again = run(machine, "put_back", timeout=0.1)
    assert (again["changed"], again["put_back"]) == (False, False)


def test_a_restore_that_is_kept_is_no_more_to_be_put_back(machine: RestoreMachine, archive: Path) -> None:
    run(machine, "stage", archive)
    run(machine, "swap")
    machine.run_containers()
    assert run(machine, "accept")["changed"]
    assert not run(machine, "put_back", timeout=0.1)["put_back"]
    assert (machine.data_root / "grafana" / "grafana.db").read_bytes() == archives.FULL["grafana/grafana.db"]


@pytest.mark.parametrize("step", STEPS)
def test_check_mode_does_nothing(machine: RestoreMachine, archive: Path, step: str) -> None:
    before = machine.everything()
    assert not run(machine, step, archive, check_mode=True)["changed"]
    assert machine.everything() == before


@pytest.mark.parametrize("step", ["check", "stage"])
def test_an_archive_has_to_be_named(machine: RestoreMachine, step: str) -> None:
    assert "step is " + step in run(machine, step)["msg"]


def test_a_refusal_is_one_sentence(machine: RestoreMachine, archive: Path) -> None:
    archive.write_bytes(b"PK\x03\x04")
    assert run(machine, "stage", archive)["msg"].startswith(f"the archive {archive} is refused: it is a zip archive")
    with Operations(machine.data_root).locked("backup"):
        assert "restore cannot begin: backup (process" in run(machine, "stage", archive)["msg"]
