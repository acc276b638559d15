"""A scripted Grafana for the documented tests: a server on loopback that answers what each of them writes down."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.loopback import Answer, Request, Server, as_json

PASSWORD = "Scripted-1"  # noqa: S105 - made up for these tests
ALL_DASHBOARDS = "GET /api/search?type=dash-db&limit=5000&page=1"
ALL_FOLDERS = "GET /api/search?type=dash-folder&limit=5000&page=1"


class Scripted:
    """The answers, and what was asked. What a test does not script is a 404."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.answers = server.answers
        self.answers[ALL_DASHBOARDS] = as_json([])

    @property
    def credentials(self) -> dict[str, Any]:
        return {"url": self.server.url, "password": PASSWORD}

    def says(self, path: str, content: Any, status: int = 200) -> None:
        self.answers[path] = as_json(content, status)

    def after(self, request: str, path: str, content: Any, status: int = 200) -> None:
        """What it says from then on, once it has been asked for something that changes it and has answered "{}"."""

        def change(_: Request) -> Answer:
            self.says(path, content, status)
            return as_json({})

        self.answers[request] = change

    def sent(self, method: str, path: str) -> list[Any]:
        """The bodies that were sent there."""
        found = [request for request in self.server.requests if (request.method, request.path) == (method, path)]
        return [request.json for request in found]

    def asked(self) -> list[str]:
        return [f"{request.method} {request.path}" for request in self.server.requests]


@pytest.fixture
def grafana() -> Iterator[Scripted]:
    with Server() as server:
        yield Scripted(server)
