"""What logs.yml shows of a log."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import yaml

from tests.support import rendering
from tests.support.stack import PLAY_SECONDS

TASKS = rendering.REPOSITORY / "roles" / "status" / "tasks" / "logs.yml"
LONG = 'time=2026-11-28T10:00:00Z level=INFO source=main.go:1 msg="' + "a word and another, " * 10 + '" component=web'


def test_each_line_of_a_log_is_one_line(tmp_path: Path) -> None:
    show = yaml.safe_load(TASKS.read_text(encoding="utf-8"))[-1]
    results = [{"item": {"key": "one"}, "lines": [LONG]}, {"item": {"key": "two"}, "lines": ["first: 'a'", LONG]}]
    playbook = tmp_path / "show.yml"
    play = {"hosts": "localhost", "gather_facts": False, "tasks": [show]}
    playbook.write_text(json.dumps([{**play, "vars": {"__llmmon_logs": {"results": results}}}]))
    done = subprocess.run(
        [str(Path(sys.executable).with_name("ansible-playbook")), "-i", "localhost,", "-c", "local", str(playbook)],
        cwd=rendering.REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
        timeout=PLAY_SECONDS,
    )
    shown = [line.strip() for line in done.stdout.splitlines()]
    assert shown.count(LONG) == 2
    assert "first: 'a'" in shown
