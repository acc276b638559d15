"""The canary as a deployment has it: its container, its release, and the job that scrapes it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

from tests.support import rendering
from tests.support.collection import REPOSITORY

ROLE = REPOSITORY / "roles" / "canary"
CANARIES = [
    {
        "name": "chat",
        "gateway": "litellm",
        "url": "https://gateway.example/v1",
        "model": "gpt-x",
        "bearer_token": "the-key",
        "price": {"input": 0.000001, "output": 0.000002},
        "cap": {"dollars_per_day": 1},
    }
]


def templar(**variables: Any) -> Templar:
    known = rendering.role_variables(ROLE) | {"role_path": str(ROLE), "playbook_dir": "/nowhere"} | variables
    return Templar(loader=DataLoader(), variables=known)


def described(name: str, **variables: Any) -> Any:
    return templar(**variables).template(rendering.load(ROLE / "vars" / "main.yml")[name])


def test_it_runs_its_release_as_nobody_and_without_a_port() -> None:
    run = described("__llmmon_canary_run", __llmmon_canary_tree={"release": "20260102T030405.000000Z"})
    release = "/etc/llmmon/canary/20260102T030405.000000Z"
    assert run["command"] == ["python", "-I", "-B", f"{release}/program", "run", f"{release}/canary.json", "/canary"]
    assert run["health_test"] == ["CMD", "python", "-I", "-B", f"{release}/program", "healthy"]
    assert run["user"] == "65534:65534"
    assert "port" not in run
    run = described("__llmmon_canary_run", __llmmon_canary_tree={}, llmmon_canary_page=True)
    assert (run["address"], run["port"], run["port_inside"]) == ("127.0.0.1", 9117, 9117)
    # In check mode on a new host there is none yet.
    assert "/etc/llmmon/canary/current/program" in run["command"]


def test_the_release_holds_a_program_that_takes_its_settings(tmp_path: Path) -> None:
    for path, source in described("__llmmon_canary_program").items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, tmp_path / path)
    for path, text in rendering.render_tree(ROLE, llmmon_canaries=CANARIES).items():
        (tmp_path / path).write_text(text)
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "canary-chat.token").write_text("the-key")
    (validator,) = described("__llmmon_canary_validators")
    command = [part.replace("%s", str(tmp_path)) for part in validator["command"]]

    done = subprocess.run([sys.executable, *command[1:]], capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads((tmp_path / "canary.json").read_text())["canaries"][0]["key_file"] == "secrets/canary-chat.token"
    assert "the-key" not in (tmp_path / "canary.json").read_text()


@pytest.mark.parametrize(
    ("variables", "asked"),
    [
        ({}, ""),
        ({"llmmon_canary_page": True}, "http://llmmon-prometheus:9090"),
        ({"llmmon_canary_page": True, "llmmon_services": ["alertmanager"]}, ""),
    ],
)
def test_the_page_is_written_from_the_prometheus_of_the_stack(variables: dict[str, Any], asked: str) -> None:
    settings = json.loads(rendering.render_tree(ROLE, llmmon_canaries=CANARIES, **variables)["canary.json"])
    assert settings["prometheus"] == asked
    assert settings["language"] == "en"


@pytest.mark.parametrize(("canaries", "targets"), [(CANARIES, ["llmmon-canary:9117"]), ([], None)])
def test_prometheus_scrapes_it_as_a_job_of_its_own(canaries: list[dict[str, Any]], targets: list[str] | None) -> None:
    text = rendering.render_tree(llmmon_canaries=canaries, llmmon_prober_enabled=False)["prometheus.yml"]
    jobs = {job["job_name"]: job for job in yaml.safe_load(text)["scrape_configs"]}
    assert ("canary" in jobs) == bool(canaries)
    # Of a gateway that says whose key it was, what the canary asks is not taken.
    assert ("metric_relabel_configs" in jobs["litellm"]) == bool(canaries)
    assert "metric_relabel_configs" not in jobs["llm-auth-proxy"]
    if targets:
        assert jobs["canary"]["static_configs"] == [{"targets": targets}]


def test_what_is_wrong_is_found_with_the_gateways_of_the_inventory() -> None:
    problems = described_problems(llmmon_canaries=[{**CANARIES[0], "gateway": "nowhere"}])
    assert "gateway of chat is 'nowhere'" in problems[0]
    assert described_problems(llmmon_canaries=CANARIES) == []


def described_problems(**variables: Any) -> Any:
    name = "__llmmon_canary_problems"
    common = rendering.load(REPOSITORY / "roles" / "common" / "vars" / "main.yml")
    gateways = [{"name": "litellm", "targets": ["litellm:4000"]}]
    return templar(inventory_dir="/nowhere", llmmon_gateways=gateways, **variables).template(common[name])
