"""The HTTP server: reads requests, finds who asks and what for, writes answers."""

from __future__ import annotations

import socket
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from . import auth, routes
from .app import App
from .messages import ApiError, Request, Response, error

_IDLE_SECONDS = 120
_SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "deny",
    "X-Xss-Protection": "1; mode=block",
}
_API_HEADERS = {"Cache-Control": "no-cache", "Expires": "-1", "Pragma": "no-cache"}
_NO_PAGE = b"<!doctype html><title>stand-in</title><p>The stand-in serves no pages.</p>\n"


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, app: App) -> None:
        self.app = app
        super().__init__((app.settings.http_addr, app.settings.http_port), Handler)

    def server_bind(self) -> None:
        # The inherited one asks the resolver for the host's name, which nobody needs and may take seconds.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()


class Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    timeout = _IDLE_SECONDS
    # An answer leaves in one piece: head and body apart would wait for the client's delayed acknowledgement.
    wbufsize = -1
    disable_nagle_algorithm = True

    def version_string(self) -> str:
        return "grafana-stand-in"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing: requests are not logged by default."""

    def finish(self) -> None:
        self.server.app.store.close_thread()
        super().finish()

    def _dispatch(self) -> None:
        parts = urlsplit(self.path)
        request = Request(
            method=self.command,
            path=parts.path,
            query=parse_qs(parts.query, keep_blank_values=True),
            query_text=parts.query,
            headers=self.headers,
            body=self.rfile.read(int(self.headers.get("Content-Length") or 0)),
        )
        try:
            response = handle(self.server.app, request)
        except ApiError as refusal:
            response = refusal.response
        except Exception as reason:
            self.server.app.log("error", f"{self.command} {parts.path} failed: {type(reason).__name__}: {reason}")
            response = error(500, "The stand-in failed; its log says why.", traced=True).response
        self._write(response)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _dispatch  # noqa: N815

    def _write(self, response: Response) -> None:
        self.send_response(response.status, HTTPStatus(response.status).phrase)
        headers = {} if response.cacheable else dict(_API_HEADERS)
        if response.content_type is not None:
            headers["Content-Type"] = response.content_type
        for name, value in (headers | _SECURITY_HEADERS | response.headers).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(response.body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(response.body)


def handle(app: App, request: Request) -> Response:
    """Answer a request, or raise the answer as ApiError."""
    sub_path = app.settings.sub_path
    if app.settings.serve_from_sub_path and sub_path and request.path.startswith(f"{sub_path}/"):
        # Without the sub-path everything answers too.
        request.path = request.path.removeprefix(sub_path)
    found = routes.find(request.method, request.path)
    if found and found[0].access.public:
        return found[0].handler(app, request)
    if not request.path.startswith("/api/"):
        return Response(404, _NO_PAGE, "text/html; charset=UTF-8")
    identity = auth.identify(app, request)
    if found is None:
        if identity is None:
            raise auth.unauthorized()
        raise error(404, "Not found", framework=True)
    route, request.params = found
    access = route.access
    request.identity = auth.require(
        identity,
        role=access.role,
        permission=access.permission,
        server_admin=access.server_admin,
        sign_in=access.sign_in,
    )
    return route.handler(app, request)
