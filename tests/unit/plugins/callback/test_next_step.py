"""What is said of hosts that could not be reached, when Ansible hides why."""

from __future__ import annotations

import configparser
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.callback.next_step import CallbackModule, sentence

from tests.support.stack import PLAY_SECONDS

REPOSITORY = Path(__file__).resolve().parents[4]
PLAYBOOKS = REPOSITORY / "playbooks"

# The discard port of loopback, where nothing listens; and a host that is always there.
LOST = {"ansible_host": "127.0.0.1", "ansible_port": 9}
HERE = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}


def run(playbook: Path, folder: Path, hosts: dict[str, Any], *arguments: str) -> tuple[int, str]:
    """Run a playbook with the settings of the repository; its exit code, and its output as one line."""
    inventory = folder / "hosts.yml"
    inventory.write_text(json.dumps({"llmmon": {"hosts": hosts}}))
    done = subprocess.run(
        [str(Path(sys.executable).with_name("ansible-playbook")), "-i", str(inventory), str(playbook), *arguments],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
        timeout=PLAY_SECONDS,
    )
    return done.returncode, " ".join((done.stdout + done.stderr).split())


def play(path: Path, **keywords: Any) -> Path:
    """A playbook with one step whose output is hidden."""
    task = {"name": "Handle secrets", "ansible.builtin.ping": {}, "no_log": True, **keywords}
    path.write_text(json.dumps([{"hosts": "llmmon", "gather_facts": False, "tasks": [task]}]))
    return path


@pytest.mark.parametrize(("arguments"), [(), ("--limit", "lost")])
def test_a_connection_lost_where_the_output_is_hidden_says_what_to_run_next(
    arguments: tuple[str, ...], tmp_path: Path
) -> None:
    """Also when it was the only host, which ends the playbook."""
    code, output = run(play(tmp_path / "restore.yml"), tmp_path, {"lost": LOST}, *arguments)
    assert code == 4, output
    assert "the output has been hidden" in output
    assert output.count("lost could not be reached, or no longer, in the step 'Handle secrets'") == 1
    assert "run restore.yml again with the same options" in output
    assert output.endswith("it first puts back what the interrupted restore left."), output


def test_of_several_hosts_only_those_that_were_lost_are_named(tmp_path: Path) -> None:
    code, output = run(play(tmp_path / "site.yml"), tmp_path, {"lost": LOST, "here": HERE})
    assert code == 4, output
    assert "lost could not be reached" in output
    assert "here could not be reached" not in output


@pytest.mark.parametrize(("hosts", "keywords"), [({"here": HERE}, {}), ({"lost": LOST}, {"ignore_unreachable": True})])
def test_nothing_is_said_when_nothing_was_lost(hosts: dict[str, Any], keywords: dict[str, Any], tmp_path: Path) -> None:
    code, output = run(play(tmp_path / "site.yml", **keywords), tmp_path, hosts)
    assert code == 0, output
    assert "could not be reached" not in output


def test_a_real_playbook_says_it(tmp_path: Path) -> None:
    gateways = [{"name": "proxy", "targets": ["proxy:8000"]}]
    code, output = run(PLAYBOOKS / "logs.yml", tmp_path, {"lost": {**LOST, "llmmon_gateways": gateways}})
    assert code == 4, output
    assert "When that succeeds, run logs.yml again with the same options." in output


@pytest.mark.parametrize("path", [REPOSITORY / "ansible.cfg", PLAYBOOKS / "ansible.cfg"], ids=["root", "playbooks"])
def test_a_checkout_has_it_wherever_commands_are_typed(path: Path) -> None:
    settings = configparser.ConfigParser()
    settings.read(path)
    assert settings["defaults"]["callbacks_enabled"] == CallbackModule.CALLBACK_NAME


def test_a_playbook_of_an_installed_collection_is_named_as_it_is_run() -> None:
    installed = Path("/home/me/.ansible/collections/ansible_collections/llmmon/stack/playbooks/upgrade.yml")
    assert "run llmmon.stack.upgrade again" in sentence("monitoring", "Swap", installed)
    assert sentence("monitoring", "Swap", Path("mine.yml")).endswith("run mine.yml again with the same options.")
