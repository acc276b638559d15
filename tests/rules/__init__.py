"""Tests of the rules, on the rules as a deployment renders them."""

# Before anything imports the collection by its name.
from tests import conftest as _collection_is_importable  # noqa: F401
