"""load_filters as a playbook runs it: what it loads is there in the process of every later task."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.conftest import REPOSITORY

COLLECTION = REPOSITORY / "collections" / "llmmon"
# Asks the process in which a task is templated what it had loaded before it began.
LOOKUP = """
import gc, sys
from ansible.plugins.lookup import LookupBase
class LookupModule(LookupBase):
    def run(self, terms, variables=None, **kwargs):
        filters = sum(".llmmon.stack.plugins.filter." in name for name in sys.modules)
        tests = any(name.startswith("ansible.plugins.test.core") for name in sys.modules)
        client = "a client of HTTP" if {"requests", "docker"} & set(sys.modules) else "no client"
        frozen = "frozen" if gc.get_freeze_count() else "not frozen"
        return [f"{filters} {'with' if tests else 'without'} tests, {client}, {frozen}"]
"""
SAY = {"name": "Say what is loaded", "ansible.builtin.debug": {"msg": "loaded: {{ lookup('loaded') }}"}}
LOAD = {"name": "Load the filters", "llmmon.stack.load_filters": None}


@pytest.mark.parametrize(
    ("tasks", "loaded"),
    [
        ([SAY], "0 without tests, no client, not frozen"),
        # What only the hosts need would take longer to load than all filters.
        ([LOAD, SAY], "1 with tests, no client, frozen"),
    ],
    ids=["without", "with"],
)
def test_later_tasks_find_all_filters_and_tests_loaded_and_frozen(
    tmp_path: Path, tasks: list[object], loaded: str
) -> None:
    (tmp_path / "lookup_plugins").mkdir()
    (tmp_path / "lookup_plugins" / "loaded.py").write_text(LOOKUP)
    playbook = tmp_path / "play.yml"
    playbook.write_text(yaml.safe_dump([{"hosts": "localhost", "gather_facts": False, "tasks": tasks}]))
    done = subprocess.run(
        [Path(sys.executable).with_name("ansible-playbook"), "-i", "localhost,", "--check", playbook],
        cwd=REPOSITORY,
        env={**os.environ, "ANSIBLE_NOCOLOR": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"msg: 'loaded: {loaded}'" in done.stdout


def test_every_playbook_begins_with_it() -> None:
    preflight = yaml.safe_load((COLLECTION / "playbooks" / "preflight.yml").read_text())
    assert "llmmon.stack.load_filters" in preflight[0]["tasks"][1]
