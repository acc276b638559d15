"""The stand-in as a process: how it ends, what outlives it, and what its database gives away."""

from __future__ import annotations

import base64
import json
import secrets
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import requests
from ansible_collections.llmmon.stack.plugins.module_utils.configuration.leaving_data_sources import (
    data_sources_that_left,
    deleting,
)

from tests.standins.grafana import VERSION
from tests.standins.run import DidNotStartError, StandIn, start
from tests.support.rendering import REPOSITORY, render_tree

from .upstream import running_upstream

PACKAGE = Path(__file__).parents[1] / "standins/grafana"
_AS_IN_AN_IMAGE = """
import runpy, sys
sys.path.insert(0, sys.argv[1])
sys.argv[1:] = ["--version"]
runpy.run_module("grafana", run_name="__main__")
"""
PASSWORD = secrets.token_urlsafe(12)
SECRET = secrets.token_urlsafe(12)


def _security(**more: str) -> dict[str, dict[str, str]]:
    return {"security": {"admin_password": PASSWORD, **more}}


def _status(standin: StandIn, password: str) -> int:
    return requests.get(f"{standin.url}/api/org", auth=("admin", password), timeout=10).status_code


def _source(url: str) -> dict[str, Any]:
    return {
        "name": "Up",
        "uid": "up_1",
        "type": "prometheus",
        "access": "proxy",
        "url": url,
        "basicAuth": True,
        "basicAuthUser": "scraper",
        "jsonData": {"httpHeaderName1": "X-Scope"},
        "secureJsonData": {"basicAuthPassword": SECRET, "httpHeaderValue1": "tenant-7"},
    }


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_is_healthy_and_ends_with_zero(tmp_path: Path, how: signal.Signals) -> None:
    with start(tmp_path, _security()) as standin:
        health = requests.get(f"{standin.url}/api/health", timeout=10)
        assert health.json() == {"commit": "stand-in", "database": "ok", "version": VERSION}
        assert health.headers["Server"] == "grafana-stand-in"
        assert standin.stop(how) == 0


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("datasources/a.yaml", "apiVersion: 1\ndatasources: []\n", "written as JSON only"),
        ("dashboards/a.yaml", {"providers": [{"name": "x", "type": "ftp"}]}, "type ftp is not supported"),
    ],
)
def test_a_start_that_fails_ends_the_process_with_one(tmp_path: Path, name: str, content: Any, reason: str) -> None:
    with pytest.raises(DidNotStartError) as failure:
        start(tmp_path, _security(), {name: content})
    assert failure.value.code == 1
    assert reason in failure.value.log.splitlines()[-1]


def test_a_data_source_that_left_the_files_goes_when_a_file_says_so(tmp_path: Path) -> None:
    """By hand, as service_reload does it: the new one has the uid of the one that leaves."""
    release = tmp_path / "provisioning"
    old, new = ({"datasources": [{"name": name, "uid": "logs", "type": "loki"}]} for name in ("Old", "New"))
    with start(tmp_path, _security(), {"datasources/llmmon.yaml": old}, in_thread=True) as standin:

        def names_after_a_reload() -> list[str]:
            path = f"{standin.url}/api/admin/provisioning/datasources/reload"
            requests.post(path, auth=("admin", PASSWORD), timeout=10).raise_for_status()
            sources = requests.get(f"{standin.url}/api/datasources", auth=("admin", PASSWORD), timeout=10).json()
            return [source["name"] for source in sources]

        (release / "datasources/llmmon.yaml").write_text(json.dumps(new))
        leaving = data_sources_that_left(json.dumps(old).encode(), json.dumps(new).encode())
        with deleting(tmp_path, leaving):
            assert names_after_a_reload() == ["New"]
        assert names_after_a_reload() == ["New"]


def test_what_the_role_provisions_starts_without_an_error(tmp_path: Path) -> None:
    folder = REPOSITORY / "roles/grafana/templates/grafana/provisioning"
    tree = render_tree(REPOSITORY / "roles/grafana", "provisioning")
    # Of these a real Grafana says so in its log when they are missing.
    assert {path.split("/")[0] for path in tree} == {"alerting", "dashboards", "datasources", "notifiers", "plugins"}
    assert len(tree) == len(list(folder.rglob("*.j2")))
    with start(tmp_path, _security(), {path: json.loads(content) for path, content in tree.items()}) as standin:
        assert standin.stop() == 0
        assert not [line for line in standin.lines if "level=error" in line]


def test_a_missing_secret_file_ends_the_process_with_one(tmp_path: Path) -> None:
    with pytest.raises(DidNotStartError) as failure:
        start(tmp_path, environment={"GF_SECURITY_ADMIN_PASSWORD": f"$__file{{{tmp_path}/nosuch}}"})
    assert failure.value.code == 1
    assert "security.admin_password" in failure.value.log


def test_a_reset_password_counts_at_once(tmp_path: Path) -> None:
    with start(tmp_path, _security()) as standin:
        assert _status(standin, PASSWORD) == 200
        done = standin.cli("admin", "reset-admin-password", "--password-from-stdin", stdin="Another-Jj0\n")
        assert done.returncode == 0, done.stderr
        assert _status(standin, "Another-Jj0") == 200
        assert _status(standin, PASSWORD) == 401
        assert "Another-Jj0" not in done.stdout + done.stderr


def test_a_lock_outlives_a_kill(tmp_path: Path) -> None:
    first = start(tmp_path, _security())
    assert [_status(first, "wrong") for _ in range(5)] == [401] * 5
    assert _status(first, PASSWORD) == 401
    first.stop(signal.SIGKILL)
    with start(tmp_path, _security()) as second:
        assert _status(second, PASSWORD) == 401
    unprotected = _security(disable_brute_force_login_protection="true")
    with start(tmp_path, unprotected) as third:
        assert _status(third, PASSWORD) == 200


def test_four_wrong_passwords_do_not_lock(tmp_path: Path) -> None:
    with start(tmp_path, _security(), in_thread=True) as standin:
        assert [_status(standin, "wrong") for _ in range(4)] == [401] * 4
        assert _status(standin, PASSWORD) == 200


def test_the_proxy_reaches_the_data_source_with_its_own_credentials(tmp_path: Path) -> None:
    with running_upstream() as upstream, start(tmp_path, _security(), in_thread=True) as standin:
        session = requests.Session()
        session.auth = ("admin", PASSWORD)
        created = session.post(f"{standin.url}/api/datasources", json=_source(upstream.url), timeout=10)
        assert created.status_code == 200
        assert SECRET not in created.text
        answer = session.get(
            f"{standin.url}/api/datasources/proxy/uid/up_1/api/v1/query", params={"query": "up"}, timeout=10
        )
        assert len(answer.json()["data"]["result"]) == 2
        path, headers = upstream.seen[-1]
        assert path == "/api/v1/query?query=up"
        assert headers["Authorization"] == "Basic " + base64.b64encode(f"scraper:{SECRET}".encode()).decode()
        assert headers["X-Scope"] == "tenant-7"


def test_another_secret_key_makes_secrets_undecryptable(tmp_path: Path) -> None:
    with running_upstream() as upstream:
        for key, fields, status in (
            ("first-key", {"basicAuthPassword": True, "httpHeaderValue1": True}, 200),
            ("second-key", {}, 500),
            ("first-key", {"basicAuthPassword": True, "httpHeaderValue1": True}, 200),
        ):
            with start(tmp_path, _security(secret_key=key), in_thread=True) as standin:
                session = requests.Session()
                session.auth = ("admin", PASSWORD)
                sources = f"{standin.url}/api/datasources"
                if not session.get(sources, timeout=10).json():
                    session.post(sources, json=_source(upstream.url), timeout=10).raise_for_status()
                assert session.get(f"{sources}/uid/up_1", timeout=10).json()["secureJsonFields"] == fields
                proxied = session.get(f"{sources}/proxy/uid/up_1/api/v1/query?query=up", timeout=10)
                assert proxied.status_code == status, proxied.text


def test_the_database_holds_no_secret_in_the_clear(tmp_path: Path) -> None:
    with start(tmp_path, _security(), in_thread=True) as standin:
        session = requests.Session()
        session.auth = ("admin", PASSWORD)
        session.post(f"{standin.url}/api/datasources", json=_source("http://u"), timeout=10).raise_for_status()
        account = session.post(f"{standin.url}/api/serviceaccounts", json={"name": "a"}, timeout=10).json()
        tokens = f"{standin.url}/api/serviceaccounts/{account['id']}/tokens"
        token = session.post(tokens, json={"name": "t"}, timeout=10).json()["key"]
    content = (tmp_path / "data/grafana.db").read_bytes()
    for secret in (PASSWORD, SECRET, "tenant-7", token):
        assert secret.encode() not in content
    # What is no secret is found by the same look, so the look is able to find.
    assert b"scraper" in content


def test_a_copy_of_the_database_is_a_backup(tmp_path: Path) -> None:
    with start(tmp_path / "old", _security(), in_thread=True) as old:
        body = {"dashboard": {"title": "Kept", "uid": "kept"}}
        saved = requests.post(f"{old.url}/api/dashboards/db", json=body, auth=("admin", PASSWORD), timeout=10)
        assert saved.status_code == 200
    (tmp_path / "new/data").mkdir(parents=True)
    with (
        sqlite3.connect(tmp_path / "old/data/grafana.db") as source,
        sqlite3.connect(tmp_path / "new/data/grafana.db") as target,
    ):
        source.backup(target)
    with start(tmp_path / "new", _security(admin_password=SECRET), in_thread=True) as new:
        kept = requests.get(f"{new.url}/api/dashboards/uid/kept", auth=("admin", PASSWORD), timeout=10)
        assert kept.json()["dashboard"]["title"] == "Kept"


def test_runs_without_site_packages_and_names_its_version() -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", _AS_IN_AN_IMAGE, str(PACKAGE.parent)],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert (done.returncode, done.stdout) == (0, f"grafana stand-in version {VERSION}\n"), done.stderr


def test_an_unquoted_hash_cuts_a_password_in_the_ini_file(tmp_path: Path) -> None:
    ini = tmp_path / "own.ini"
    ini.write_text("[security]\nadmin_password = half#rest\n", encoding="utf-8")
    with start(tmp_path, environment={"GF_PATHS_CONFIG": str(ini), "GF_SERVER_HTTP_PORT": "0"}) as standin:
        assert _status(standin, "half#rest") == 401
        assert _status(standin, "half") == 200


def test_dashboards_follow_a_switched_link(tmp_path: Path) -> None:
    for name, title in (("one", "First"), ("two", "Second")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "d.json").write_text(json.dumps({"title": title, "uid": "d"}), encoding="utf-8")
    (tmp_path / "current").symlink_to("one")
    provider = {"name": "p", "options": {"path": str(tmp_path / "current")}}
    with start(tmp_path, _security(), {"dashboards/p.yaml": {"providers": [provider]}}, in_thread=True) as standin:
        session = requests.Session()
        session.auth = ("admin", PASSWORD)
        reload = f"{standin.url}/api/admin/provisioning/dashboards/reload"
        for title in ("First", "Second"):
            session.post(reload, timeout=10).raise_for_status()
            got = session.get(f"{standin.url}/api/dashboards/uid/d", timeout=10).json()
            assert got["dashboard"]["title"] == title
            (tmp_path / "current").unlink()
            (tmp_path / "current").symlink_to("two")
