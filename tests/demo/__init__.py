"""The demo: the stack and a real LLM gateway with traffic, on this machine alone."""

# It asks the services by the collection's client.
import tests.support.collection  # noqa: F401
