"""Asking a Grafana of one's own: what is refused before any test, what the report says, and what it never holds."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import REPOSITORY
from tests.standins.run import StandIn, start
from tests.support.loopback import Answer, Request, Server, as_json, unused_port

from . import ask
from .report import Asked, Mask, Outcome, document

PASSWORD = "Kept-To-Ourselves-7"  # noqa: S105 - made up for these tests
USER = "operator"
TOKEN = "glsa_Kept0To1Ourselves"  # noqa: S105 - made up for these tests


@pytest.fixture
def password_file(tmp_path: Path) -> Path:
    file = tmp_path / "password"
    file.write_text(f"{PASSWORD}\n")
    return file


class Telling(Server):
    """Whatever it does not know, it denies, and tells all that it has heard."""

    def answer_to(self, request: Request) -> Answer:
        if f"{request.method} {request.path}" in self.answers:
            return super().answer_to(request)
        heard = f"{USER}, {PASSWORD}, {request.headers.get('Authorization')}, {TOKEN}, {self.url}"
        return as_json({"message": f"denied: {heard}"}, 500)


@pytest.fixture
def server() -> Iterator[Server]:
    """A server that says of itself what a Grafana 13 does."""
    with Telling() as running:
        running.answers["GET /api/health"] = as_json({"database": "ok", "version": "13.1.1"})
        running.answers["GET /api/user"] = as_json({"login": USER, "isGrafanaAdmin": True})
        settings = {"buildInfo": {"version": "13.1.1", "edition": "Enterprise"}}
        running.answers["GET /api/frontend/settings"] = as_json(settings)
        database = {"type": "postgres", "password": "*********"}
        running.answers["GET /api/admin/settings"] = as_json({"database": database})
        yield running


def environment(url: str, password_file: Path | str, report: Path) -> dict[str, str]:
    return {
        **os.environ,
        "LLMMON_GRAFANA_URL": url,
        "LLMMON_GRAFANA_USER": USER,
        "LLMMON_GRAFANA_PASSWORD_FILE": str(password_file),
        "LLMMON_GRAFANA_REPORT": str(report),
    }


def run(variables: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """As `make contract` runs it; a pytest in this pytest would share its state."""
    command = [sys.executable, "-m", "tests.contract.ask", "-p", "no:cacheprovider", *arguments]
    return subprocess.run(command, cwd=REPOSITORY, env=variables, capture_output=True, text=True, check=False)


# -- before any test


def refusal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], variables: dict[str, str]) -> str:
    """The one sentence; main() goes no further than the check, so no test is run."""
    for name in ("LLMMON_GRAFANA_URL", "LLMMON_GRAFANA_USER", "LLMMON_GRAFANA_PASSWORD_FILE", "LLMMON_GRAFANA_REPORT"):
        monkeypatch.setenv(name, variables.get(name, ""))
    monkeypatch.setattr(pytest, "main", lambda *_, **__: pytest.fail("tests were run"))
    assert ask.main([]) == 2
    out, sentence = capsys.readouterr()
    assert (out, sentence.count("\n"), PASSWORD in sentence) == ("", 1, False)
    return sentence


@pytest.mark.parametrize(
    ("url", "file", "sentence"),
    [
        ("grafana.example", "password", "GRAFANA_URL is not the address of a server"),
        ("ftp://grafana.example", "password", "GRAFANA_URL is not the address of a server"),
        ("http://[::1", "password", "GRAFANA_URL is not valid (Invalid IPv6 URL)"),
        (f"http://{USER}:{PASSWORD}@grafana.example", "password", "GRAFANA_URL holds a user or a password"),
        ("http://grafana.example", "", "GRAFANA_PASSWORD_FILE is missing"),
        ("http://grafana.example", "nowhere", "nowhere cannot be read (No such file or directory)"),
        ("http://grafana.example", "binary", "binary cannot be read (it is not text in UTF-8)"),
        ("http://grafana.example", "empty", "empty is empty: write the password of GRAFANA_USER into it"),
    ],
)
def test_what_cannot_be_asked_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    password_file: Path,
    url: str,
    file: str,
    sentence: str,
) -> None:
    (password_file.parent / "binary").write_bytes(b"\xff")
    (password_file.parent / "empty").write_text("\n")
    named = password_file.parent / file if file else ""
    variables = environment(url, named, password_file.parent / "report.md")
    assert sentence in refusal(monkeypatch, capsys, variables)
    assert not (password_file.parent / "report.md").exists()


def test_a_server_that_does_not_answer_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], password_file: Path
) -> None:
    variables = environment(f"http://127.0.0.1:{unused_port()}", password_file, password_file.parent / "report.md")
    sentence = refusal(monkeypatch, capsys, variables)
    assert sentence.startswith("no Grafana answers at GRAFANA_URL: GET http://127.0.0.1:")
    assert "Connection refused" in sentence


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (as_json({"message": "Invalid username or password"}, 401), "Grafana refuses the password in"),
        (as_json({"message": "try later"}, 503), "signing in to Grafana failed: GET"),
        (as_json({"login": USER, "isGrafanaAdmin": False}), f"the user {USER} is not a server admin of Grafana"),
    ],
)
def test_who_cannot_sign_in_is_told_after_one_attempt(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    server: Server,
    password_file: Path,
    answer: Answer,
    sentence: str,
) -> None:
    server.answers["GET /api/user"] = answer
    variables = environment(server.url, password_file, password_file.parent / "report.md")
    assert sentence in refusal(monkeypatch, capsys, variables)
    if answer.status == 401:
        assert server.asked("GET") == ["/api/health", "/api/user"]


def test_another_service_is_no_grafana(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], server: Server, password_file: Path
) -> None:
    server.answers["GET /api/health"] = Answer(200, b"<html>", "text/html")
    variables = environment(server.url, password_file, password_file.parent / "report.md")
    assert "answered 200 with text/html instead of JSON" in refusal(monkeypatch, capsys, variables)


# -- the report


ASKED = Asked("13.1.1", "Enterprise", "postgres", "2026-11-28 12:00 UTC", "0.1.0")
MASK = Mask("https://grafana.example:3000/graf", USER, PASSWORD)


def section(report: str, title: str) -> str:
    return report.partition(f"## {title}\n")[2].partition("\n## ")[0]


def row(report: str, name: str) -> list[str]:
    (found,) = (line for line in report.splitlines() if line.startswith(f"| `{name}` |"))
    return [cell.strip() for cell in found.split(" | ")][2:]


def test_the_report_names_what_was_read_and_is_confirmed_now() -> None:
    outcomes = [
        Outcome("a", ("folder-id", "nested-folders")),
        Outcome("b", ("nested-folders",), "failed", "assert False"),
        Outcome("c", ("save-conflict",)),
        Outcome("d", ("schema-v2",), "skipped", "not here"),
        Outcome("e", (), "failed", "E\nmore"),
    ]
    report = document(ASKED, outcomes, MASK)
    confirmed = section(report, "Read so far, and now confirmed by a real server")
    assert [line.split("`")[1] for line in confirmed.splitlines() if line.startswith("- ")] == ["folder-id"]
    assert row(report, "folder-id") == ["read", "**passed**", "|"]
    # One test that fails is enough.
    assert row(report, "nested-folders") == ["read", "**failed**", "assert False |"]
    # Nothing was read about it in 13, so nothing is confirmed.
    assert row(report, "save-conflict") == ["nothing", "**passed**", "|"]
    assert row(report, "schema-v2") == ["read", "**skipped**", "not here |"]
    assert row(report, "cli") == ["read", "**not asked**", "a command on the server's own host |"]
    assert "| `e` | E |" in section(report, "What else failed")
    for line in ("| Grafana | 13.1.1 |", "| edition | Enterprise |", "| database | postgres |", "| llmmon | 0.1.0 |"):
        assert line in report
    assert "| tests | 2 passed, 2 failed, 1 skipped |" in report


@pytest.mark.parametrize(
    "secret",
    [
        "https://grafana.example:3000/graf",
        "grafana.example:3000",
        "GRAFANA.example",
        USER,
        PASSWORD,
        base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode(),
        TOKEN,
        "eyJrIjoiT0tTcG1pUlY2RnVKZTFVaDFsNFZXdE9ZWmNrMkZYbk",
        "/tmp/pytest-of-somebody/pytest-0/token",  # noqa: S108 - not a file of ours
    ],
)
def test_no_secret_reaches_the_report(secret: str) -> None:
    reason = f"x{'y' * 280} {secret} denied" if secret == PASSWORD else f"denied to '{secret}' | Bearer {secret}"
    outcomes = [Outcome("a", ("folder-id",), "failed", reason), Outcome("b", (), "failed", reason)]
    asked = Asked(f"13 {secret}", secret, secret, "now", "0.1.0")
    report = document(asked, outcomes, MASK)
    assert secret.lower() not in report.lower()
    # Nor a part of one that is cut where the sentence grows too long.
    assert "Kept" not in report


def test_a_server_that_tells_every_secret_leaves_none_in_the_report(
    server: Server, password_file: Path, tmp_path: Path
) -> None:
    report = tmp_path / "report.md"
    chosen = "test_dashboards_move or test_a_data_source_comes or test_health_says or test_a_role"
    done = run(environment(server.url, password_file, report), "-k", chosen)
    assert done.returncode == 1, done.stdout + done.stderr
    # It was all there for the report to hold.
    assert USER in done.stdout
    assert TOKEN in done.stdout
    text = report.read_text()
    assert row(text, "dashboard-place")[:2] == ["read", "**failed**"]
    denied = "answered 500: denied: ********, ********, Basic ******** ********, ********; nothing was written |"
    assert row(text, "dashboard-place")[2].endswith(denied)
    # That it cannot be tidied up says nothing about what was asked.
    assert row(text, "health")[:2] == ["read", "**passed**"]
    assert "test_health_says_that_the_database_answers (tidying up)" in section(text, "What else failed")
    assert "| Grafana | 13.1.1 |" in text
    assert "| edition | Enterprise |" in text
    assert "| database | postgres |" in text
    basic = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    for secret in (USER, PASSWORD, basic, TOKEN, server.address, "127.0.0.1"):
        assert secret not in text, secret
    assert done.stdout.splitlines()[-1].startswith(f"the report is in {report}:")


@pytest.fixture
def standin(tmp_path: Path) -> Iterator[StandIn]:
    settings: dict[str, Any] = {"security": {"admin_user": USER, "admin_password": PASSWORD}}
    with start(tmp_path / "grafana", settings) as running:
        yield running


def test_the_stand_in_can_be_asked_like_a_real_one(standin: StandIn, password_file: Path, tmp_path: Path) -> None:
    report = tmp_path / "report.md"
    chosen = "test_what_has_gone or test_grafana_itself_refuses or test_a_resource_goes"
    done = run(environment(standin.url, password_file, report), "-k", chosen)
    assert done.returncode == 0, done.stdout + done.stderr
    text = report.read_text()
    assert row(text, "losses")[:2] == ["nothing", "**passed**"]
    assert row(text, "schema-v2") == ["nothing", "**skipped**", "Grafana refuses it by this path since 13 |"]
    assert row(text, "data-source-uid")[:2] == ["recorded", "**skipped**"]
    # 9.4 was not read about, it was recorded.
    assert "Nothing." in section(text, "Read so far, and now confirmed by a real server")
    assert "| Grafana | 9.4.0-pre |" in text
    assert "| database | not told |" in text
