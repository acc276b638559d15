"""The testbed: a Docker engine, images, a registry, target hosts and an LLM gateway, where there are none."""

# It pulls images by the collection, and knows why one did not come.
import tests.support.collection  # noqa: F401
