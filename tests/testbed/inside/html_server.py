"""Answers every request with a page for people, as a wrong port or a login wall does: html_server.py PORT."""

from __future__ import annotations

import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_PAGE = b"<!DOCTYPE html>\n<html><head><title>Sign in</title></head><body><h1>Sign in</h1></body></html>\n"


class PageHandler(BaseHTTPRequestHandler):
    """The same page for every path, with status 200."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(_PAGE)))
        self.end_headers()
        self.wfile.write(_PAGE)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Nobody reads it."""


if __name__ == "__main__":
    ThreadingHTTPServer(("", int(sys.argv[1])), PageHandler).serve_forever()
