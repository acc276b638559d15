"""Recorded events below HTTP's surface: raw requests, and the end of the process."""

from __future__ import annotations

import socket
from typing import Any

from .events import expect
from .replay import Context, Event

_HEALTH = "GET /api/health HTTP/1.1\r\nHost: stand.in\r\n"


def _talk(context: Context, text: str, *, until: bytes = b"") -> bytes:
    """Send raw text; read to the end of the connection, or until something has come."""
    with socket.create_connection(("127.0.0.1", context.running.port), timeout=10) as connection:
        connection.sendall(text.encode())
        got = b""
        while not (until and until in got):
            try:
                piece = connection.recv(65536)
            except ConnectionResetError:
                # The server closed while we were still sending, which is its right after an error.
                break
            if not piece:
                break
            got += piece
        return got


def _status_line(answer: bytes) -> str:
    return answer.partition(b"\r\n")[0].decode()


def _pipelined(context: Context, recorded: Any) -> list[str]:
    got = _talk(context, f"{_HEALTH}\r\n{_HEALTH}Connection: close\r\n\r\n")
    return expect(answers=(got.count(b"HTTP/1.1 200 OK"), recorded["answers"]))


def _http_1_0(context: Context, recorded: Any) -> list[str]:
    got = _talk(context, "GET /api/health HTTP/1.0\r\n\r\n")
    # The version of the answer's line is free (RFC 9110); that it comes and the connection ends is what counts.
    return expect(status=(_status_line(got).split(" ", 1)[1], recorded[0].split(" ", 1)[1]))


def _no_host(context: Context, recorded: str) -> list[str]:
    got = _talk(context, "GET /api/health HTTP/1.1\r\n\r\n")
    status = (_status_line(got).split()[1], recorded.split()[1])
    text = (got.rpartition(b"\r\n\r\n")[2].decode(), recorded.rpartition("\r\n\r\n")[2].removesuffix("<EOF>"))
    return expect(status=status, text=text)


def _other_host(context: Context, recorded: str) -> list[str]:
    got = _talk(context, "GET /api/health HTTP/1.1\r\nHost: elsewhere.example\r\nConnection: close\r\n\r\n")
    return expect(status=(_status_line(got), recorded))


def _garbage(context: Context, recorded: str) -> list[str]:
    got = _talk(context, "nonsense that is no HTTP at all\r\n\r\n")
    return expect(refused=(b"400" in got, "400" in recorded))


def _chunked(context: Context, recorded: list[str]) -> list[str]:
    body = '{"uid":"chunked","title":"Chunked"}'
    chunks = "".join(f"{len(part):x}\r\n{part}\r\n" for part in (body[:10], body[10:]))
    got = _talk(
        context,
        "POST /api/folders HTTP/1.1\r\nHost: stand.in\r\nContent-Type: application/json\r\n"
        f"Authorization: {context.authorization('admin')}\r\nTransfer-Encoding: chunked\r\n"
        f"Connection: close\r\n\r\n{chunks}0\r\n\r\n",
    )
    return expect(status=(_status_line(got), recorded[0]), made=(b'"uid":"chunked"' in got, True))


def _expect_continue(context: Context, recorded: str) -> list[str]:
    got = _talk(
        context,
        "POST /api/folders HTTP/1.1\r\nHost: stand.in\r\nContent-Type: application/json\r\n"
        "Content-Length: 20\r\nExpect: 100-continue\r\n\r\n",
        until=b"\r\n\r\n",
    )
    return expect(answer=(got.decode(), recorded))


def _big_head(context: Context, recorded: str) -> list[str]:
    got = _talk(context, f"{_HEALTH}X-Big: {'x' * 1_100_000}\r\n\r\n", until=b"\r\n")
    return expect(status=(_status_line(got).split()[1:2], recorded.split()[1:2]))


def _sigterm(context: Context, recorded: list[float]) -> list[str]:
    # While a client holds its connection open, as ours does.
    context.call("GET", "/api/health")
    return expect(exit_code=(context.running.stop(), recorded[0]))


EVENTS: dict[str, Event] = {
    "http.pipelined": _pipelined,
    "http.1.0": _http_1_0,
    "http.nohost": _no_host,
    "http.otherhost": _other_host,
    "http.garbage": _garbage,
    "http.chunked": _chunked,
    "http.expect": _expect_continue,
    "http.bighead": _big_head,
    "http.sigterm": _sigterm,
}
