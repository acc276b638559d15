"""A real Alertmanager with a rendered configuration, and receivers on loopback."""

from __future__ import annotations

import datetime
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from tests.routing import rendering
from tests.support import services
from tests.support.services import Service

FEATURE = "--enable-feature=receiver-name-in-metrics"

# Debian's package has these beside the program, on a disk that this machine does not have; of ours none uses them.
DEFAULT_TEMPLATES = "".join(
    f'{{{{ define "{name}" }}}}{text}{{{{ end }}}}\n'
    for name, text in {
        **{f"slack.default.{part}": "" for part in ("iconemoji", "iconurl", "pretext", "callbackid", "footer")},
        "slack.default.username": "Alertmanager",
        "pagerduty.default.client": "Alertmanager",
        "pagerduty.default.clientURL": "",
        "opsgenie.default.source": "",
    }.items()
)


@contextmanager
def alertmanager(
    version: str, root: Path, *flags: str, address: str = services.ANY_PORT, **variables: Any
) -> Iterator[Service]:
    """Alertmanager with what the role renders from these variables."""
    release = rendering.lay_out(root / "current", **variables)
    (release.folder / "templates" / "defaults.tmpl").write_text(DEFAULT_TEMPLATES)
    with services.alertmanager(version, root, release.file.read_text(), FEATURE, *flags, address=address) as service:
        yield service


def send(service: Service, *alerts: dict[str, str], **more: Any) -> None:
    """Alerts with these labels begin to fire."""
    service.client.send("POST", "/api/v2/alerts", [{"labels": labels, **more} for labels in alerts])


def resolve(service: Service, *alerts: dict[str, str]) -> None:
    send(service, *alerts, endsAt=datetime.datetime.now(datetime.UTC).isoformat())


@dataclass
class Mailbox:
    """An SMTP server that takes everything."""

    address: str
    messages: list[EmailMessage] = field(default_factory=list)


@contextmanager
def mailbox() -> Iterator[Mailbox]:
    """A mail server on loopback, without TLS and logins."""
    box = Mailbox("")

    class Handler(socketserver.StreamRequestHandler):
        def say(self, line: str) -> None:
            self.wfile.write(f"{line}\r\n".encode())

        def handle(self) -> None:
            self.say("220 ready")
            while line := self.rfile.readline():
                verb = line[:4].upper().strip()
                if verb == b"DATA":
                    self.say("354 go on")
                    content = b""
                    while (part := self.rfile.readline()) not in (b".\r\n", b""):
                        content += part.removeprefix(b".")
                    box.messages.append(message_from_bytes(content, policy=policy.default))
                self.say("221 bye" if verb == b"QUIT" else "250 ok")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        box.address = f"127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield box
        server.shutdown()
