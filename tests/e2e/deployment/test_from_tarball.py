"""The collection as people get it: built, in an empty folder, and run by its names by every supported ansible-core."""

from __future__ import annotations

import os
import shutil
import subprocess
import sysconfig
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.core.versions import REFUSED, VERSIONS, ansible_playbook
from tests.published.checks import publish
from tests.support.stack import PLAY_SECONDS, Result, Stack
from tests.testbed.state import REPOSITORY


@dataclass(frozen=True)
class Folder:
    """Somebody's own repository: an inventory, the token in a .env, and the collection."""

    path: Path

    def run(self, version: str, playbook: str, *arguments: str) -> Result:
        """Run a playbook by a version of ansible-core, with nothing of llmmon's repository in reach."""
        # Galaxy would bring the collection that ours depends on; here it comes out of the package ansible.
        collections = f"{self.path / 'collections'}:{sysconfig.get_path('purelib')}"
        done = subprocess.run(
            [str(ansible_playbook(version)), "-i", "my-inventory", playbook, *arguments],
            cwd=self.path,
            env={"PATH": os.environ["PATH"], "HOME": str(self.path), "LANG": "C.UTF-8", "ANSIBLE_NOCOLOR": "1"}
            | {"ANSIBLE_COLLECTIONS_PATH": collections, "ANSIBLE_PIPELINING": "true"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=PLAY_SECONDS,
        )
        return Result(done.returncode, done.stdout)


@pytest.fixture(scope="module")
def folder(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Folder:
    path = tmp_path_factory.mktemp("my-repository")
    built = publish(REPOSITORY / "collections" / "llmmon", tmp_path_factory.mktemp("built"))
    place = path / "collections" / "ansible_collections"
    shutil.copytree(built.unpacked.parents[1], place)
    shutil.copytree(stack.inventory, path / "my-inventory")
    token, password = (stack.environment[name] for name in ("PROMETHEUS_BEARER_TOKEN", "GRAFANA_ADMIN_PASSWORD"))
    (path / ".env").write_text(f"PROMETHEUS_BEARER_TOKEN={token}\nGRAFANA_ADMIN_PASSWORD={password}\n")
    return Folder(path)


@pytest.mark.parametrize("version", VERSIONS)
def test_every_supported_core_finds_nothing_to_change(version: str, folder: Folder) -> None:
    result = folder.run(version, "llmmon.stack.site", "--check")
    assert result.code == 0, result.output
    assert result.recap("changed") == 0, result.output


def test_the_newest_core_proves_that_the_stack_works(folder: Folder) -> None:
    result = folder.run(VERSIONS[-1], "llmmon.stack.verify")
    assert result.code == 0, result.output
    assert "scrape targets: " in result.output


def test_an_older_core_is_refused_by_one_sentence(folder: Folder) -> None:
    result = folder.run(REFUSED, "llmmon.stack.site")
    assert result.code != 0
    assert "llmmon needs ansible-core 2.19 or later, and this is 2.18" in result.message, result.output
    assert "TASK [llmmon.stack.engine" not in result.output
    assert "Traceback" not in result.output


def test_archives_that_are_fetched_come_into_the_folder_of_the_run(folder: Folder) -> None:
    arguments = ("-e", "llmmon_backup_fetch=true", "-e", "llmmon_backup_scope=config")
    result = folder.run(VERSIONS[0], "llmmon.stack.backup", *arguments)
    assert result.code == 0, result.output
    (archive,) = (folder.path / "backups" / "monitoring").glob("*_config.tar.gz")
    assert archive.stat().st_mode & 0o777 == 0o600
