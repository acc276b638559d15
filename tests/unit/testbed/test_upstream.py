"""Where no registry answers, it is asked once, not in every run."""

from __future__ import annotations

import pytest

from tests.testbed import upstream


@pytest.fixture
def asked() -> list[str]:
    return []


def answer(monkeypatch: pytest.MonkeyPatch, asked: list[str], reachable: bool, pulled: bool) -> None:
    def attempt(name: str) -> tuple[bool, bool]:
        asked.append(name)
        return reachable, pulled

    monkeypatch.setattr(upstream, "_try", attempt)


def test_silence_is_remembered_for_all_images(monkeypatch: pytest.MonkeyPatch, asked: list[str]) -> None:
    answer(monkeypatch, asked, reachable=False, pulled=False)
    assert [upstream.pull(name) for name in ("a:1", "b:1", "a:1")] == [False, False, False]
    assert asked == ["a:1"]


def test_absence_is_remembered_for_one_image(monkeypatch: pytest.MonkeyPatch, asked: list[str]) -> None:
    answer(monkeypatch, asked, reachable=True, pulled=False)
    upstream.pull("a:1")
    upstream.pull("a:1")
    answer(monkeypatch, asked, reachable=True, pulled=True)
    assert upstream.pull("b:1") is True
    assert asked == ["a:1", "b:1"]


def test_image_that_was_pulled_can_be_pulled_again(monkeypatch: pytest.MonkeyPatch, asked: list[str]) -> None:
    answer(monkeypatch, asked, reachable=True, pulled=True)
    assert [upstream.pull("a:1"), upstream.pull("a:1")] == [True, True]
    assert asked == ["a:1", "a:1"]
