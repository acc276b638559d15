"""Each block of the page about the second day can be copied, and does what it says as far as no host is needed."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support.rendering import REPOSITORY
from tests.support.second_day import FIRST_DAY, MINE, PAGE, VARIABLES, Task, tasks, with_variables
from tests.unit import test_korean_docs as korean_docs

INCLUDE = "ansible.builtin.include_role"

ANSIBLE_PLAYBOOK = Path(sys.executable).with_name("ansible-playbook")
KOREAN = PAGE.parent / "ko" / PAGE.name
WISHES = [
    "Another gateway",
    "Mail by severity",
    "Mute at night",
    "Silence an alert",
    "A rule of your own",
    "A dashboard of your own",
    "Thresholds for one model",
    "Rotate a password or a token",
    "Upgrade llmmon itself",
]
# The discard port of loopback, where nothing listens.
NOWHERE = {"ansible_host": "127.0.0.1", "ansible_port": 9}
GATEWAYS = [{"name": "llm-auth-proxy", "targets": ["gateway.example.org:8000"]}]


def test_the_page_has_all_that_people_ask_for() -> None:
    assert list(tasks()) == ["", *WISHES]
    assert [task.title for task in tasks().values() if not task.files and not task.commands] == []


def test_the_korean_page_has_the_same_blocks() -> None:
    """Their words of explanation aside."""

    def blocks(path: Path) -> list[str]:
        text = path.read_text(encoding="utf-8")
        return [re.sub(r"[ \t]+# .*", "", block[0]) for block in korean_docs.FENCE.finditer(text)]

    assert blocks(KOREAN) == blocks(PAGE)
    levels = [[level for level, _ in korean_docs.headings(path.read_text())] for path in (KOREAN, PAGE)]
    assert levels[0] == levels[1]


# -- files


def test_files_are_where_they_are_looked_for() -> None:
    places = {place for task in tasks().values() for place in task.files}
    assert places == {VARIABLES, ".env", f"{MINE}files/own.yml"}
    assert (REPOSITORY / VARIABLES.replace("mine", "single")).is_file()


def test_variables_are_as_specified() -> None:
    for task in with_variables():
        for variable, value in yaml.safe_load(task.variables).items():
            assert list(korean_docs.faults_of_settings(value, korean_docs.specified()[variable], variable)) == []


def test_what_is_in_env_is_read_from_there() -> None:
    """A name that nothing looks up would be set in vain."""
    read = PAGE.read_text() + " ".join(str(option.get("default")) for option in korean_docs.specified().values())
    for task in tasks().values():
        for name in task.environment:
            assert f"'{name}'" in read


def host_of(task: Task, folder: Path) -> dict[str, Any]:
    """A host with the variables of a block, beside the files of that block."""
    for place, content in task.files.items():
        if place.startswith(f"{MINE}files/"):
            target = folder / place.removeprefix(MINE)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(content)
    variables = yaml.safe_load(task.variables) or {}
    # What export.yml has written, by the name that the reader has given to it.
    for name in variables.get("llmmon_grafana_dashboard_files", []):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(json.dumps({"uid": "queues", "title": "Queues", "panels": []}))
    return {"llmmon_gateways": GATEWAYS, **variables, **NOWHERE}


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What site.yml says of a host for each block, none of which can be reached, and of one whose block is broken."""
    folder = tmp_path_factory.mktemp("inventory")
    hosts, environment = {}, dict(FIRST_DAY)
    for number, task in enumerate(with_variables()):
        hosts[f"block-{number}"] = host_of(task, folder)
        environment |= task.environment
    hosts["broken"] = {**hosts["block-1"], "llmmon_routes": [{"severity": "critical", "receivers": ["nobody-such"]}]}
    (folder / "hosts.yml").write_text(yaml.safe_dump({"llmmon": {"hosts": hosts}}))
    done = subprocess.run(
        [ANSIBLE_PLAYBOOK, "-i", folder, "playbooks/site.yml"],
        cwd=REPOSITORY,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
    recap = done.stdout.partition("PLAY RECAP")[2]
    found = {line.split()[0]: line for line in recap.splitlines() if "unreachable=" in line}
    assert set(found) == set(hosts), done.stdout + done.stderr
    return {**found, "all": done.stdout}


def test_site_takes_each_block_up_to_the_host(deployment: dict[str, str]) -> None:
    """All checks of the controller were passed when the host cannot be reached."""
    for number, task in enumerate(with_variables()):
        line = deployment[f"block-{number}"]
        assert "unreachable=1" in line, (task.title, deployment["all"])
        assert "failed=0" in line, (task.title, deployment["all"])


def test_site_refuses_a_block_that_is_wrong(deployment: dict[str, str]) -> None:
    """Or the test above would say nothing."""
    assert "failed=1" in deployment["broken"]
    assert "unreachable=0" in deployment["broken"]
    assert "nobody-such" in deployment["all"]


# -- commands


def all_commands() -> list[str]:
    return list(dict.fromkeys(command for task in tasks().values() for command in task.commands))


@pytest.mark.parametrize("command", all_commands())
def test_a_command_names_what_there_is(command: str) -> None:
    assert list(korean_docs.faults(shlex.split(command))) == []


def test_tags_choose_the_steps_that_are_meant() -> None:
    """Not only those that always run. Every playbook as such is read by tests/core."""
    commands = [shlex.split(command) for command in all_commands() if " --tags " in command]
    tags = [command[command.index("--tags") + 1] for command in commands]
    assert {command[1] for command in commands} == {"playbooks/site.yml"}
    listed = subprocess.run(
        [ANSIBLE_PLAYBOOK, "--list-tasks", "playbooks/site.yml"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for tag in tags:
        # What the look at the host compares with, and what installs it.
        for step in (rf"llmmon\.stack\.{tag} : Render the configuration", f"(?i:Deploy {tag})"):
            (found,) = re.findall(rf"^ +{step}.*TAGS: \[(.*)\]", listed, re.MULTILINE)
            assert tag in found.split(", ")


def test_a_tag_reaches_what_is_included() -> None:
    """By itself a tag of an include chooses the include alone, and none of the steps in it."""
    plays = yaml.safe_load((REPOSITORY / "playbooks" / "site.yml").read_text(encoding="utf-8"))
    tasks_of_plays = [{"tags": play.get("tags", []), **task} for play in plays for task in play.get("tasks", [])]
    included = [task for task in tasks_of_plays if task["tags"] and INCLUDE in task]
    assert {"Deploy Alertmanager", "Deploy Prometheus", "Deploy Grafana", "Prove that the stack works"} <= {
        task["name"] for task in included
    }
    for task in included:
        applied = set(task[INCLUDE]["apply"]["tags"])
        assert applied and applied <= set(task["tags"]), task["name"]


def test_another_version_is_checked_out_by_its_tag(tmp_path: Path) -> None:
    """In a clone with a file of one's own, of a repository that got its tag after it was cloned."""
    origin, clone = tmp_path / "origin", tmp_path / "clone"
    names = {f"GIT_{who}_{what}": "nobody" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}

    def git(*arguments: str | Path, folder: Path = tmp_path) -> str:
        command = ["git", *arguments]
        done = subprocess.run(command, cwd=folder, env={**os.environ, **names}, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout

    git("init", "--quiet", origin)
    git("commit", "--quiet", "--allow-empty", "--message", "one", folder=origin)
    git("clone", "--quiet", origin, clone)
    (clone / "inventories" / "mine").mkdir(parents=True)
    (clone / "inventories" / "mine" / "hosts.yml").write_text("mine")
    git("commit", "--quiet", "--allow-empty", "--message", "two", folder=origin)
    git("tag", "--annotate", "v1.0.0", "--message", "v1.0.0", folder=origin)
    commands = [shlex.split(line) for line in tasks()["Upgrade llmmon itself"].commands if line.startswith("git ")]
    assert len(commands) == 2
    for command in commands:
        git(*command[1:], folder=clone)
    assert git("log", "-1", "--format=%s", folder=clone).strip() == "two"
    assert (clone / "inventories" / "mine" / "hosts.yml").read_text() == "mine"
