"""What every supported ansible-core has to do with llmmon without a host. The deployments are in tests/e2e."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
import yaml

from tests.core.versions import REFUSED, REPOSITORY, VERSIONS, ansible_playbook, environment

PLAYBOOKS = sorted((REPOSITORY / "playbooks").glob("*.yml"))


def run(version: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [ansible_playbook(version), *arguments],
        cwd=REPOSITORY,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("version", VERSIONS)
def test_the_environment_has_that_version(version: str) -> None:
    assert f"[core {version}." in run(version, "--version").stdout


@pytest.mark.parametrize("version", VERSIONS)
def test_every_playbook_is_read_without_a_warning(version: str) -> None:
    done = run(version, "--syntax-check", *PLAYBOOKS)
    assert done.returncode == 0, done.stdout
    assert done.stdout.count("playbook: ") == len(PLAYBOOKS)
    assert "WARNING" not in done.stdout


def test_a_playbook_that_cannot_be_read_is_found(tmp_path: Path) -> None:
    playbook = tmp_path / "broken.yml"
    playbook.write_text("- {hosts: llmmon, tasks: [{llmmon.stack.no_such_module: {}}]}\n", encoding="utf-8")
    assert run(VERSIONS[-1], "--syntax-check", playbook).returncode != 0


def test_the_oldest_version_is_the_one_that_the_collection_asks_for() -> None:
    runtime = yaml.safe_load((REPOSITORY / "collections" / "llmmon" / "meta" / "runtime.yml").read_text())
    assert runtime["requires_ansible"] == f">={VERSIONS[0]}.0"


@pytest.mark.parametrize("playbook", ["site.yml", "status.yml"])
def test_an_older_version_is_refused_by_one_sentence_before_the_first_host(playbook: str, tmp_path: Path) -> None:
    inventory = tmp_path / "hosts.yml"
    inventory.write_text("llmmon: {hosts: {here: {ansible_connection: local}}}\n", encoding="utf-8")
    done = run(REFUSED, "-i", inventory, REPOSITORY / "playbooks" / playbook)
    assert done.returncode != 0
    assert f"llmmon needs ansible-core {VERSIONS[0]} or later, and this is {REFUSED}" in " ".join(done.stdout.split())
    assert done.stdout.count("TASK [") == 1, done.stdout
