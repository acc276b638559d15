"""What holds for all tests: they import the collection by its name."""

from __future__ import annotations

from tests.support.collection import REPOSITORY

__all__ = ["REPOSITORY"]

pytest_plugins = ["tests.support.levels", "tests.support.tried"]
