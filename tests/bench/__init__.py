"""Measurements; what they import of the collection is found as in tests."""

import tests.conftest  # noqa: F401 - makes the collection known
