"""What upstream's registry answers is told apart, and nothing of it is remembered for the next run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.clients import image_pull
from ansible_collections.llmmon.stack.plugins.module_utils.clients.image_pull import PullFailed

from tests.testbed.shell import TestbedError
from tests.testbed.upstream import Upstream

REFUSED_CONNECTION = "dial tcp 127.0.0.1:443: connect: connection refused"
ABSENT = "manifest for a:1 not found: manifest unknown: manifest unknown"

Registry = Callable[..., list[str]]


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> Registry:
    """Sets what the engine says for each image in turn, the last for all that follow; returns what is asked for."""

    def answer(*words: str | None) -> list[str]:
        asked: list[str] = []

        def pull(name: str, _silence: int, **_connection: str) -> None:
            said = words[min(len(asked), len(words) - 1)]
            asked.append(name)
            if said is not None:
                raise PullFailed(said)

        monkeypatch.setattr(image_pull, "pull_image", pull)
        return asked

    return answer


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (REFUSED_CONNECTION, "no registry answers"),
        ("nothing was heard for 8 s", "the registry is silent or too slow"),
        ("unexpected EOF", "the download broke off"),
    ],
)
def test_what_costs_time_is_asked_for_once_a_run(words: str, why: str, registry: Registry) -> None:
    asked = registry(words)
    run = Upstream()
    assert [run.pull(name) for name in ("a:1", "b:1", "a:1")] == [why] * 3
    assert asked == ["a:1"]


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("toomanyrequests: slow down", "the registry answered 429 Too Many Requests"),
        ("unauthorized: authentication required", "the registry refused it"),
        ("received unexpected HTTP status: 503 Service Unavailable", "the registry fails"),
        (ABSENT, "the registry has no such image"),
    ],
)
def test_what_is_answered_at_once_holds_for_one_image(words: str, why: str, registry: Registry) -> None:
    asked = registry(words, None)
    run = Upstream()
    assert [run.pull("a:1"), run.pull("b:1")] == [why, None]
    assert asked == ["a:1", "b:1"]


@pytest.mark.parametrize("words", [REFUSED_CONNECTION, "toomanyrequests: slow down", ABSENT, "unexpected EOF"])
def test_the_next_run_asks_again(words: str, registry: Registry, state_directory: Path) -> None:
    asked = registry(words, None)
    assert Upstream().pull("a:1") is not None
    assert Upstream().pull("a:1") is None
    assert asked == ["a:1", "a:1"]
    assert list(state_directory.iterdir()) == []


def test_the_registry_s_own_words_are_said(registry: Registry, capsys: pytest.CaptureFixture[str]) -> None:
    registry("toomanyrequests: You have reached your pull rate limit, retry-after: 3600s")
    Upstream().pull("a:1")
    said = capsys.readouterr().err
    assert "did not pull a:1: the registry answered 429 Too Many Requests" in said
    assert "retry-after: 3600s" in said
    assert "later, or more of them after 'docker login'" in said


def test_an_engine_that_fails_is_not_taken_for_a_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ConnectionError("gone")

    monkeypatch.setattr(image_pull, "pull_image", fail)
    with pytest.raises(TestbedError, match=r"engine at .* failed to pull a:1: gone"):
        Upstream().pull("a:1")
