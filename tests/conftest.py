"""What holds for all tests: they import the collection by its name."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from tests.support.collection import REPOSITORY

__all__ = ["REPOSITORY"]

pytest_plugins = ["tests.support.levels", "tests.support.tried"]


@pytest.fixture
def no_collection() -> Iterator[None]:
    """Collect no garbage while a test uses up the stack: what other tests have left could not be ended there."""
    gc.disable()
    yield
    gc.enable()
