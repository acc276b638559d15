"""State that is written while somebody reads it, and caches that outlive `down`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.tried import RECORD
from tests.testbed import recipes, state
from tests.testbed.shell import TestbedError, wait_until
from tests.testbed.sinks import Sinks


def test_down_keeps_caches_and_nothing_else(state_directory: Path) -> None:
    state.write("engine", {"pid": 1})
    state.path("debs", "sid", "index.json").write_text("{}")
    state.path("hosts", "h1", "known_hosts").write_text("")
    # `make versions` reads it after `make test` has brought everything down.
    state.write(RECORD, {"rules": {}})
    state.clear(caches=False)
    assert sorted(entry.name for entry in state_directory.iterdir()) == ["debs", f"{RECORD}.json"]
    state.clear(caches=True)
    assert not state_directory.exists()


def test_secrets_are_ours_alone(state_directory: Path) -> None:
    state.write_text(state_directory / "token", "secret")
    assert (state_directory / "token").stat().st_mode & 0o777 == 0o600


def test_stand_in_is_built_anew_when_its_program_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recipes, "STAND_IN_SOURCES", tmp_path)
    assert recipes.stand_in_sources() == {}
    (tmp_path / "__main__.py").write_text("print(1)")
    (tmp_path / "notes.txt").write_text("not a program")
    assert recipes.stand_in_sources() == {"__main__.py": b"print(1)"}


def test_half_written_record_is_left_for_later(tmp_path: Path) -> None:
    sinks = Sinks("sinks", "", "", tmp_path)
    first = json.dumps({"subject": "[FIRING]"})
    (tmp_path / "smtp.jsonl").write_text(f'{first}\n{{"subj')
    assert sinks.records("smtp") == [{"subject": "[FIRING]"}]
    assert sinks.wait_for("smtp", lambda entry: "FIRING" in entry["subject"]) == {"subject": "[FIRING]"}
    with pytest.raises(TestbedError, match="The smtp sink sinks did not get"):
        sinks.wait_for("smtp", lambda entry: "RESOLVED" in entry["subject"], timeout=0.1)


def test_waiting_ends_with_what_was_waited_for() -> None:
    with pytest.raises(TestbedError, match=r"^It did not come within 0 s: ask again\.$"):
        wait_until(lambda: False, timeout=0.05, what="It did not come", advice="ask again", pause=0.01)
