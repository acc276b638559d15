"""The one network that the testbed's containers share, with fixed addresses."""

from __future__ import annotations

from collections.abc import Sequence

import docker
from docker.errors import APIError

from tests.testbed import state
from tests.testbed.engine import LABEL, LABELS
from tests.testbed.shell import TestbedError

NAME = "llmmon-testbed"
REGISTRY_ADDRESS = "10.213.0.2"
ADDRESS_LABEL = f"{LABEL}.address"

_PREFIX = "10.213.0"
# Fixed addresses come from the lower half; the engine deals out the upper half by itself.
_FIXED = range(10, 128)


def ensure(client: docker.DockerClient) -> None:
    """Not an internal network: a role that installs packages on a host needs the mirror."""
    pool = docker.types.IPAMPool(subnet=f"{_PREFIX}.0/24", iprange=f"{_PREFIX}.128/25", gateway=f"{_PREFIX}.1")
    settings = docker.types.IPAMConfig(pool_configs=[pool])
    with state.locked("network"):
        if client.networks.list(names=[f"^{NAME}$"]):
            return
        try:
            client.networks.create(NAME, driver="bridge", ipam=settings, labels=LABELS)
        except APIError as error:
            raise TestbedError(
                f"The engine cannot make the network {NAME} ({error.explanation}): free the range {_PREFIX}.0/24."
            ) from None


def attachment(
    client: docker.DockerClient, name: str, aliases: Sequence[str], address: str | None
) -> docker.types.NetworkingConfig:
    """How a container is to be attached to a network, with names and a fixed address of its own."""
    config = docker.types.NetworkingConfig()
    endpoint = client.api.create_endpoint_config(aliases=list(aliases), ipv4_address=address)
    config["EndpointsConfig"] = {name: endpoint}
    return config


def free_address(client: docker.DockerClient) -> str:
    """A fixed address that no container has, be it running or not; call it under the lock `addresses`."""
    everything = client.containers.list(all=True, filters={"label": ADDRESS_LABEL})
    taken = {container.labels[ADDRESS_LABEL] for container in everything}
    for number in _FIXED:
        if f"{_PREFIX}.{number}" not in taken:
            return f"{_PREFIX}.{number}"
    raise TestbedError(f"All {len(_FIXED)} addresses of the network {NAME} are taken: destroy a host you do not need.")
