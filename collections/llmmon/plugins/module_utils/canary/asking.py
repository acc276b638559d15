# SPDX-License-Identifier: Apache-2.0
"""One request to a gateway, with an end to everything that may not end by itself."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import time
from contextlib import suppress
from urllib.parse import urlsplit

from .answers import Body
from .causes import (
    CERTIFICATE_REFUSED,
    HEADERS,
    NEVER_ENDS,
    NO_ANSWER,
    STALLED,
    TRUNCATED,
    UNREACHABLE,
    Exchange,
)
from .request import PATHS
from .settings import Canary

_PIECE = 64 * 1024
_MOST_HEADER = 200


def ask(canary: Canary, key: str, body: bytes) -> Exchange:
    """Send a request, and read what comes until its end, or until there has been enough."""
    exchange = Exchange()
    begun = time.monotonic()
    try:
        connection = _connection(canary)
    except OSError:
        exchange.failure = CERTIFICATE_REFUSED
        return exchange
    try:
        connection.connect()
    except ssl.SSLError:
        exchange.failure = CERTIFICATE_REFUSED
    except (OSError, UnicodeError):
        exchange.failure = UNREACHABLE
    else:
        exchange.connect_seconds = time.monotonic() - begun
        _talk(canary, key, body, connection, exchange, begun)
    finally:
        connection.close()
    exchange.duration = time.monotonic() - begun
    return exchange


def _connection(canary: Canary) -> http.client.HTTPConnection:
    url = urlsplit(canary.url)
    host = url.hostname or ""
    if url.scheme != "https":
        return http.client.HTTPConnection(host, url.port, timeout=canary.connect_timeout)
    context = ssl.create_default_context(cafile=canary.ca_file or None)
    # From 3.13 on Python refuses authorities of companies that other clients take.
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    return http.client.HTTPSConnection(host, url.port, timeout=canary.connect_timeout, context=context)


def _talk(
    canary: Canary, key: str, body: bytes, connection: http.client.HTTPConnection, exchange: Exchange, begun: float
) -> None:
    """Ask and read. A gateway may drip for ever below every limit of a single wait: the watchdog closes the socket."""
    opened = connection.sock
    exchange.certificate_days = _days_left(opened)
    barked = threading.Event()

    def cut() -> None:
        barked.set()
        with suppress(OSError):
            opened.shutdown(socket.SHUT_RDWR)

    watchdog = threading.Timer(max(0.0, begun + canary.total_timeout - time.monotonic()), cut)
    watchdog.daemon = True
    watchdog.start()
    try:
        _read(canary, key, body, connection, opened, exchange, begun)
    except TimeoutError:
        answer = exchange.answer
        exchange.failure = NEVER_ENDS if answer.finish_reason else STALLED if answer.piece_times else NO_ANSWER
    except (OSError, http.client.HTTPException):
        # With nothing of an answer there, the gateway has gone rather than stopped in the middle.
        exchange.failure = TRUNCATED if exchange.status else UNREACHABLE
    finally:
        watchdog.cancel()
    if barked.is_set() and not exchange.answer.finished:
        exchange.failure = NEVER_ENDS if exchange.status else NO_ANSWER


def _read(
    canary: Canary,
    key: str,
    body: bytes,
    connection: http.client.HTTPConnection,
    opened: socket.socket,
    exchange: Exchange,
    begun: float,
) -> None:
    opened.settimeout(canary.first_timeout)
    exchange.sent = True
    path = urlsplit(canary.url).path.rstrip("/") + PATHS[canary.kind]
    connection.request("POST", path, body, _headers(canary, key))
    response = connection.getresponse()
    exchange.status = response.status
    exchange.headers = {name: (response.headers.get(name) or "")[:_MOST_HEADER] for name in HEADERS}
    if response.status != 200:
        return
    reading = Body(canary.kind, response.headers.get("Content-Type") or "")
    exchange.answer = reading.answer
    piece = b""
    # Newer Pythons close an answer, and the socket with it, at the last byte of a length that was said.
    while not response.isclosed():
        opened.settimeout(_patience(canary, exchange.answer.piece_times, time.monotonic() - begun))
        piece = response.read1(_PIECE)
        if not piece or reading.feed(piece, time.monotonic() - begun):
            break
    reading.end(time.monotonic() - begun)
    if not piece and response.length:
        exchange.failure = TRUNCATED


def _patience(canary: Canary, times: list[float], now: float) -> float:
    """Seconds to wait for more. Comments that keep a connection alive are no progress.

    Raises TimeoutError where there are none left.
    """
    left = times[-1] + canary.stall_timeout - now if times else canary.first_timeout - now
    if left <= 0:
        raise TimeoutError
    return left


def _headers(canary: Canary, key: str) -> dict[str, str]:
    headers = {
        "Accept": "application/json" if canary.kind == "embeddings" else "text/event-stream, application/json",
        "Content-Type": "application/json",
        "User-Agent": "llmmon-canary",
        "Connection": "close",
        **canary.headers,
    }
    if key:
        headers["Authorization"] = f"Bearer {key}"
    return headers


def _days_left(opened: socket.socket) -> float | None:
    """Until the gateway's certificate ends; None without one."""
    if not isinstance(opened, ssl.SSLSocket):
        return None
    ends = (opened.getpeercert() or {}).get("notAfter")
    return (ssl.cert_time_to_seconds(ends) - time.time()) / 86400 if isinstance(ends, str) else None
