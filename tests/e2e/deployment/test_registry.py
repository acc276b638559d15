"""What a real engine makes of registries that do not give an image: told apart, and within a bounded time."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.support.loopback import Answer, Server, as_json, unused_port
from tests.testbed import engine
from tests.testbed.upstream import Upstream

PATIENCE_SECONDS = 3
IMAGE = "llmmon/no-such:v1"
MANIFEST = "/v2/llmmon/no-such/manifests/v1"
PAGE = "<html><body>Blocked by the proxy</body></html>"


def refusal(status: int, code: str, message: str) -> Answer:
    """A registry's own way to say no."""
    return as_json({"errors": [{"code": code, "message": message}]}, status)


def page(status: int) -> Answer:
    """What a proxy on the way says."""
    return Answer(status, PAGE.encode(), "text/html")


@pytest.fixture
def registry() -> Iterator[Server]:
    engine.ensure()
    with Server() as server:
        server.answers["GET /v2/"] = as_json({})
        yield server


@pytest.mark.parametrize(
    ("answer", "why", "words"),
    [
        (
            refusal(429, "TOOMANYREQUESTS", "You have reached your pull rate limit, retry-after: 3600s"),
            "the registry answered 429 Too Many Requests",
            "retry-after: 3600s",
        ),
        (page(429), "the registry answered 429 Too Many Requests", "Blocked by the proxy"),
        (refusal(403, "DENIED", "not for you"), "the registry refused it", "denied: not for you"),
        (page(403), "the registry refused it", "HTTP 403 with a page: Blocked by the proxy"),
        (refusal(401, "UNAUTHORIZED", "sign in"), "the registry refused it", "unauthorized"),
        (refusal(404, "MANIFEST_UNKNOWN", "manifest unknown"), "the registry has no such image", "manifest unknown"),
        (Answer(503, b"busy", "text/plain"), "the registry fails", "503 Service Unavailable"),
        (Answer(hang_up=True), "the download broke off", "EOF"),
    ],
    ids=["429", "429 page", "403", "403 page", "401", "404", "503", "hang up"],
)
def test_an_answer_is_told_in_the_registry_s_words(
    answer: Answer, why: str, words: str, registry: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    registry.answers |= {f"{method} {MANIFEST}": answer for method in ("GET", "HEAD")}
    assert Upstream().pull(f"{registry.address}/{IMAGE}") == why
    assert words in capsys.readouterr().err


@pytest.mark.parametrize("path", ["GET /v2/", f"HEAD {MANIFEST}"])
def test_a_registry_that_hangs_ends_after_the_patience(path: str, registry: Server) -> None:
    registry.answers[path] = Answer(wait=True)
    begun = time.monotonic()
    run = Upstream(patience=PATIENCE_SECONDS)
    assert run.pull(f"{registry.address}/{IMAGE}") == "the registry is silent or too slow"
    assert PATIENCE_SECONDS <= time.monotonic() - begun < PATIENCE_SECONDS + 30
    # Once a run: the others do not wait as well.
    asked = len(registry.requests)
    assert run.pull(f"{registry.address}/other:v1") == "the registry is silent or too slow"
    assert len(registry.requests) == asked


def test_where_no_registry_is_nobody_waits() -> None:
    engine.ensure()
    assert Upstream().pull(f"127.0.0.1:{unused_port()}/{IMAGE}") == "no registry answers"


def test_the_next_run_asks_again(registry: Server) -> None:
    name = f"{registry.address}/{IMAGE}"
    for answer, why in ((page(429), "429 Too Many Requests"), (page(404), "has no such image")):
        registry.answers |= {f"{method} {MANIFEST}": answer for method in ("GET", "HEAD")}
        assert why in str(Upstream().pull(name))
