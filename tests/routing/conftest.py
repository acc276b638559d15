"""Fixtures of the routing tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.routing import rendering, variants
from tests.routing.rendering import Release
from tests.support.loopback import Server


@pytest.fixture(scope="session")
def releases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Release]:
    """Every variant, rendered once."""
    return {
        name: rendering.lay_out(tmp_path_factory.mktemp(name), **variables)
        for name, variables in variants.VARIANTS.items()
    }


@pytest.fixture
def server() -> Iterator[Server]:
    """Give the test an HTTP server on loopback that answers what the test tells it."""
    with Server() as running:
        yield running
