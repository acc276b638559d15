"""A TCP relay on loopback that is slow, or stands still in the middle of what it carries, when it is asked to."""

from __future__ import annotations

import socket
import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

# How many times a second a slow relay carries something.
_PIECES = 10


class Relay:
    """Carries whatever it gets to an address (host:port), and back."""

    def __init__(self, address: str) -> None:
        host, _, port = address.rpartition(":")
        self._there = (host, int(port))
        self._left: int | None = None
        # Bytes a second of each connection; None is as many as there are.
        self.speed: int | None = None
        self._lock = threading.Lock()
        self._go_on = threading.Event()
        self.held = threading.Event()
        outer = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                outer._carry_both_ways(self.request)

        self.server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.server.server_address[1]}"

    def hold_after(self, size: int) -> None:
        """Stand still when so many bytes more have been carried there."""
        self._left = size

    def release(self) -> None:
        """What was held is lost, as its sender is; others are carried again."""
        self._left = None
        self._go_on.set()

    def _carry_both_ways(self, here: socket.socket) -> None:
        with socket.create_connection(self._there) as there:
            back = threading.Thread(target=self._carry, args=(there, here, False), daemon=True)
            back.start()
            self._carry(here, there, True)
            back.join()

    def _carry(self, source: socket.socket, target: socket.socket, counted: bool) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                if counted and self._is_too_much(len(data)):
                    self.held.set()
                    self._go_on.wait()
                    break
                if counted:
                    self._send_slowly(data, target)
                else:
                    target.sendall(data)
        with suppress(OSError):
            target.shutdown(socket.SHUT_WR)

    def _send_slowly(self, data: bytes, target: socket.socket) -> None:
        while data:
            size = max(1, self.speed // _PIECES) if self.speed else len(data)
            target.sendall(data[:size])
            data = data[size:]
            if self.speed:
                time.sleep(1 / _PIECES)

    def _is_too_much(self, size: int) -> bool:
        with self._lock:
            if self._left is not None:
                self._left -= size
            return self._left is not None and self._left < 0


@contextmanager
def relaying(address: str) -> Iterator[Relay]:
    relay = Relay(address)
    threading.Thread(target=relay.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield relay
    finally:
        relay.release()
        relay.server.shutdown()
        relay.server.server_close()
