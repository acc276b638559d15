"""A proxy that counts what reaches a server, so that a test can say what a client sent and on how many connections."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from urllib.parse import urlsplit

from tests.support.loopback import serving

_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "date", "server"}


@dataclass
class Counted:
    """What came through."""

    url: str
    connections: int = 0
    requests: list[tuple[str, str]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def writing(self) -> list[tuple[str, str]]:
        """The requests that could change something."""
        return [request for request in self.requests if request[0] not in ("GET", "HEAD")]


class _Proxy(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    counted: Counted
    upstream: str

    def setup(self) -> None:
        super().setup()
        parts = urlsplit(self.upstream)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self.connection_upstream = kind(parts.netloc, timeout=60)
        with self.counted.lock:
            self.counted.connections += 1

    def finish(self) -> None:
        self.connection_upstream.close()
        super().finish()

    def _forward(self) -> None:
        with self.counted.lock:
            self.counted.requests.append((self.command, self.path))
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {name: value for name, value in self.headers.items() if name.lower() not in {"host", "connection"}}
        target = urlsplit(self.upstream).path + self.path
        self.connection_upstream.request(self.command, target, body or None, headers)
        answer = self.connection_upstream.getresponse()
        content = answer.read()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in _HOP_BY_HOP:
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _forward  # noqa: N815 - http.server's names

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


@contextmanager
def counting(upstream: str) -> Iterator[Counted]:
    """Give the counts of what is sent to ``url``, which leads to the server."""
    counted = Counted("")
    handler = type("Handler", (_Proxy,), {"counted": counted, "upstream": upstream})
    with serving(handler) as counted.url:
        yield counted
