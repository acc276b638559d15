"""config_tree as a playbook runs it: action and module together, on this machine."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.llmmon.stack.plugins.module_utils.configuration.releases import Releases

from tests.conftest import REPOSITORY

pytestmark = pytest.mark.usefixtures("as_root")

TOKEN = "tok-5f1c9e"  # noqa: S105 - made up for these tests
SECOND_TOKEN = "tok-77aa01"  # noqa: S105
KEY = "key-in-a-file-0d2"


@dataclass(frozen=True)
class Run:
    """What ansible-playbook printed, and what each task registered."""

    output: str
    results: list[dict[str, Any]]


def play(folder: Path, tasks: list[dict[str, Any]], variables: dict[str, Any]) -> Run:
    """Run tasks on this machine, with everything printed that Ansible can be asked to print."""
    registered = [{**task, "register": f"result_{number}", "ignore_errors": True} for number, task in enumerate(tasks)]
    results = ", ".join(f"result_{number}" for number in range(len(tasks)))
    report = {"ansible.builtin.debug": {"msg": f"REPORT {{{{ [{results}] | to_json | b64encode }}}}"}}
    book = {"hosts": "localhost", "connection": "local", "gather_facts": False, "vars": variables}
    (folder / "play.yml").write_text(yaml.safe_dump([{**book, "tasks": [*registered, report]}]))
    (folder / "ansible.cfg").touch()
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "ANSIBLE_CONFIG": str(folder / "ansible.cfg"),
        "ANSIBLE_COLLECTIONS_PATH": str(REPOSITORY / "collections"),
        "ANSIBLE_LOCAL_TEMP": str(folder / "local"),
        "ANSIBLE_REMOTE_TEMP": str(folder / "remote"),
        "ANSIBLE_PIPELINING": "true",
        "ANSIBLE_NOCOLOR": "true",
        "LC_ALL": "C.UTF-8",
    }
    command = [sys.executable, "-m", "ansible", "playbook", "-i", "localhost,", "-vvv", "--diff", "play.yml"]
    command += ["-e", f"ansible_python_interpreter={sys.executable}"]
    ran = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    output = ran.stdout + ran.stderr
    found = re.search(r"REPORT ([A-Za-z0-9+/=]+)", output)
    assert found, output
    return Run(output, json.loads(base64.b64decode(found[1])))


def test_the_module_as_a_playbook_runs_it(tmp_path: Path) -> None:
    """One playbook for all of it: starting Ansible costs more than everything it does here."""
    dest, rehearsed_dest = tmp_path / "etc" / "prometheus", tmp_path / "rehearsed"
    files = {
        "templates/prometheus/prometheus.yml.j2": "interval: {{ interval }}\n",
        "templates/prometheus/rules/off.yml.j2": "{% if not interval %}x: 1{% endif %}",
        "templates/prometheus/rules/plain.yml": "text: '{{ $value }}'\n",
        "templates/broken/a.yml.j2": "a: {{ nobody_set_this }}\n",
        "files/own.json": '{"a": "{{ b }}"}',
        "files/client.key": f"{KEY}\n",
    }
    for path, content in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(content)
    options: dict[str, Any] = {
        "src": "prometheus",
        "dest": str(dest),
        "group": 4711,
        "generate": ["made_up"],
        "secrets": {"token": "{{ token }}"},
        "extra_files": {"dashboards/own.json": "own.json", "secrets/client.key": "client.key"},
    }

    def config_tree(token: str = "first_token", interval: str = "15s", **more: Any) -> dict[str, Any]:  # noqa: S107
        changed = {**options, **more}
        return {
            "llmmon.stack.config_tree": {name: value for name, value in changed.items() if value is not None},
            "vars": {"token": f"{{{{ {token} }}}}", "interval": interval},
        }

    run = play(
        tmp_path,
        [
            {**config_tree(dest=str(rehearsed_dest)), "check_mode": True},
            config_tree(),
            config_tree(),
            config_tree(token="second_token", interval="30s"),  # noqa: S106
            config_tree(src="broken"),
            config_tree(src="no_such_folder"),
            config_tree(src="prometheus/prometheus.yml.j2"),
            config_tree(src=None),
            config_tree(extra_files={"a": "no_such_file"}),
            config_tree(colour="red"),
            config_tree(only_describe=True, token="second_token", interval="30s"),  # noqa: S106
            config_tree(only_describe=True),
            config_tree(only_describe=True, dest=str(rehearsed_dest)),
        ],
        {"first_token": TOKEN, "second_token": SECOND_TOKEN},
    )
    rehearsed, first, second, third, *failures, as_current, as_before, elsewhere = run.results

    assert rehearsed["changed"]
    assert not rehearsed_dest.exists()
    assert first["changed"]
    assert first["changed_files"] == [
        "dashboards/own.json",
        "prometheus.yml",
        "rules/plain.yml",
        "secrets/client.key",
        "secrets/made_up",
        "secrets/token",
    ]
    assert rehearsed["changed_files"] == first["changed_files"]
    # Nobody has reloaded anything, so that is all the second run has to tell.
    assert (second["changed_files"], second["reload_owed"]) == ([], True)
    assert second["release"] == first["release"]
    assert third["changed_files"] == ["prometheus.yml", "secrets/token"]

    current = dest / "current"
    assert (current / "prometheus.yml").read_text() == "interval: 30s\n"
    assert (current / "rules" / "plain.yml").read_text() == "text: '{{ $value }}'\n"
    assert (current / "dashboards" / "own.json").read_text() == '{"a": "{{ b }}"}'
    assert (current / "secrets" / "client.key").read_text() == f"{KEY}\n"
    assert (current / "secrets" / "client.key").stat().st_mode & 0o7777 == 0o440

    # What is only described touches no host, and is known again by its digest.
    assert not as_current["changed"]
    assert not rehearsed_dest.exists()
    releases = Releases(dest)
    assert releases.asked(str(third["release"])) == as_current["asked"]
    assert releases.asked(str(first["release"])) == as_before["asked"]
    assert len({as_current["asked"], as_before["asked"], elsewhere["asked"]}) == 3

    # All that Ansible can print was printed: the arguments of the module, the diffs, the results.
    made_up = (current / "secrets" / "made_up").read_text()
    for secret in (TOKEN, SECOND_TOKEN, KEY, made_up):
        assert secret not in run.output
        assert secret not in json.dumps(run.results)
    assert "+interval: 30s" in run.output
    assert "<a secret, changed, not shown>" in run.output
    assert '"path": "secrets/client.key"' in run.output

    assert all(failure["failed"] for failure in failures)
    for failure, sentence in zip(
        failures,
        (
            r"broken/a\.yml\.j2 cannot be rendered: (.|\n)*nobody_set_this",
            r"config_tree needs src, a folder of templates: (.|\n)*no_such_folder",
            r"config_tree needs src, a folder of templates: .*prometheus\.yml\.j2 is a file",
            r"config_tree needs src, a folder of templates",
            r"the file no_such_file \(for a on the host\) cannot be read on the controller",
            r"Invalid options for llmmon\.stack\.config_tree: colour",
        ),
        strict=True,
    ):
        assert re.search(sentence, failure["msg"])
