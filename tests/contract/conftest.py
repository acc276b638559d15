"""Fixtures of the contract tests: a Grafana to talk to, and the replay of the recorded exchanges."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.standins.run import running_standin

from . import recorded
from .instances import INSTANCES
from .replay import run_instance

_WORKERS = 6


@dataclass(frozen=True)
class Grafana:
    """A Grafana, real or stand-in, and its server admin."""

    url: str
    user: str
    password: str
    is_standin: bool


@pytest.fixture
def grafana(tmp_path: Path) -> Iterator[Grafana]:
    """Give the Grafana that LLMMON_GRAFANA_URL names, or a stand-in of its own to the test."""
    url = os.environ.get("LLMMON_GRAFANA_URL")
    if url:
        user = os.environ.get("LLMMON_GRAFANA_USER", "admin")
        password_file = os.environ.get("LLMMON_GRAFANA_PASSWORD_FILE")
        if not password_file:
            pytest.fail("LLMMON_GRAFANA_URL is set, so LLMMON_GRAFANA_PASSWORD_FILE has to name a file.")
        password = Path(password_file).read_text(encoding="utf-8").rstrip("\n")
        yield Grafana(url.rstrip("/"), user, password, is_standin=False)
        return
    settings = {"security": {"admin_password": "Stand-In-1"}}
    with running_standin(tmp_path / "grafana", settings, in_thread=True) as standin:
        yield Grafana(standin.url, standin.user, standin.password, is_standin=True)


class Replays:
    """The replay of each instance that the chosen tests need; the instances run side by side."""

    def __init__(self, pool: ThreadPoolExecutor, folder: Path, names: list[str]) -> None:
        self._runs: dict[str, Future[dict[str, list[str]]]] = {}
        chosen = {name: [row for row in recorded.rows() if row["instance"] == name] for name in names}
        # The long ones first, so that none of them is left for the end.
        for name, rows in sorted(chosen.items(), key=lambda pair: -len(pair[1])):
            self._runs[name] = pool.submit(run_instance, INSTANCES[name], rows, folder / name)

    def differences(self, row: recorded.Row) -> list[str]:
        return self._runs[row["instance"]].result()[row["id"]]


@pytest.fixture(scope="session")
def replays(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replays]:
    names: dict[str, None] = {}
    for item in request.session.items:
        if isinstance(item, pytest.Function) and "replays" in item.fixturenames:
            row: recorded.Row = item.callspec.params["row"]  # type: ignore[assignment]
            names[row["instance"]] = None
    with ThreadPoolExecutor(_WORKERS) as pool:
        yield Replays(pool, tmp_path_factory.mktemp("replays"), list(names))
