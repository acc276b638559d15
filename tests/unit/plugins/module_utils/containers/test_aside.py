"""A container gives its place to another one and gets it back, with an engine that refuses what the real one may."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.containers.aside import give_back, set_aside

from tests.support.restore_machine import FileEngine

ASIDE = {"name": "llmmon-prometheus-previous", "policy": "no", "running": False}
SERVING = {"name": "llmmon-prometheus", "policy": "always", "running": True}


@pytest.fixture
def engine(tmp_path: Path) -> Any:
    made = FileEngine(tmp_path / "containers.json")
    made.add("1", "llmmon-prometheus")
    return made


def test_the_policy_of_what_may_end_at_any_moment_is_changed_once_it_is_stopped(engine: Any) -> None:
    set_aside(engine, "1", "llmmon-prometheus-previous")
    assert engine.containers() == {"1": ASIDE}
    give_back(engine, engine.inspect("1"), "llmmon-prometheus", "always")
    assert engine.containers() == {"1": {**SERVING, "running": False}}


def test_what_was_not_taken_yet_is_left_alone_while_it_runs(engine: Any) -> None:
    give_back(engine, engine.inspect("1"), "llmmon-prometheus", "always")
    assert engine.containers() == {"1": SERVING}
