"""Containers of the testbed: made the same way, labelled, and found again."""

from __future__ import annotations

import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import docker
from docker.errors import ImageNotFound, NotFound
from docker.models.containers import Container

from tests.testbed import network, state
from tests.testbed.engine import LABELS
from tests.testbed.shell import TestbedError, last_lines

INSIDE = Path(__file__).parent / "inside"


@dataclass(frozen=True)
class Service:
    """One helper container: what runs in it and how it is reached."""

    name: str
    image: str
    command: Sequence[str]
    network: str = network.NAME
    aliases: Sequence[str] = ()
    address: str | None = None
    # Ports inside the container; each is also published on a free port of 127.0.0.1.
    ports: Sequence[int] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    # Path on this machine -> (path inside, "ro" or "rw").
    mounts: Mapping[Path, tuple[str, str]] = field(default_factory=dict)
    volumes: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)


def start(client: docker.DockerClient, service: Service) -> Container:
    """Start the service; a container of that name which runs already is replaced."""
    remove(client, service.name)
    if service.network == network.NAME:
        network.ensure(client)
    with state.locked("addresses"):
        address = service.address
        if address is None and service.network == network.NAME:
            address = network.free_address(client)
        container = _create(client, service, address)
    container.start()
    container.reload()
    return container


def find(client: docker.DockerClient, name: str) -> Container | None:
    try:
        return client.containers.get(name)
    except NotFound:
        return None


def remove(client: docker.DockerClient, name: str) -> bool:
    """Remove a container with its anonymous volumes; says whether there was one."""
    container = find(client, name)
    if container is None:
        return False
    container.remove(force=True, v=True)
    return True


def address_of(container: Container) -> str:
    """Its address in the network it was started in; this machine reaches it there as well."""
    container.reload()
    return str(next(iter(container.attrs["NetworkSettings"]["Networks"].values()))["IPAddress"])


def published(container: Container, port: int) -> int:
    """The port of 127.0.0.1 which leads to a container's port."""
    bindings = container.attrs["NetworkSettings"]["Ports"].get(f"{port}/tcp")
    if not bindings:
        raise TestbedError(f"The container {container.name} does not publish port {port}: start it anew.")
    return int(bindings[0]["HostPort"])


def require_alive(container: Container) -> None:
    """Fail with the container's own words once it has ended."""
    container.reload()
    if container.status not in {"created", "running"}:
        words = last_lines(container.logs(tail=20).decode(errors="replace"))
        raise TestbedError(f"The container {container.name} ended ({container.status}): {words}.")


def accepts(address: str, port: int) -> bool:
    """Whether something listens there."""
    try:
        socket.create_connection((address, port), timeout=1).close()
    except OSError:
        return False
    return True


def _create(client: docker.DockerClient, service: Service, address: str | None) -> Container:
    api = client.api
    binds = [f"{source}:{target}:{mode}" for source, (target, mode) in service.mounts.items()]
    binds += [f"{name}:{target}:rw" for name, target in service.volumes.items()]
    labels = {**LABELS, **service.labels, **({network.ADDRESS_LABEL: address} if address else {})}
    try:
        created = api.create_container(
            service.image,
            command=list(service.command),
            name=service.name,
            environment=dict(service.environment),
            labels=labels,
            ports=list(service.ports),
            host_config=api.create_host_config(
                binds=binds, port_bindings=dict.fromkeys(service.ports, ("127.0.0.1", None)), init=True
            ),
            networking_config=network.attachment(client, service.network, service.aliases, address),
        )
    except ImageNotFound:
        raise TestbedError(f"The engine has no {service.image}: run `python -m tests.testbed up` first.") from None
    return client.containers.get(created["Id"])
