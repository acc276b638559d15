"""A proxy before an S3 which signs each request anew, at another time: to the S3, the sender's clock is off."""

from __future__ import annotations

import datetime
import hashlib
import hmac
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import reduce
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import urlsplit

import requests

from tests.support.loopback import serving

_GIVEN = re.compile(r"AWS4-HMAC-SHA256 Credential=([^/]+)/\d{8}/([^,]+), ?SignedHeaders=([^,]+), ?Signature=\w+")
_OF_ONE_CONNECTION = frozenset({"content-length", "transfer-encoding", "connection", "content-encoding"})


class Clock:
    """How far the sender's clock is ahead, and where the proxy listens."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self.address = ""


@contextmanager
def resigning(storage: Mapping[str, Any], seconds: float) -> Iterator[Clock]:
    """Before this `llmmon_thanos_object_storage`. While the clock is right, requests pass as they are."""
    clock = Clock(seconds)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _carry(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {name.lower(): value.strip() for name, value in self.headers.items()}
            if clock.seconds:
                moment = datetime.datetime.now(datetime.UTC) + datetime.timedelta(seconds=clock.seconds)
                headers["x-amz-date"] = f"{moment:%Y%m%dT%H%M%SZ}"
                headers["authorization"] = _signed(self.command, self.path, headers, storage["secret_key"])
            url = f"http://{storage['endpoint']}{self.path}"
            answer = requests.request(self.command, url, headers=headers, data=body, timeout=30)
            self.send_response(answer.status_code)
            for name, value in answer.headers.items():
                if name.lower() not in _OF_ONE_CONNECTION:
                    self.send_header(name, value)
            length = answer.headers["Content-Length"] if self.command == "HEAD" else len(answer.content)
            self.send_header("Content-Length", str(length))
            self.end_headers()
            self.wfile.write(answer.content)

        do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = _carry  # noqa: N815 - http.server's names

        def log_message(self, *_: object) -> None:
            """Nobody wants to read a line for each request."""

    with serving(Handler) as url:
        clock.address = url.removeprefix("http://")
        yield clock


def _signed(method: str, target: str, headers: Mapping[str, str], secret: str) -> str:
    """The header Authorization of AWS's signature version 4."""
    given = _GIVEN.fullmatch(headers["authorization"])
    assert given, headers["authorization"]
    key, rest, names = given.groups()
    parts = urlsplit(target)
    query = "&".join(sorted(pair if "=" in pair else f"{pair}=" for pair in parts.query.split("&") if pair))
    lines = "".join(f"{name}:{headers[name]}\n" for name in names.split(";"))
    canonical = "\n".join([method, parts.path, query, lines, names, headers["x-amz-content-sha256"]])
    moment = headers["x-amz-date"]
    scope = f"{moment[:8]}/{rest}"
    text = "\n".join(["AWS4-HMAC-SHA256", moment, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    signature = _mac(reduce(_mac, scope.split("/"), f"AWS4{secret}".encode()), text).hex()
    return f"AWS4-HMAC-SHA256 Credential={key}/{scope}, SignedHeaders={names}, Signature={signature}"


def _mac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()
