"""Why a registry did not give an image, by what Docker says.

Most of its words were provoked from Docker 20.10, as tests/e2e/deployment/test_registry.py does; those of newer
engines, and of networks that no test can make, are as their users report them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import docker
import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.clients import image_pull
from ansible_collections.llmmon.stack.plugins.module_utils.clients.image_pull import (
    ABSENT,
    BROKEN_OFF,
    FAILING,
    RATE_LIMITED,
    REFUSED,
    SILENT,
    UNKNOWN,
    UNREACHABLE,
    UNTRUSTED,
    Cause,
    PullFailed,
    cause_of,
    pull_image,
    readable,
)
from docker.constants import DEFAULT_DOCKER_API_VERSION

from tests.support.loopback import Answer, Server, as_json, unused_port

PAGE = "invalid character '<' looking for beginning of value"
DENIED = "pull access denied for r:1/x, repository does not exist or may require 'docker login': denied"
VERSION = DEFAULT_DOCKER_API_VERSION
CREATE = f"POST /v{VERSION}/images/create?tag=v1&fromImage=prom%2Fprometheus"


@pytest.mark.parametrize(
    ("words", "cause"),
    [
        (
            "toomanyrequests: You have reached your unauthenticated pull rate limit. https://www.docker.com",
            RATE_LIMITED,
        ),
        ('Head "http://127.0.0.1:5000/v2/x/manifests/1": toomanyrequests: retry-after: 1.2s', RATE_LIMITED),
        (f'error parsing HTTP 429 response body: {PAGE}: "<html><body>Slow down</body></html>"', RATE_LIMITED),
        (f"{DENIED}: requested access to the resource is denied", REFUSED),
        ("unauthorized: authentication required", REFUSED),
        ('Head "http://127.0.0.1:5000/v2/x/manifests/1": no basic auth credentials', REFUSED),
        ('Head "http://r/v2/x/manifests/1": authorization server did not include a token in the response', REFUSED),
        # A page of a proxy may say anything; the status decides.
        (f'error parsing HTTP 403 response body: {PAGE}: "<title>Too Many Requests? No.</title>"', REFUSED),
        ("manifest for prom/prometheus:v9 not found: manifest unknown: manifest unknown", ABSENT),
        ("repository 127.0.0.1:5000/x not found: name unknown: repository name not known to registry", ABSENT),
        ("no matching manifest for linux/riscv64 in the manifest list entries", ABSENT),
        (f'error parsing HTTP 404 response body: {PAGE}: "<html>nothing</html>"', ABSENT),
        ('failed to resolve reference "docker.io/prom/x:v9": docker.io/prom/x:v9: not found', ABSENT),
        ('Get "http://127.0.0.1:5000/v2/": context deadline exceeded', SILENT),
        ('Get "https://r/v2/": net/http: request canceled while waiting for connection (Client.Timeout)', SILENT),
        ('Get "https://10.0.0.1/v2/": dial tcp 10.0.0.1:443: i/o timeout', SILENT),
        ('Get "https://registry-1.docker.io/v2/": net/http: TLS handshake timeout', SILENT),
        ("received unexpected HTTP status: 504 Gateway Timeout", SILENT),
        ("nothing was heard for 120 s", SILENT),
        ('Get "http://127.0.0.1:1/v2/": dial tcp 127.0.0.1:1: connect: connection refused', UNREACHABLE),
        ('Get "https://r.invalid/v2/": dial tcp: lookup r.invalid on 10.0.0.53:53: no such host', UNREACHABLE),
        ('Get "https://r/v2/": dial tcp: lookup r on 10.0.0.53:53: server misbehaving', UNREACHABLE),
        ('Get "https://10.0.0.1/v2/": dial tcp 10.0.0.1:443: connect: no route to host', UNREACHABLE),
        ('Get "https://10.0.0.1/v2/": x509: certificate signed by unknown authority', UNTRUSTED),
        ('Get "https://r:80/v2/": http: server gave HTTP response to HTTPS client', UNTRUSTED),
        ("expected HTTP 206 from byte range request", BROKEN_OFF),
        ("unexpected EOF", BROKEN_OFF),
        ('Head "http://127.0.0.1:5000/v2/x/manifests/1": EOF', BROKEN_OFF),
        ("read tcp 10.0.0.2:4->10.0.0.1:443: read: connection reset by peer", BROKEN_OFF),
        ("received unexpected HTTP status: 500 Internal Server Error", FAILING),
        ("received unexpected HTTP status: 599", FAILING),
        (
            "failed to register layer: Error processing tar file(exit status 1): archive/tar: invalid tar header",
            UNKNOWN,
        ),
        (f"error unmarshalling content: {PAGE}", UNKNOWN),
    ],
)
def test_the_engine_s_words_tell_the_cause(words: str, cause: Cause) -> None:
    assert cause_of(words) is cause


def test_a_page_is_shown_without_its_tags_and_nothing_at_any_length() -> None:
    page = f'error parsing HTTP 403 response body: {PAGE}: "<html>\\n<h1>Blocked</h1>\\n by the proxy.</html>"'
    assert readable(page) == "HTTP 403 with a page: Blocked by the proxy"
    assert len(readable("x " * 5000)) < 310


def test_every_cause_says_what_to_do() -> None:
    causes = [cause for cause in vars(image_pull).values() if isinstance(cause, Cause)]
    assert len(causes) == len({cause.kind for cause in causes}) == 9
    assert all(cause.what and cause.advice for cause in causes)
    assert str(PullFailed("toomanyrequests: slow down.")) == (
        "the registry answered 429 Too Many Requests (toomanyrequests: slow down); try again later, sign in there with"
        " 'docker login', or name a mirror by llmmon_image_registry"
    )


# -- a pull, by an engine that answers from a table


@pytest.fixture
def engine() -> Iterator[Server]:
    with Server() as server:
        server.answers["GET /version"] = as_json({"ApiVersion": VERSION})
        yield server


def pull(engine: Server) -> None:
    pull_image("prom/prometheus:v1", 1, base_url=f"tcp://{engine.address}")


def test_an_image_that_comes_is_no_news(engine: Server) -> None:
    engine.answers[CREATE] = Answer(body=json.dumps({"status": "Pull complete"}).encode())
    pull(engine)
    assert len(engine.asked("POST")) == 1


def test_a_registry_that_says_nothing_ends_it(engine: Server) -> None:
    """The SDK itself would wait for ever."""
    engine.answers[CREATE] = Answer(wait=True)
    with pytest.raises(PullFailed, match=r"is silent or too slow \(nothing was heard for 1 s\)"):
        pull(engine)


def test_a_refusal_is_read_from_the_status(engine: Server) -> None:
    engine.answers[CREATE] = as_json({"message": "toomanyrequests: slow down"}, 500)
    with pytest.raises(PullFailed) as caught:
        pull(engine)
    assert (caught.value.cause, caught.value.words) == (RATE_LIMITED, "toomanyrequests: slow down")


def test_what_goes_wrong_in_the_middle_is_read_from_the_events(engine: Server) -> None:
    engine.answers[CREATE] = as_json({"error": "unexpected EOF", "errorDetail": {"message": "unexpected EOF"}})
    with pytest.raises(PullFailed) as caught:
        pull(engine)
    assert caught.value.cause is BROKEN_OFF


def test_an_engine_that_is_not_there_is_not_taken_for_a_registry() -> None:
    with pytest.raises((OSError, docker.errors.DockerException)):
        pull_image("prom/prometheus:v1", 1, base_url=f"tcp://127.0.0.1:{unused_port()}")
