"""Each command of README.md and of the second day's page is run: here, or by the test that is named here."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.collection import REPOSITORY
from tests.unit import test_korean_docs as korean_docs

PAGES = ("README.md", "docs/second-day.md")
HERE = "tests/unit/test_commands.py"
DEPLOY = "tests/e2e/deployment/test_deploy.py"
SECOND_DAY = "tests/unit/test_second_day.py"
SILENCE = "tests/routing/test_second_day.py"

# Command, the test's file, and the words there that run it.
RUN_BY = [
    ("git clone https://github.com/llmmon/llmmon.git && cd llmmon", "tests/unit/test_readme.py", "[command[2]"),
    ("sudo make demo", HERE, 'dry_run("demo")'),
    ("sudo make demo-down", HERE, 'dry_run("demo-down")'),
    ("make demo-down", HERE, 'dry_run("demo-down")'),
    ("make demo", HERE, 'dry_run("demo")'),
    ("make tools", HERE, 'dry_run("tools")'),
    ("make setup", HERE, 'dry_run("setup")'),
    (". .venv/bin/activate", HERE, "the_first_block"),
    ("cp -r inventories/single inventories/mine", HERE, "the_first_block"),
    ("export ANSIBLE_INVENTORY=inventories/mine", HERE, "the_first_block"),
    ("ssh operator@monitoring.example.org", HERE, "understands"),
    (
        "ssh -L 3000:127.0.0.1:3000 -L 9090:127.0.0.1:9090 -L 9093:127.0.0.1:9093 operator@monitoring.example.org",
        HERE,
        "understands",
    ),
    ("ansible-playbook playbooks/site.yml", DEPLOY, 'run("site.yml")'),
    ("ansible-playbook playbooks/site.yml --check", DEPLOY, 'run("site.yml", "--check"'),
    ("ansible-playbook playbooks/site.yml --tags prometheus", DEPLOY, 'run("site.yml", "--tags", "prometheus")'),
    ("ansible-playbook playbooks/site.yml --tags grafana", DEPLOY, 'run("site.yml", "--tags", "grafana"'),
    ("ansible-playbook playbooks/verify.yml", "tests/e2e/deployment/test_gateway_faults.py", 'run("verify.yml"'),
    (
        "ansible-playbook playbooks/verify.yml -e llmmon_verify_delivery=true",
        "tests/e2e/deployment/test_alerts.py",
        '"llmmon_verify_delivery": True',
    ),
    ("ansible-playbook playbooks/fire_drill.yml", "tests/e2e/deployment/test_fire_drill.py", 'run("fire_drill.yml"'),
    ("ansible-playbook playbooks/status.yml", DEPLOY, 'run("status.yml"'),
    ("ansible-playbook playbooks/logs.yml", DEPLOY, 'run("logs.yml")'),
    ("ansible-playbook playbooks/calibrate.yml", "tests/e2e/deployment/test_calibrate.py", 'run("calibrate.yml"'),
    ("ansible-playbook playbooks/export.yml", DEPLOY, 'run("export.yml")'),
    ("ansible-playbook playbooks/backup.yml", "tests/e2e/archives.py", '"backup.yml"'),
    ("ansible-playbook playbooks/restore.yml", "tests/e2e/operations/test_restore.py", 'run("restore.yml"'),
    ("ansible-playbook playbooks/upgrade.yml", "tests/e2e/upgrade/test_upgrade.py", '"upgrade.yml"'),
    ("ansible-playbook playbooks/uninstall.yml", "tests/e2e/operations/test_uninstall.py", '"uninstall.yml"'),
    ("ssh HOST amtool silence add", SILENCE, "run(add"),
    ("ssh HOST amtool silence query", SILENCE, "run(query"),
    ("ssh HOST amtool silence expire", SILENCE, "run(expire"),
    ("git fetch --tags", SECOND_DAY, 'line.startswith("git ")'),
    ("git switch --detach v1.0.0", SECOND_DAY, 'line.startswith("git ")'),
]


def short(command: list[str]) -> str:
    """A command as the list above has it: of what runs in a container only the verb."""
    text = " ".join(command)
    verb = re.search(r"amtool \S+ silence (\w+)", text)
    return f"ssh HOST amtool silence {verb[1]}" if verb else text


def found() -> set[str]:
    pages = [(REPOSITORY / page).read_text(encoding="utf-8") for page in PAGES]
    return {short(command) for page in pages for command in korean_docs.commands(page)}


def test_every_command_is_in_the_list_and_no_other() -> None:
    assert found() == {command for command, _, _ in RUN_BY}


@pytest.mark.parametrize(("command", "file", "words"), RUN_BY, ids=[command for command, _, _ in RUN_BY])
def test_the_test_that_runs_it_is_there(command: str, file: str, words: str) -> None:
    text = (REPOSITORY / file).read_text(encoding="utf-8")
    # The list above has the words as well.
    assert words in (text.partition("\n]\n")[2] if file == HERE else text), command


def dry_run(*targets: str) -> list[str]:
    """What make would run, from a clone in which the tools are there already."""
    done = subprocess.run(
        ["make", "--dry-run", "--no-print-directory", "--old-file=.venv/.ready", *targets],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    return [line for line in done.stdout.splitlines() if "-m tests." in line or "ansible-playbook" in line]


def test_make_runs_what_the_demo_is_made_of() -> None:
    assert [line.split()[-1] for line in dry_run("demo")] == ["prepare", "playbooks/site.yml", "summary"]
    assert [line.split()[-1] for line in dry_run("demo-down")] == ["remove"]
    assert ["tools" in line.split() for line in dry_run("tools")] == [True]
    # The tools are there: `make setup` does nothing.
    assert dry_run("setup") == []


def test_the_first_block_leads_to_an_inventory_whose_samples_are_refused(tmp_path: Path) -> None:
    for name in ("ansible.cfg", "playbooks", "roles", "collections", ".venv"):
        (tmp_path / name).symlink_to(REPOSITORY / name)
    shutil.copytree(REPOSITORY / "inventories", tmp_path / "inventories")
    section = (REPOSITORY / "README.md").read_text(encoding="utf-8").partition("### 1. Install the tools\n")[2]
    (block, *_) = korean_docs.blocks(section, "")
    assert block.startswith("make setup\n")
    script = f"set -eu\n{block.removeprefix('make setup')}\nansible-playbook playbooks/site.yml --check"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    done = subprocess.run(["bash", "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True)
    output = " ".join((done.stdout + done.stderr).split())
    assert done.returncode == 2, output
    assert "ansible_host is 192.0.2.10, an address for examples" in output
    assert "unreachable=0" in output


@pytest.mark.parametrize("command", [command for command, _, words in RUN_BY if words == "understands"])
def test_ssh_understands_what_it_is_asked(command: str) -> None:
    program, *arguments = shlex.split(command)
    done = subprocess.run([program, "-F", "none", "-G", *arguments], capture_output=True, text=True, check=True)
    said = done.stdout.splitlines()
    assert "hostname monitoring.example.org" in said
    assert "user operator" in said
    forwards = [line for line in said if line.startswith("localforward ")]
    ports = re.findall(r"-L (\d+):", command)
    assert forwards == [f"localforward {port} [127.0.0.1]:{port}" for port in ports]
