"""The program as the container starts it: a folder that Python runs, beside a file with its settings."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.canary import program, serving
from ansible_collections.llmmon.stack.plugins.module_utils.canary.settings import Settings, canary_of
from ansible_collections.llmmon.stack.plugins.module_utils.host.waiting import wait_for

from tests.support.collection import REPOSITORY
from tests.support.loopback import unused_port
from tests.support.model import Model, Reply

from .conftest import SETTINGS


@pytest.fixture
def release(tmp_path: Path) -> Path:
    """Lay the files out as the release does, without anything of Ansible's."""
    shutil.copytree(
        REPOSITORY / "collections" / "llmmon" / "roles" / "canary" / "files" / "program", tmp_path / "program"
    )
    shutil.copytree(
        REPOSITORY / "collections" / "llmmon" / "plugins" / "module_utils" / "canary", tmp_path / "program" / "canary"
    )
    (tmp_path / "data").mkdir()
    return tmp_path


def start(release: Path, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-I", "-B", str(release / "program"), *arguments]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True)


def write(release: Path, *canaries: dict[str, Any]) -> str:
    target = release / "canary.json"
    target.write_text(json.dumps({"canaries": [{**SETTINGS, **canary} for canary in canaries]}))
    return str(target)


def test_it_checks_its_settings_without_asking_anybody(release: Path, model: Model) -> None:
    key = release / "key"
    key.write_text("the-key\n")
    checked = start(release, "check", write(release, {"url": model.url, "key_file": str(key)}))
    assert checked.communicate(timeout=60)[1] == ""
    assert checked.returncode == 0
    assert model.asked == []


@pytest.mark.parametrize(
    ("canary", "words"),
    [
        ({"requests_per_hour": 0}, "chat has no cap"),
        ({"dollars_per_day": None}, "chat has no cap"),
        ({"questions": []}, "has nothing to ask"),
        ({"colour": "red"}, "chat has colour, which the program does not know"),
        ({"key_file": "/none"}, "the key of chat cannot be read"),
    ],
)
def test_it_refuses_what_it_cannot_use(canary: dict[str, Any], words: str, release: Path) -> None:
    checked = start(release, "check", write(release, canary))
    assert words in checked.communicate(timeout=60)[1]
    assert checked.returncode == 1


def test_it_says_how_to_call_it(release: Path) -> None:
    checked = start(release, "walk")
    assert "give it check SETTINGS" in checked.communicate(timeout=60)[1]
    assert checked.returncode == 2


def test_it_stops_in_order_when_it_is_told_to(release: Path, model: Model) -> None:
    asked = threading.Event()

    def reply(_: dict[str, Any]) -> Reply:
        asked.set()
        return Reply()

    model.reply = reply
    running = start(release, "run", write(release, {"url": model.url, "interval": 0.1}), str(release / "data"))
    try:
        assert asked.wait(60)
    finally:
        running.send_signal(signal.SIGTERM)
        words = running.communicate(timeout=60)[1]
    assert (running.returncode, words) == (0, "")
    assert "the-key" not in words
    assert json.loads((release / "data" / "ledger.json").read_text())["accounts"]["chat"]["asked"]


@pytest.fixture
def served(tmp_path: Path, model: Model, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Let the program run in this process, on a port of its own."""
    servers = []

    def serve(*arguments: Any) -> Any:
        servers.append(serving.serve(*arguments))
        ready.set()
        return servers[-1]

    ready, stop = threading.Event(), threading.Event()
    monkeypatch.setattr(program, "serve", serve)
    canary = canary_of({**SETTINGS, "url": model.url, "interval": 0.05, "input_price": None})
    # Nobody is there: the page says so.
    settings = Settings((canary,), f"http://127.0.0.1:{unused_port()}")
    thread = threading.Thread(target=program.run, args=(settings, tmp_path, stop, ("127.0.0.1", 0)))
    thread.start()
    assert ready.wait(60)
    yield f"http://127.0.0.1:{servers[0].server_port}"
    stop.set()
    thread.join(60)
    assert not thread.is_alive()


def test_it_serves_its_page(served: str) -> None:
    with urllib.request.urlopen(f"{served}/metrics", timeout=30) as answer:
        assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        assert "llmmon_canary_price_known" in answer.read().decode()
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(f"{served}/other", timeout=30)


def test_it_serves_and_writes_its_status_page(served: str, tmp_path: Path) -> None:
    written = tmp_path / "status.html"
    assert wait_for(lambda: written.exists() or None, 60)
    assert "No history: Prometheus cannot be reached" in written.read_text(encoding="utf-8")
    with urllib.request.urlopen(served, timeout=30) as answer:
        assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert "<td>gpt-test</td>" in answer.read().decode()


def test_what_nobody_thought_of_ends_the_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, make_canary: Any
) -> None:
    def break_down(*_: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(program, "keep_trying", break_down)
    with pytest.raises(program.Broken, match="stopped because of chat"):
        program.run(Settings((make_canary(),)), tmp_path, threading.Event(), ("127.0.0.1", 0))
