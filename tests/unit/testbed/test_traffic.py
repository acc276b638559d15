"""Traffic goes to the testbed's gateway on this machine, and it always ends."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread
from typing import Any

import pytest

from tests.testbed import gateway, traffic
from tests.testbed.shell import TestbedError

URL = "http://127.0.0.1:4000"


@pytest.mark.parametrize(
    "url",
    [
        "http://192.0.2.7:4000",
        "http://gateway.example.com",
        "http://localhost.example.com:4000",
        "http://127.0.0.1@192.0.2.7:4000",
        "http://0.0.0.0:4000",
        "https://127.0.0.1:4000",
        "ftp://127.0.0.1",
        "127.0.0.1:4000",
        "",
    ],
)
def test_other_addresses_are_refused(url: str) -> None:
    with pytest.raises(TestbedError, match=r"goes to http://127\.0\.0\.1 only"):
        traffic.Plan(url, seconds=1, rate=1)


@pytest.mark.parametrize("url", [URL, "http://127.8.9.1:80", "http://[::1]:4000"])
def test_this_machine_is_accepted(url: str) -> None:
    assert traffic.Plan(url, seconds=10, rate=2).requests == 20


@pytest.mark.parametrize(("seconds", "rate"), [(0, 1), (-1, 1), (10**6, 1), (1, 0), (1, 1000), (float("nan"), 1)])
def test_amounts_have_bounds(seconds: float, rate: float) -> None:
    with pytest.raises(TestbedError, match="is refused"):
        traffic.Plan(URL, seconds, rate)


def test_number_has_a_bound_too() -> None:
    assert traffic.Plan(URL, traffic.MOST_SECONDS, traffic.MOST_PER_SECOND).requests == traffic.MOST_REQUESTS


def test_models_are_mixed_and_answers_counted() -> None:
    asked: Counter[str] = Counter()
    streamed: Counter[str] = Counter()

    def ask(url: str, token: str, model: str, stream: bool) -> int:
        assert (url, token) == (URL, "secret")
        asked[model] += 1
        streamed[model] += stream
        return 500 if model == gateway.FAILING_MODEL else 200

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(traffic, "time", Clock())
        answers = traffic.send(traffic.Plan(URL, seconds=5, rate=20), "secret", ask)
    assert answers == {200: 90, 500: 10}
    assert set(asked) == {*gateway.MODELS, gateway.FAILING_MODEL}
    # Each model streams some answers, so that its time to the first token is known, and not all of them.
    assert all(0 < streamed[model] < asked[model] for model in asked)


@pytest.mark.parametrize("stream", [True, False])
def test_an_answer_is_asked_for_as_a_stream_or_whole(stream: bool) -> None:
    with a_gateway() as (url, bodies):
        assert traffic._ask(url, "secret", "m", stream) == 200
    assert [body["stream"] for body in bodies] == [stream]


@contextmanager
def a_gateway() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A server on loopback that answers in two parts; yields its address, and what it was asked."""
    bodies: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"data: one\n\n")
            self.wfile.write(b"data: [DONE]\n\n")

        def log_message(self, *_: object) -> None:
            """Nobody wants to read a line for each request."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", bodies
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_slow_gateway_does_not_prolong_it() -> None:
    calls = 0
    clock = Clock()

    def ask(_url: str, _token: str, _model: str, _stream: bool) -> int:
        nonlocal calls
        calls += 1
        clock.now += 4
        return 200

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(traffic, "time", clock)
        traffic.send(traffic.Plan(URL, seconds=10, rate=20), "secret", ask)
    assert calls == 3


class Clock:
    """A clock that moves only when it is told to."""

    now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
