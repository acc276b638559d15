"""The admin password of Grafana: found out with one attempt, reset when it is another."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.clients.engine import EngineError, ToolResult
from ansible_collections.llmmon.stack.plugins.module_utils.clients.http import HttpError
from ansible_collections.llmmon.stack.plugins.modules import grafana_admin
from ansible_collections.llmmon.stack.plugins.modules.grafana_admin import Undecided, judge, reset_command

from tests.support.loopback import Answer, Request, Server, as_json
from tests.support.modules import run_module

RESET = ["admin", "reset-admin-password", "--password-from-stdin"]

PASSWORD = "Wanted-77"  # noqa: S105 - made up for these tests
REFUSED = HttpError("Invalid username or password", status=401)


# -- judge


def test_an_answer_says_that_the_password_is_right() -> None:
    assert judge(None, 0.1) is True


@pytest.mark.parametrize("seconds", [0.0, 9.9, 10.0])
def test_a_quick_refusal_says_that_it_is_wrong(seconds: float) -> None:
    assert judge(REFUSED, seconds) is False


@pytest.mark.parametrize(
    ("error", "seconds"), [(REFUSED, 10.1), (HttpError("gave no answer within 10 s", reason="timeout"), 10.0)]
)
def test_a_slow_refusal_says_nothing_about_the_password(error: HttpError, seconds: float) -> None:
    with pytest.raises(Undecided, match="10 s over the password, which it does when its database is locked"):
        judge(error, seconds)


@pytest.mark.parametrize(
    "error",
    [
        HttpError("answered 500: database is locked", status=500),
        HttpError("answered 502: a page of HTML", status=502),
        HttpError("answered 403: denied", status=403),
        HttpError("Connection refused", reason="connection"),
        HttpError("with text/html instead of JSON", status=200, reason="not_json"),
    ],
)
def test_any_other_answer_says_nothing_about_the_password(error: HttpError) -> None:
    with pytest.raises(Undecided, match="signing in to Grafana failed: "):
        judge(error, 0.1)


# -- the module


class FakeEngine:
    """An engine in whose container the reset command works, or does not."""

    def __init__(self) -> None:
        self.result = ToolResult(0, "Admin password changed successfully")
        self.runs: list[tuple[str, list[str], str]] = []
        self.restarts = [0]
        self.state: dict[str, Any] = {"Status": "running", "StartedAt": "2026-01-02T03:04:05.123456789Z"}
        self.environment = ["PATH=/bin", "GF_PATHS_CONFIG=/etc/llmmon/grafana/current/grafana.ini"]

    def inspect(self, _: str) -> dict[str, Any]:
        restarts = self.restarts.pop(0) if len(self.restarts) > 1 else self.restarts[0]
        return {"Config": {"Env": self.environment}, "State": self.state, "RestartCount": restarts}

    def logs_since(self, *_: Any) -> list[str]:
        return ["starting", "error: no such section: secure"]

    def execute(self, name: str, command: list[str], standard_input: str) -> ToolResult:
        self.runs.append((name, command, standard_input))
        return self.result


class Grafana:
    """A server whose password is another one until the engine resets it."""

    def __init__(self, server: Server, engine: FakeEngine) -> None:
        self.server = server
        self.engine = engine
        self.right_from_the_start = False
        self.stubborn = False
        self.health = [as_json({"database": "ok"})]
        server.answers["GET /api/health"] = lambda _: self.health.pop(0) if len(self.health) > 1 else self.health[0]
        server.answers["GET /api/user"] = self.sign_in

    def sign_in(self, _: Request) -> Answer:
        if self.right_from_the_start or (self.engine.runs and not self.stubborn):
            return as_json({"login": "admin"})
        return as_json({"message": "Invalid username or password"}, 401)

    def run(self, *, check_mode: bool = False, **more: Any) -> dict[str, Any]:
        wanted = {"url": self.server.url, "container": "llmmon-grafana", "timeout": 3, **more}
        wanted |= {} if "password_file" in more else {"password": PASSWORD}
        return run_module(grafana_admin, wanted, check_mode=check_mode)

    @property
    def attempts(self) -> int:
        return self.server.asked("GET").count("/api/user")


@pytest.fixture
def grafana(server: Server, monkeypatch: pytest.MonkeyPatch) -> Grafana:
    """Give a Grafana with another password, and an engine that can reset it."""
    engine = FakeEngine()
    monkeypatch.setattr(grafana_admin, "Engine", lambda: engine)
    monkeypatch.setattr("ansible_collections.llmmon.stack.plugins.module_utils.host.waiting.time.sleep", lambda _: None)
    return Grafana(server, engine)


def test_a_true_password_is_found_with_one_attempt(grafana: Grafana) -> None:
    grafana.right_from_the_start = True
    answer = grafana.run()
    assert (answer["changed"], answer["reset"], grafana.attempts) == (False, False, 1)
    assert grafana.engine.runs == []


def test_another_password_is_reset_without_being_shown(grafana: Grafana) -> None:
    answer = grafana.run()
    assert (answer["changed"], answer["reset"], grafana.attempts) == (True, True, 2)
    # By standard input: a command line shows in the process list and in the engine's log.
    command = ["grafana", "cli", "--config", "/etc/llmmon/grafana/current/grafana.ini", *RESET]
    assert grafana.engine.runs == [("llmmon-grafana", command, f"{PASSWORD}\n")]
    assert PASSWORD not in json.dumps(answer)


def test_a_grafana_without_a_file_of_its_own_is_reset_as_it_is() -> None:
    assert reset_command(["PATH=/bin"]) == ["grafana", "cli", *RESET]


def test_check_mode_signs_in_and_resets_nothing(grafana: Grafana) -> None:
    answer = grafana.run(check_mode=True)
    assert (answer["changed"], answer["reset"], grafana.attempts) == (True, False, 1)
    assert grafana.engine.runs == []


def test_a_refusal_after_the_reset_is_not_tried_again(grafana: Grafana) -> None:
    grafana.stubborn = True
    answer = grafana.run()
    assert answer["failed"]
    assert "llmmon_grafana_admin_user is not the administrator's" in answer["msg"]
    assert grafana.attempts == 2


def test_a_grafana_that_has_ended_is_not_waited_for(grafana: Grafana) -> None:
    grafana.health = [Answer(401, b"")]
    grafana.engine.state |= {"Status": "exited", "ExitCode": 1}
    answer = grafana.run(timeout=600)
    words = (
        "llmmon-grafana does not run: it ends as soon as it is started (exit code 1): error: no such section: secure"
    )
    assert (answer["failed"], answer["msg"]) == (True, words)
    assert grafana.attempts == 0


def test_a_grafana_that_ends_again_and_again_is_not_waited_for(grafana: Grafana) -> None:
    """What the engine has counted before, as on a full disk that is emptied now, does not matter."""
    grafana.health = [Answer(401, b"")]
    grafana.engine.restarts = [50, 51, 52, 52, 53]
    assert "llmmon-grafana does not run: it ends as soon as it is started" in grafana.run(timeout=600)["msg"]
    assert grafana.engine.restarts == [53]
    grafana.engine.restarts = [50]
    grafana.health = [Answer(401, b""), as_json({"database": "ok"})]
    assert not grafana.run()["failed"]


def test_a_grafana_that_does_not_answer_says_why(grafana: Grafana, monkeypatch: pytest.MonkeyPatch) -> None:
    grafana.health = [Answer(401, b"")]
    said = "is not healthy after 0 s (llmmon_start_timeout)"
    assert grafana.run(timeout=0)["msg"].endswith(f"{said}: error: no such section: secure")
    monkeypatch.setattr(grafana.engine, "inspect", lambda _: None)
    assert grafana.run(timeout=0)["msg"].endswith(said)

    def refuse() -> None:
        raise EngineError("the engine does not answer")

    monkeypatch.setattr(grafana_admin, "Engine", refuse)
    assert grafana.run(timeout=0)["msg"].endswith(said)


def test_a_grafana_that_starts_is_waited_for_before_the_attempt(grafana: Grafana) -> None:
    grafana.right_from_the_start = True
    grafana.health = [Answer(503, b""), as_json({"database": "failing"}), as_json({"database": "ok"})]
    assert not grafana.run()["failed"]
    assert grafana.attempts == 1


def test_a_grafana_that_is_not_healthy_is_not_asked(grafana: Grafana) -> None:
    grafana.health = [as_json({"database": "failing"})]
    answer = grafana.run(timeout=0.3)
    assert answer["msg"].startswith(
        f"Grafana at {grafana.server.url} is not healthy after 0.3 s (llmmon_start_timeout): "
    )
    assert grafana.attempts == 0


def test_trouble_with_signing_in_resets_nothing(grafana: Grafana) -> None:
    grafana.server.answers["GET /api/user"] = as_json({"message": "database is locked"}, 500)
    assert "answered 500: database is locked" in grafana.run()["msg"]
    assert grafana.engine.runs == []


@pytest.mark.parametrize("from_file", [True, False])
def test_a_reset_that_fails_is_told_without_the_password(from_file: bool, grafana: Grafana, tmp_path: Path) -> None:
    (tmp_path / "password").write_text(f"{PASSWORD}\n")
    grafana.engine.result = ToolResult(1, f"Usage: ...\nError: password {PASSWORD} is too short\n")
    options: dict[str, Any] = {"password_file": str(tmp_path / "password")} if from_file else {}
    answer = grafana.run(**options)
    assert answer["failed"]
    assert "in the container llmmon-grafana ended with 1: Error: password ******** is too short" in answer["msg"]
    assert "llmmon_grafana_admin_password" in answer["msg"]


def test_a_reset_that_fails_without_a_word_is_told_too(grafana: Grafana) -> None:
    grafana.engine.result = ToolResult(1, "")
    assert "ended with 1: it said nothing" in grafana.run()["msg"]


def test_an_engine_that_does_not_answer_is_told(grafana: Grafana, monkeypatch: pytest.MonkeyPatch) -> None:
    def absent() -> None:
        raise EngineError("the container engine does not answer")

    monkeypatch.setattr(grafana_admin, "Engine", absent)
    assert grafana.run()["msg"] == "the container engine does not answer"


def test_the_password_of_a_file_shows_nowhere(grafana: Grafana, tmp_path: Path) -> None:
    (tmp_path / "password").write_text(f"{PASSWORD}\n")
    grafana.server.answers["GET /api/user"] = as_json({"message": f"not {PASSWORD}"}, 500)
    answer = grafana.run(password_file=str(tmp_path / "password"))
    assert answer["failed"]
    assert PASSWORD not in json.dumps(answer)
