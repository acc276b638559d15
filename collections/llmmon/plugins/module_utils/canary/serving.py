# SPDX-License-Identifier: Apache-2.0
"""What the program shows to whoever asks: its metrics at /metrics, and the status page at /."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

METRICS, STATUS = "/metrics", "/"
_TYPES: Mapping[str, str] = {METRICS: "text/plain; version=0.0.4; charset=utf-8", STATUS: "text/html; charset=utf-8"}


def serve(pages: Mapping[str, Callable[[], str]], address: tuple[str, int]) -> ThreadingHTTPServer:
    """Serve pages, METRICS or STATUS, by a thread of its own until the server is shut down."""

    class Page(BaseHTTPRequestHandler):
        """Answers with a page, whatever the query is."""

        timeout = 10

        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            body = pages[path]().encode() if path in pages else b"the metrics are at /metrics\n"
            self.send_response(200 if path in pages else 404)
            self.send_header("Content-Type", _TYPES.get(path, "text/plain"))
            self.send_header("Content-Length", str(len(body)))
            # There is no script on any page, and none would be run.
            self.send_header("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Scrapes are not worth a line."""

    server = ThreadingHTTPServer(address, Page)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, name="page", daemon=True).start()
    return server
