"""A tiny server behind data sources: it answers like the Prometheus which the recorder had there."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.support.loopback import serving

_SERIES = [
    {"__name__": "up", "instance": "127.0.0.1:3900", "job": "grafana"},
    {"__name__": "up", "instance": "127.0.0.1:3990", "job": "prometheus"},
]
_BAD = 'invalid parameter "query": 1:4: parse error: unexpected end of input inside braces'


@dataclass
class Upstream:
    url: str
    # Path and headers of each request, so that a test can look at what came through.
    seen: list[tuple[str, Mapping[str, str]]] = field(default_factory=list)


def _instant(fields: dict[str, list[str]]) -> tuple[int, Any]:
    expression = fields["query"][0]
    if expression == "up{":
        return 400, {"status": "error", "errorType": "bad_data", "error": _BAD}
    series = _SERIES if expression == "up" else []
    result = [{"metric": labels, "value": [1700000000.5, "1"]} for labels in series]
    return 200, {"status": "success", "data": {"resultType": "vector", "result": result}}


class _Handler(BaseHTTPRequestHandler):
    upstream: Upstream
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""

    def _answer(self) -> None:
        self.upstream.seen.append((self.path, dict(self.headers.items())))
        parts = urlsplit(self.path)
        if parts.path == "/api/v1/query":
            self._json(*_instant(parse_qs(parts.query)))
        else:
            self._send(404, "text/plain; charset=utf-8", b"404 page not found\n")

    do_GET = _answer  # noqa: N815

    def _json(self, status: int, value: Any) -> None:
        self._send(status, "application/json", json.dumps(value).encode())

    def _send(self, status: int, content_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def running_upstream() -> Iterator[Upstream]:
    upstream = Upstream("")
    handler = type("Handler", (_Handler,), {"upstream": upstream})
    with serving(handler) as upstream.url:
        yield upstream
