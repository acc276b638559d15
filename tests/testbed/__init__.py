"""The testbed: a Docker engine, images, a registry, target hosts and an LLM gateway, where there are none."""
