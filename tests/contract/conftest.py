"""Fixtures of the contract tests: a Grafana to talk to, and the replay of the recorded exchanges."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from requests.auth import HTTPBasicAuth

from tests.standins.run import start

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
    with start(tmp_path / "grafana", settings, in_thread=True) as standin:
        yield Grafana(standin.url, standin.user, standin.password, is_standin=True)


class Workspace:
    """Names of a test's own on a Grafana that may be somebody's, and a person who works there in a browser.

    All that carries the prefix is deleted in the end.
    """

    def __init__(self, grafana: Grafana) -> None:
        self.grafana = grafana
        self.prefix = f"llmmon-contract-{secrets.token_hex(3)}"
        self.session = requests.Session()
        self.session.trust_env = False
        self.session.auth = HTTPBasicAuth(grafana.user.encode(), grafana.password.encode())

    def name(self, what: str) -> str:
        return f"{self.prefix}-{what}"

    @property
    def credentials(self) -> dict[str, Any]:
        """The parameters by which a module reaches this Grafana."""
        return {"url": self.grafana.url, "user": self.grafana.user, "password": self.grafana.password}

    def call(self, method: str, path: str, body: Any = None) -> requests.Response:
        return self.session.request(method, self.grafana.url + path, json=body, timeout=30)

    def get(self, path: str) -> Any:
        """The JSON of a GET that has to work, None for a 404."""
        answer = self.call("GET", path)
        if answer.status_code == 404:
            return None
        answer.raise_for_status()
        return answer.json()

    def dashboard(self, uid: str) -> Any:
        return self.get(f"/api/dashboards/uid/{uid}")

    def save(self, model: dict[str, Any], folder_uid: str = "", message: str = "") -> None:
        """Save as the browser does: the whole dashboard, over the version that is there."""
        body = {"dashboard": model, "folderUid": folder_uid, "message": message, "overwrite": True}
        self.call("POST", "/api/dashboards/db", body).raise_for_status()

    def major(self) -> int:
        """The major version, as Grafana tells whoever has signed in; /api/health may keep it from others."""
        return int(self.get("/api/frontend/settings")["buildInfo"]["version"].partition(".")[0])

    def nests(self) -> bool:
        """Whether this Grafana has folders in folders."""
        parent, child = self.name("probe"), self.name("probe-in")
        self.call("POST", "/api/folders", {"uid": parent, "title": parent}).raise_for_status()
        self.call("POST", "/api/folders", {"uid": child, "title": child, "parentUid": parent}).raise_for_status()
        found = self.get(f"/api/folders/{child}").get("parentUid") == parent
        for uid in (child, parent):
            self.call("DELETE", f"/api/folders/{uid}")
        return bool(found)

    def clean_up(self) -> None:
        found = self.get(f"/api/search?query={self.prefix}&limit=5000")
        for hit in sorted(found, key=lambda hit: hit["type"] == "dash-folder"):
            if hit["uid"].startswith(self.prefix):
                kind = "folders" if hit["type"] == "dash-folder" else "dashboards/uid"
                self.call("DELETE", f"/api/{kind}/{hit['uid']}")
        for source in self.get("/api/datasources"):
            if source["name"].startswith(self.prefix):
                self.call("DELETE", f"/api/datasources/uid/{source['uid']}")
        for account in self.get(f"/api/serviceaccounts/search?query={self.prefix}")["serviceAccounts"]:
            if account["name"].startswith(self.prefix):
                self.call("DELETE", f"/api/serviceaccounts/{account['id']}")
        self.session.close()


@pytest.fixture
def workspace(grafana: Grafana) -> Iterator[Workspace]:
    """Give a place of its own on the Grafana to the test."""
    place = Workspace(grafana)
    try:
        yield place
    finally:
        place.clean_up()


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
