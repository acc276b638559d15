"""The proof of a whole stack: what is told together, and what is waited for at once."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.clients.http import HttpError
from ansible_collections.llmmon.stack.plugins.module_utils.proof import stack
from ansible_collections.llmmon.stack.plugins.module_utils.proof.errors import NotProved
from ansible_collections.llmmon.stack.plugins.module_utils.proof.parts import verify_parts
from ansible_collections.llmmon.stack.plugins.module_utils.proof.stack import verify_stack

pytestmark = pytest.mark.usefixtures("fast_clock")

ENGINE: Any = None
SERVICES = [{"name": "prometheus"}]


def refuse(message: str, **facts: Any) -> dict[str, Any]:
    raise NotProved(message, facts)


def test_what_each_part_found_is_under_its_name() -> None:
    assert verify_parts({"rules": lambda: {"total": 1}, "targets": lambda: {"up": 2}}) == {
        "rules": {"total": 1},
        "targets": {"up": 2},
    }
    assert verify_parts({}) == {}


def test_all_faults_are_told_together_with_what_was_found() -> None:
    def silent() -> dict[str, Any]:
        raise HttpError("Grafana does not answer")

    parts = {
        "targets": lambda: refuse("a target is down", up=1),
        "rules": lambda: {"total": 3},
        "grafana": silent,
    }
    with pytest.raises(NotProved, match=r"^a target is down \| Grafana does not answer$") as caught:
        verify_parts(parts)
    assert caught.value.facts == {"targets": {"up": 1}, "rules": {"total": 3}}


def test_all_parts_are_waited_for_at_once() -> None:
    """Each part ends only when all the others have begun."""
    all_begun = threading.Barrier(3, timeout=10)

    def part() -> dict[str, Any]:
        all_begun.wait()
        return {}

    assert verify_parts({"targets": part, "rules": part, "grafana": part}) == {
        "targets": {},
        "rules": {},
        "grafana": {},
    }


def looks(monkeypatch: pytest.MonkeyPatch, *problems: list[str]) -> list[str]:
    """Let each look at the services find these problems, the last of them for ever; returns what was done."""
    done: list[str] = []
    left = list(problems)

    def look_at(service: dict[str, Any], _: Any) -> dict[str, Any]:
        done.append("look")
        return {**service, "problems": left.pop(0) if len(left) > 1 else left[0]}

    monkeypatch.setattr(stack, "look_at", look_at)
    return done


def test_services_are_looked_at_before_and_after(monkeypatch: pytest.MonkeyPatch) -> None:
    done = looks(monkeypatch, [])

    def part() -> dict[str, Any]:
        done.append("part")
        return {"up": 1}

    assert verify_stack(SERVICES, ENGINE, {"targets": part}, 5) == {
        "services": [{"name": "prometheus", "problems": []}],
        "targets": {"up": 1},
    }
    assert done == ["look", "part", "look"]


def test_what_does_not_run_is_asked_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    looks(monkeypatch, ["prometheus has no container: run site.yml"])
    asked: list[str] = []

    def part() -> dict[str, Any]:
        asked.append("part")
        return {}

    with pytest.raises(NotProved, match="has no container") as caught:
        verify_stack(SERVICES, ENGINE, {"targets": part}, 0)
    assert asked == []
    assert caught.value.facts["services"][0]["name"] == "prometheus"


def test_a_service_that_ends_meanwhile_fails_the_proof(monkeypatch: pytest.MonkeyPatch) -> None:
    looks(monkeypatch, [], ["the container of prometheus ended"])
    with pytest.raises(NotProved, match="ended") as caught:
        verify_stack(SERVICES, ENGINE, {"targets": lambda: {"up": 1}}, 0)
    assert caught.value.facts["targets"] == {"up": 1}


def test_a_service_that_becomes_ready_in_time_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    done = looks(monkeypatch, ["not ready"], ["not ready"], [])
    assert verify_stack(SERVICES, ENGINE, {}, 30)["services"] == [{"name": "prometheus", "problems": []}]
    assert len(done) == 4
