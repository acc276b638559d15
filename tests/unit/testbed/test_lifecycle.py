"""An engine of ours that somebody else uses by now is left to them."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest
from docker.errors import APIError

from tests.testbed import engine, lifecycle, state

OURS = SimpleNamespace(name="gateway", labels=engine.LABELS, remove=lambda **_: None)
THEIRS = [
    SimpleNamespace(name="web", labels={"com.example": "1"}),
    # One that is stopped would go with the engine's data as well.
    SimpleNamespace(name="db", labels={}, status="exited"),
]


class Containers:
    """The engine's containers; with filters, those of ours."""

    def __init__(self, others: list[SimpleNamespace]) -> None:
        self.others = others

    def list(self, **options: object) -> list[SimpleNamespace]:
        assert options["all"]
        return [OURS] if "filters" in options else [*self.others]


class Refusing:
    """Something that the engine does not let go of."""

    name = "llmmon-demo"

    def __init__(self, status: int) -> None:
        self.response = SimpleNamespace(status_code=status)

    def remove(self, **_: object) -> None:
        raise APIError("in use", response=self.response)  # type: ignore[arg-type]


def make_client(others: list[SimpleNamespace], status: int | None = None) -> SimpleNamespace:
    empty = SimpleNamespace(list=lambda **_: [])
    networks = SimpleNamespace(list=lambda **_: [Refusing(status)]) if status else empty
    return SimpleNamespace(containers=Containers(others), volumes=empty, networks=networks, images=empty)


@pytest.fixture
def stopped(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Whether our engine was stopped."""
    calls: list[str] = []
    monkeypatch.setattr(engine, "version", lambda: "20.10")
    monkeypatch.setattr(engine, "ours", lambda: True)
    monkeypatch.setattr(engine, "stop", lambda: calls.append("stopped"))
    state.write("engine", {"pid": 1})
    state.folder("engine", "data")
    state.write("images", {"all": []})
    state.write("debs/index", {})
    return calls


def names(directory: Path) -> set[str]:
    return {entry.name for entry in directory.iterdir()}


@pytest.mark.parametrize("everything", [False, True])
def test_an_engine_with_containers_of_others_is_left_running(
    everything: bool,
    stopped: list[str],
    state_directory: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(engine, "client", lambda: make_client(THEIRS))
    lifecycle.down(everything=everything, command="make demo-down")
    assert stopped == []
    # Its data and how to stop it stay, the caches as they were told to.
    assert names(state_directory) == {"engine", "engine.json"} | (set() if everything else {"debs"})
    assert (state_directory / "engine" / "data").is_dir()
    said = capsys.readouterr().err
    assert "left our Docker engine running, because containers run in it that are not ours: db, web" in said
    assert "remove them by `docker rm --force db web` and run `make demo-down` again" in said


def test_an_engine_without_others_is_stopped(
    stopped: list[str], state_directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "client", lambda: make_client([]))
    lifecycle.down()
    assert stopped == ["stopped"]
    assert names(state_directory) == {"debs"}


def test_what_containers_of_others_use_stays(
    stopped: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(engine, "client", lambda: make_client(THEIRS, 403))
    lifecycle.down()
    assert stopped == []
    assert "left the network llmmon-demo, because a container that is not ours uses it" in capsys.readouterr().err


def test_an_engine_that_fails_is_not_taken_for_one_in_use(stopped: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "client", lambda: make_client([], 500))
    with pytest.raises(APIError):
        lifecycle.down()
    assert stopped == []
