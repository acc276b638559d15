"""Alertmanager takes what comes of the page about the second day, and is silenced by its commands."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.routing import rendering, running
from tests.routing.rendering import VERSIONS, Release
from tests.support import second_day
from tests.support.services import Service
from tests.testbed.tools import tool

MAIL, NIGHT, SILENCE = "Mail by severity", "Mute at night", "Silence an alert"
# Where amtool finds Alertmanager on the host, from inside its container.
INSIDE = "http://127.0.0.1:9093"
DOCKER = "sudo docker exec llmmon-alertmanager "


def laid_out(title: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Release:
    task = second_day.tasks()[title]
    given: dict[str, Any] = second_day.settings(task, folder, monkeypatch)
    # What there is without a word about it, since the environment has an address for Slack.
    return rendering.lay_out(folder, **given, llmmon_slack_webhook_url=second_day.FIRST_DAY["SLACK_WEBHOOK_URL"])


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("title", "severity", "receivers"),
    [
        (MAIL, "critical", ["email", "slack"]),
        (MAIL, "warning", ["slack"]),
        (MAIL, "info", ["slack"]),
        (NIGHT, "critical", ["slack"]),
        (NIGHT, "warning", ["slack"]),
        (NIGHT, "info", ["slack"]),
    ],
)
def test_who_is_told_is_who_is_meant(
    version: str, title: str, severity: str, receivers: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = laid_out(title, tmp_path, monkeypatch)
    checked = rendering.amtool(version, "check-config", release.file)
    assert checked.returncode == 0, checked.stdout + checked.stderr
    labels = {"alertname": "LLMHighFailureRatio", "severity": severity, "job": "gw"}
    assert rendering.receivers_of(version, release, labels) == receivers


def test_only_what_may_wait_is_quiet_at_night(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = laid_out(NIGHT, tmp_path, monkeypatch).content()
    quiet = [route for route in content["route"]["routes"] if "night" in route.get("mute_time_intervals", [])]
    assert [route["matchers"] for route in quiet] == [['severity=~"warning|info"']]
    (night,) = content["time_intervals"]
    assert {interval["location"] for interval in night["time_intervals"]} == {"Asia/Seoul"}


# -- silence


def run(command: str, service: Service, programs: Path) -> str:
    """A command as the host's shell gets it from ssh, with Alertmanager here instead of in its container."""
    program, host, *words = shlex.split(command)
    assert (program, "@" in host) == ("ssh", True)
    there = " ".join(words)
    assert there.startswith(DOCKER)
    assert INSIDE in there
    done = subprocess.run(
        ["sh", "-c", there.removeprefix(DOCKER).replace(INSIDE, service.url)],
        env={**os.environ, "PATH": f"{programs}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("version", VERSIONS)
def test_the_commands_silence_and_end_it(version: str, tmp_path: Path) -> None:
    add, query, expire = second_day.tasks()[SILENCE].commands
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "amtool").symlink_to(tool("amtool", version))
    receivers = {"slack": {"webhook_url": second_day.FIRST_DAY["SLACK_WEBHOOK_URL"]}}
    silenced = {"alertname": "LLMTargetDown", "job": "llm-auth-proxy"}
    others = {"alertname": "LLMTargetDown", "job": "other"}
    with running.alertmanager(version, tmp_path / "alertmanager", llmmon_receivers=receivers) as service:

        def states() -> dict[str, str]:
            alerts = service.client.get("/api/v2/alerts")
            return {alert["labels"]["job"]: alert["status"]["state"] for alert in alerts}

        run(add, service, programs)
        running.send(service, silenced, others)
        assert states()["llm-auth-proxy"] == "suppressed"
        assert states()["other"] != "suppressed"
        assert "LLMTargetDown" in run(query, service, programs)
        run(expire, service, programs)
        assert states()["llm-auth-proxy"] != "suppressed"
