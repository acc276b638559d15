"""The data source with which Grafana reads an engine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ansible_collections.llmmon.stack.plugins.plugin_utils.query import query_data_source, query_secrets
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.remote_write import query_problems

from tests.support import rendering
from tests.support.collection import REPOSITORY

OWN: dict[str, Any] = {
    "name": "Prometheus",
    "uid": "own",
    "url": "http://here:9090",
    "jsonData": {"httpMethod": "POST"},
}
URL = "https://engine.example"
SECRETS = "/etc/llmmon/grafana/current/secrets"


def source(**access: Any) -> dict[str, Any]:
    return query_data_source(OWN, URL, access, SECRETS)


def test_without_a_secret_only_the_address_differs() -> None:
    assert source() == {**OWN, "url": URL}


def test_who_reads_is_in_files() -> None:
    access = {"bearer_token": "made-up", "headers": {"X-Scope-OrgID": "team"}}
    assert query_secrets(access) == {"query-engine.token": "made-up"}
    found = source(**access)
    assert found["jsonData"] == {
        "httpMethod": "POST",
        "httpHeaderName1": "X-Scope-OrgID",
        "httpHeaderName2": "Authorization",
    }
    assert found["secureJsonData"] == {
        "httpHeaderValue1": "team",
        "httpHeaderValue2": f"Bearer $__file{{{SECRETS}/query-engine.token}}",
    }
    basic = source(basic_auth={"username": "me", "password": "made-up"})
    assert (basic["basicAuth"], basic["basicAuthUser"]) == (True, "me")
    assert basic["secureJsonData"] == {"basicAuthPassword": f"$__file{{{SECRETS}/query-engine.password}}"}
    assert "made-up" not in json.dumps([found, basic])


def test_how_tls_is_spoken() -> None:
    tls = {"ca": "C", "cert": "P", "key": "K", "server_name": "engine", "insecure_skip_verify": "false"}
    found = source(tls_config=tls)
    assert found["jsonData"] == {
        "httpMethod": "POST",
        "tlsAuthWithCACert": True,
        "tlsAuth": True,
        "serverName": "engine",
    }
    assert found["secureJsonData"] == {
        name: f"$__file{{{SECRETS}/query-engine.{suffix}}}"
        for name, suffix in (("tlsCACert", "ca"), ("tlsClientCert", "cert"), ("tlsClientKey", "key"))
    }
    assert source(tls_config={"insecure_skip_verify": True})["jsonData"]["tlsSkipVerify"] is True


def test_what_is_wrong_is_said_of_the_variable() -> None:
    assert query_problems({}, "") == []
    assert query_problems({"headers": {"X": "y"}}, URL) == []
    (sentence,) = query_problems({"headers": {"X": "y"}}, "")
    assert sentence == "llmmon_query_access is set, and llmmon_query_url, which says where, is not"
    (sentence,) = query_problems({"token": "x"}, URL)
    assert sentence.startswith("llmmon_query_access has 'token'; it may have bearer_token")
    (sentence,) = query_problems({"bearer_token": "a b"}, URL)
    assert sentence.startswith("llmmon_query_access: the bearer_token of the engine contains spaces")
    (sentence,) = query_problems({}, "https://me:secret@engine.example")
    assert "secret" not in sentence


def test_grafana_reads_the_file_and_expands_nothing_else(tmp_path: Path) -> None:
    """It would take a "$" of the user's for a variable; what names a file of ours it has to read."""
    role = REPOSITORY / "roles" / "grafana"
    tree = rendering.render_tree(
        role,
        "provisioning/datasources",
        llmmon_query_url="https://engine.example/$HOME",
        llmmon_query_access={"bearer_token": "made-up"},
        __llmmon_file_places=[str(tmp_path)],
    )
    (text,) = tree.values()
    engine, local = json.loads(text)["datasources"]
    assert engine["url"] == "https://engine.example/$$HOME"
    assert engine["secureJsonData"] == {"httpHeaderValue1": f"Bearer $__file{{{SECRETS}/query-engine.token}}"}
    assert (engine["uid"], engine["isDefault"]) == ("llmmon_prometheus", True)
    assert (local["uid"], local["isDefault"]) == ("llmmon_prometheus_local", False)
    assert local["url"] == "http://llmmon-prometheus:9090"
