"""What a service says of itself, and what it does not say."""

from __future__ import annotations

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.clients.http import Connection, HttpClient, HttpError
from ansible_collections.llmmon.stack.plugins.module_utils.clients.service_api import (
    is_ready,
    reported_version,
    told_version,
)

from tests.support.loopback import Answer, Server, as_json

PAGES = {
    "prometheus": ("/-/ready", "/api/v1/status/buildinfo", {"data": {"version": "3.5.3"}}),
    "alertmanager": ("/-/ready", "/api/v2/status", {"versionInfo": {"version": "0.33.1"}}),
    "grafana": ("/healthz", "/api/health", {"version": "13.1.1"}),
}


@pytest.mark.parametrize("name", PAGES)
def test_a_version_is_told_also_before_the_service_is_ready(server: Server, name: str) -> None:
    ready, page, answer = PAGES[name]
    client = HttpClient(Connection(url=server.url))
    server.answers[f"GET {page}"] = as_json(answer)
    server.answers[f"GET {ready}"] = Answer(400, b"not yet")
    assert told_version(name, client) in ("3.5.3", "0.33.1", "13.1.1")
    assert not is_ready(name, client)
    with pytest.raises(HttpError):
        reported_version(name, client)
    server.answers[f"GET {ready}"] = Answer(200, b"ready")
    assert is_ready(name, client)
    assert reported_version(name, client) == told_version(name, client)


@pytest.mark.parametrize("answer", [{}, {"data": None}, []])
def test_an_answer_without_a_version_is_an_error_with_a_sentence(server: Server, answer: object) -> None:
    server.answers["GET /api/v1/status/buildinfo"] = as_json(answer)
    with pytest.raises(HttpError, match="prometheus does not tell its version at /api/v1/status/buildinfo"):
        told_version("prometheus", HttpClient(Connection(url=server.url)))
