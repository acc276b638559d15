"""The stand-in against what a real Grafana answered; the clients against it, against documents, and against yours."""

# Before anything imports the collection by its name.
from tests import conftest as _collection_is_importable  # noqa: F401
