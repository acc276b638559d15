"""A registry that serves our images to the hosts under upstream's names."""

from __future__ import annotations

import docker
import requests
from docker.models.containers import Container

from tests.testbed import containers, network, state
from tests.testbed.catalogue import REGISTRY
from tests.testbed.engine import LABELS
from tests.testbed.shell import PATIENCE, TestbedError, step, wait_until

NAME = "llmmon-testbed-registry"
PORT = 5000

# The hosts' engines know it as `registry`. With Docker Hub's names leading here too, an image that it lacks is
# refused at once instead of being looked for on the internet.
_ALIASES = ("registry", "docker.io", "registry-1.docker.io")


def ensure(client: docker.DockerClient) -> str:
    """Make sure that it runs; returns its address on this machine."""
    with state.locked("registry"):
        container = containers.find(client, NAME)
        if container is None or container.status != "running" or not _answers(container):
            with step("started the registry"):
                container = _start(client)
    return url(container)


def _start(client: docker.DockerClient) -> Container:
    client.volumes.create(NAME, labels=LABELS)
    service = containers.Service(
        name=NAME,
        image=REGISTRY.name,
        command=(),
        aliases=_ALIASES,
        address=network.REGISTRY_ADDRESS,
        ports=(PORT,),
        volumes={NAME: "/var/lib/registry"},
    )
    container = containers.start(client, service)

    def ready() -> bool:
        containers.require_alive(container)
        return _answers(container)

    wait_until(ready, timeout=PATIENCE, what="The registry did not answer", advice=f"see `docker logs {NAME}`")
    return container


def url(container: Container) -> str:
    return f"http://127.0.0.1:{containers.published(container, PORT)}"


def _answers(container: Container) -> bool:
    try:
        return requests.get(f"{url(container)}/v2/", timeout=60).ok
    except (requests.RequestException, TestbedError):
        return False
