"""A deployment as a user makes it: an inventory copied from inventories/single, and ansible-playbook over SSH."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

import yaml

from tests.testbed import hosts, state
from tests.testbed.gateway import Gateway
from tests.testbed.hosts import Host
from tests.testbed.shell import PATIENCE
from tests.testbed.sinks import Sinks

REPOSITORY = state.REPOSITORY
ANSIBLE_PLAYBOOK = Path(sys.executable).with_name("ansible-playbook")
# No play takes as long, however busy the machine is.
PLAY_SECONDS = 1200
SERVICES = ("prometheus", "alertmanager", "grafana")

# What Ansible's own default says, which options of an inventory replace.
SSH_OPTIONS = "-o ControlMaster=auto -o ControlPersist=60s"

# Values which no output, process list, container description or readable file may show.
SECRETS = {
    "GRAFANA_ADMIN_PASSWORD": "e2e-grafana-Passw0rd-5ecret",
    "SLACK_WEBHOOK_URL": "",
    "DISCORD_WEBHOOK_URL": "",
}


@dataclass(frozen=True)
class Result:
    """How a playbook ended."""

    code: int
    output: str

    @property
    def message(self) -> str:
        """The output as one line, so that a sentence is found however it was wrapped."""
        return " ".join(self.output.split())

    def recap(self, key: str) -> int:
        """A number of the recap, such as changed, added up over hosts."""
        recap = self.output[self.output.index("PLAY RECAP") :]
        return sum(int(number) for number in re.findall(rf"\b{key}=(\d+)", recap))


def environment_for(gateway: Gateway) -> dict[str, str]:
    """What Ansible of a bench gets: nothing of the caller's but where programs and its home are, and the secrets."""
    return {**plain_environment(), "PROMETHEUS_BEARER_TOKEN": gateway.token, **SECRETS, "ANSIBLE_NOCOLOR": "1"}


def plain_environment() -> dict[str, str]:
    """Of the caller's environment, what every program needs."""
    return {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}


@dataclass
class Stack:
    """The deployment under test."""

    host: Host
    gateway: Gateway
    sinks: Sinks
    inventory: Path
    environment: dict[str, str] = field(default_factory=dict)

    def start(
        self,
        playbook: str,
        *arguments: str,
        variables: dict[str, Any] | None = None,
        directory: Path = REPOSITORY,
        environment: dict[str, str] | None = None,
    ) -> subprocess.Popen[str]:
        """Start a playbook in a process group of its own."""
        # From the repository's root a playbook is called by its folder, in that folder by its name alone.
        path = playbook if directory.name == "playbooks" else f"playbooks/{playbook}"
        command = [str(ANSIBLE_PLAYBOOK), "-i", str(self.inventory), path, *arguments]
        if variables:
            command += ["--extra-vars", json.dumps(variables)]
        return subprocess.Popen(
            command,
            cwd=directory,
            env={**self.environment, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, playbook: str, *arguments: str, **options: Any) -> Result:
        """Run a playbook to its end."""
        process = self.start(playbook, *arguments, **options)
        output, _ = process.communicate(timeout=PLAY_SECONDS)
        return Result(process.returncode, output)

    def on_host(self, command: str, *, check: bool = True) -> str:
        """Run a shell command on the host as root, past Ansible."""
        code, output = hosts.shell(self.host, command)
        assert code == 0 or not check, f"{command!r} ended with {code}: {output}"
        return output.strip()

    def api(self, port: int, path: str) -> Any:
        """JSON of a GET to a service, asked on the host."""
        return json.loads(self.on_host(f"curl -sS --fail --max-time 10 'http://127.0.0.1:{port}{path}' 2>&1"))

    def jobs(self) -> set[str]:
        """Names of the jobs that Prometheus has targets of."""
        return {target["labels"]["job"] for target in self.api(9090, "/api/v1/targets")["data"]["activeTargets"]}

    def query(self, expression: str) -> list[dict[str, Any]]:
        """Samples of an instant query."""
        found: list[dict[str, Any]] = self.api(9090, f"/api/v1/query?query={quote(expression)}")["data"]["result"]
        return found

    def fingerprint(self) -> dict[str, str]:
        """What must not change when something is refused: releases, and the containers' identity and start."""
        questions = {}
        for service in SERVICES:
            questions[f"{service} release"] = f"readlink /etc/llmmon/{service}/current"
            identity = "{{.Id}} {{.State.StartedAt}}"
            questions[f"{service} container"] = f"docker inspect --format '{identity}' llmmon-{service}"
        # One line each, a complaint too, and all of them in one connection.
        answers = self.on_host("; ".join(f'echo "$({ask} 2>&1 | tail -n 1)"' for ask in questions.values()))
        return dict(zip(questions, answers.splitlines(), strict=True))


def kill_group(process: subprocess.Popen[str]) -> None:
    """kill -9 of a playbook with all its children."""
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=PATIENCE)


# Short enough for a test; a bench leaves the shipped ones.
TEST_INTERVALS: dict[str, Any] = {
    "llmmon_prometheus_scrape_interval": "2s",
    "llmmon_prometheus_scrape_timeout": "2s",
    "llmmon_prometheus_rule_interval": "2s",
    "llmmon_prober_interval": "2s",
    "llmmon_health_interval": "10s",
    # The proof waits for rules that are evaluated within that time: long enough for those of every minute on a busy
    # machine, and too short for those of every two minutes.
    "llmmon_verify_timeout": 110,
    "llmmon_stay_ready_seconds": 3,
    "llmmon_upgrade_stay_ready_seconds": 5,
}


def make_inventory(folder: Path, host: Host, gateway: Gateway, intervals: dict[str, Any] = TEST_INTERVALS) -> Path:
    """Copy inventories/single and set what a user sets, plus the images of the testbed."""
    target = folder / "inventory"
    shutil.copytree(REPOSITORY / "inventories" / "single", target)
    connection = {
        "ansible_host": host.address,
        "ansible_user": "operator",
        "ansible_ssh_private_key_file": host.private_key,
        "ansible_ssh_common_args": f"-o UserKnownHostsFile={host.known_hosts} {SSH_OPTIONS}",
    }
    (target / "hosts.yml").write_text(yaml.safe_dump({"llmmon": {"hosts": {"monitoring": connection}}}))
    settings = target / "group_vars" / "llmmon" / "main.yml"
    text = settings.read_text()
    assert "your-llm-auth-proxy-host:8000" in text
    text = text.replace("your-llm-auth-proxy-host:8000", gateway.target).replace("kind: canonical", "kind: litellm")
    settings.write_text(text.replace("metrics_path: /metrics", "metrics_path: /metrics/"))
    (target / "group_vars" / "llmmon" / "testbed.yml").write_text(
        # Most tests are about something else than who is told.
        yaml.safe_dump(variables_of_the_testbed() | {"llmmon_receivers_required": False} | intervals)
    )
    return target


def variables_of_the_testbed() -> dict[str, Any]:
    """Versions and images of the testbed."""
    images = state.read("images")
    testbed = {}
    for service in (*SERVICES, "prober", "thanos"):
        testbed[f"llmmon_{service}_version"] = images[service]["version"]
        testbed[f"llmmon_{service}_image"] = images[service]["image"]
    return testbed
