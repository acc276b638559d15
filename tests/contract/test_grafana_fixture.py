"""The fixture through which other tests get a Grafana, real or stand-in."""

from __future__ import annotations

from pathlib import Path

import pytest
import requests

from .conftest import Grafana


def test_gives_a_server_that_knows_its_admin(grafana: Grafana) -> None:
    user = requests.get(f"{grafana.url}/api/user", auth=(grafana.user, grafana.password), timeout=10)
    assert user.json()["isGrafanaAdmin"] is True


@pytest.fixture
def named_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "password").write_text("Named-Kk1\n", encoding="utf-8")
    monkeypatch.setenv("LLMMON_GRAFANA_URL", "http://grafana.example/")
    monkeypatch.setenv("LLMMON_GRAFANA_USER", "operator")
    monkeypatch.setenv("LLMMON_GRAFANA_PASSWORD_FILE", str(tmp_path / "password"))


@pytest.mark.usefixtures("named_server")
def test_gives_the_server_that_the_environment_names(request: pytest.FixtureRequest) -> None:
    grafana = request.getfixturevalue("grafana")
    assert grafana == Grafana("http://grafana.example", "operator", "Named-Kk1", is_standin=False)
