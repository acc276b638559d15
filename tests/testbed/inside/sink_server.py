"""Takes mail over SMTP and alerts over HTTP, and writes down what it got: sink_server.py FOLDER SMTP_PORT HTTP_PORT."""

from __future__ import annotations

import json
import sys
import threading
import time
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

_WRITING = threading.Lock()
# Longer than any client waits, and still an end.
_HANG_SECONDS = 300


class Record:
    """One file of JSON lines."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.touch()

    def add(self, entry: dict[str, Any]) -> None:
        line = json.dumps({"time": time.time(), **entry})
        with _WRITING, self._path.open("a") as stream:
            stream.write(line + "\n")


class MailHandler:
    """Accepts every mail; takes note of who logged in, if somebody did."""

    def __init__(self, record: Record) -> None:
        self._record = record

    async def handle_DATA(self, _server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        raw = envelope.original_content or b""
        message = message_from_bytes(raw, policy=policy.default)
        body = message.get_body(preferencelist=("html", "plain"))
        self._record.add(
            {
                "from": envelope.mail_from,
                "to": envelope.rcpt_tos,
                "subject": str(message["subject"]),
                "body": body.get_content() if body else "",
                "login": session.auth_data,
                "peer": session.peer[0] if session.peer else None,
            }
        )
        return "250 OK"


def authenticate(_server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any) -> AuthResult:
    """Any name and password will do; the test compares them."""
    if not isinstance(data, LoginPassword):
        return AuthResult(success=False, handled=False)
    login = {"user": data.login.decode(), "password": data.password.decode()}
    return AuthResult(success=True, auth_data=login)


class WebhookHandler(BaseHTTPRequestHandler):
    """Answers 200 and "ok", as Slack does; /status/CODE answers CODE, and /hang does not answer."""

    record: Record

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode(errors="replace")
        try:
            content = json.loads(body)
        except ValueError:
            content = None
        self.record.add(
            {"method": self.command, "path": self.path, "headers": dict(self.headers), "body": body, "json": content}
        )
        if self.path.startswith("/hang"):
            time.sleep(_HANG_SECONDS)
        status = self.path.removeprefix("/status/")
        self.send_response(int(status) if status.isdecimal() else 200)
        # Alertmanager takes anything but this for an error of Slack's.
        answer = b"ok" if self.path != "/status/204" else b""
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def do_GET(self) -> None:
        self.do_POST()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """The record is the log."""


def main() -> None:
    folder, smtp_port, http_port = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    WebhookHandler.record = Record(folder / "webhook.jsonl")
    mail = Controller(
        MailHandler(Record(folder / "smtp.jsonl")),
        hostname="0.0.0.0",  # noqa: S104
        port=smtp_port,
        authenticator=authenticate,
        auth_require_tls=False,
    )
    mail.start()
    ThreadingHTTPServer(("", http_port), WebhookHandler).serve_forever()


if __name__ == "__main__":
    main()
