"""What tests of the collection share: servers to talk to, a fast clock, and the skip for what only root can do."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.support import services
from tests.support.loopback import Server, certificate, unused_port
from tests.support.scraping import PAGES, scraping_configuration
from tests.support.services import Service
from tests.support.versions import EVERYWHERE

_IS_ROOT = os.geteuid() == 0


@pytest.fixture
def as_root() -> None:
    """For tests that look at owners, or at modules that set and compare them."""
    if not _IS_ROOT:
        pytest.skip("only root can give files to others")


@pytest.fixture
def fast_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait without waiting: the clock moves on by a second with every look at it."""
    seconds = iter(range(10**6))
    monkeypatch.setattr("time.monotonic", lambda: float(next(seconds)))
    monkeypatch.setattr("time.sleep", lambda _: None)


@pytest.fixture
def server() -> Iterator[Server]:
    """Give the test an HTTP server on loopback that answers what the test tells it."""
    with Server() as running:
        yield running


@pytest.fixture(scope="session")
def prometheus_in_both_versions(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Service]]:
    """Give Prometheus in both versions, which scrape all that can go wrong."""
    root = tmp_path_factory.mktemp("prometheus")
    pem = certificate(root)
    with ExitStack() as stack:
        plain, tls = stack.enter_context(Server()), stack.enter_context(Server(pem))
        for server in (plain, tls):
            server.answers.update({f"GET {path}": answer for path, answer in PAGES.items()})
        configuration = scraping_configuration(
            {"plain": plain.address, "tls": tls.address, "pem": str(pem), "unused": f"127.0.0.1:{unused_port()}"}
        )
        yield {
            version: stack.enter_context(services.prometheus(version, root / version, configuration))
            for version in EVERYWHERE["prometheus"]
        }


@pytest.fixture(scope="session", autouse=True)
def early_start(request: pytest.FixtureRequest) -> None:
    """Start Prometheus with the first test: it takes seconds to scrape anything, and other tests can use them."""
    if any("prometheus_in_both_versions" in getattr(item, "fixturenames", ()) for item in request.session.items):
        request.getfixturevalue("prometheus_in_both_versions")
