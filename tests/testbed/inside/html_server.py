"""Answers every request with a page for people, as a wrong port or a login wall does: html_server.py PORT.

But /renamed is the metrics page of a gateway whose release calls its requests otherwise than the contract does.
"""

from __future__ import annotations

import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_PAGE = b"<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body><h1>Sign in</h1></body></html>\n"
_RENAMED = b"""\
# TYPE llm_requests_served_total counter
llm_requests_served_total{model="m"} 50
# TYPE llm_tokens_used_total counter
llm_tokens_used_total{model="m",type="input"} 5000
llm_tokens_used_total{model="m",type="output"} 500
"""


class PageHandler(BaseHTTPRequestHandler):
    """The same page for every path but one, with status 200."""

    def do_GET(self) -> None:
        kind, page = ("plain; version=0.0.4", _RENAMED) if self.path == "/renamed" else ("html", _PAGE)
        self.send_response(200)
        self.send_header("Content-Type", f"text/{kind}; charset=utf-8")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Nobody reads it."""


if __name__ == "__main__":
    ThreadingHTTPServer(("", int(sys.argv[1])), PageHandler).serve_forever()
