# SPDX-License-Identifier: Apache-2.0
"""Where a drill's messages arrive: an HTTP server on loopback, for as long as the drill lasts."""

from __future__ import annotations

import dataclasses
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from ansible_collections.llmmon.stack.plugins.module_utils.drill.routing import END

# Far more than a message has.
_MOST_BYTES = 2**20


@dataclasses.dataclass(frozen=True)
class Arrival:
    """One alert in a message, when it arrived (seconds since 1970), for which receiver, and the words."""

    alert: str
    job: str
    at: float
    receiver: str
    title: str
    text: str


def read_message(body: Any, at: float) -> list[Arrival]:
    """The alerts in a message as ``routing`` writes them; none in any other."""
    try:
        (attachment,) = body["attachments"]
        alerts, _, text = attachment["text"].partition(f"{END}\n")
        lines = [line.split("\t") for line in alerts.splitlines()]
        return [
            Arrival(alert, job, at, receiver, str(attachment.get("title", "")), text) for alert, job, receiver in lines
        ]
    except (KeyError, TypeError, ValueError, AttributeError):
        return []


class Mailbox:
    """All that has arrived."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._arrivals: list[Arrival] = []

    def put(self, arrivals: list[Arrival]) -> None:
        """Add what has just arrived."""
        with self._lock:
            self._arrivals += arrivals

    def all(self) -> list[Arrival]:
        """Everything, in the order in which it arrived."""
        with self._lock:
            return list(self._arrivals)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # Hundreds of messages come at once. Whoever found no room in the queue would try again only after seconds.
    request_queue_size = 1024


@contextmanager
def listening(mailbox: Mailbox) -> Iterator[str]:
    """Takes messages; yields the address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = min(int(self.headers.get("Content-Length", 0)), _MOST_BYTES)
            try:
                mailbox.put(read_message(json.loads(self.rfile.read(length)), time.time()))
            except ValueError:
                self.send_error(400)
                return
            self.send_response(200)
            self.send_header("Content-Type", "text/plain")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *_: Any) -> None:
            """What arrives is in the mailbox, and nowhere else."""

    with _Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}/"
        finally:
            server.shutdown()
