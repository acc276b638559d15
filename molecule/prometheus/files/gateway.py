"""A gateway of kind canonical, as far as Prometheus sees it: gateway.py PORT SHA256_OF_ITS_TOKEN."""

import hashlib
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

METRICS = b"""# TYPE llm_requests_total counter
llm_requests_total{model="small"} 42
"""


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        allowed = hashlib.sha256(token.encode()).hexdigest() == sys.argv[2]
        self.send_response(200 if allowed else 401)
        self.send_header("Content-Type", "text/plain; version=0.0.4")
        self.end_headers()
        self.wfile.write(METRICS if allowed else b"")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing."""


ThreadingHTTPServer(("", int(sys.argv[1])), Handler).serve_forever()
