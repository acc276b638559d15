"""The testbed as a whole: up, status, down."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import docker
from docker.errors import APIError, ImageNotFound

from tests.testbed import (
    disk,
    engine,
    gateway_packages,
    host_image,
    hosts,
    images,
    network,
    packages,
    registry,
    state,
    traffic,
)
from tests.testbed.shell import say, step

_MINE: dict[str, str | list[str] | bool] = {"label": engine.LABEL}


def up(purpose: str = "tests") -> None:
    """Start what tests need, or what the demo needs: engine, images and the gateway's packages."""
    if not state.read("images"):
        # Later nothing big is added any more.
        disk.require_room(state.directory())
    groups = [] if engine.version() else [packages.ENGINE]
    packages.ensure(*groups, *([packages.HOSTS] if purpose == "tests" else []))
    with ThreadPoolExecutor(1) as pool:
        # What takes longest needs no engine, so it does not wait for one.
        if purpose == "tests":
            slow = pool.submit(host_image.ensure_root_file_system, "bookworm")
        else:
            slow = pool.submit(gateway_packages.install)
        client = engine.ensure()
        for image in images.ensure(client, quick=purpose == "demo"):
            say(f"{image.image}: {image.source}")
        if purpose == "tests":
            network.ensure(client)
            images.publish(client, registry.ensure(client))
        slow.result()
        if purpose == "tests":
            host_image.ensure(client, "bookworm", bare=False)
        else:
            gateway_packages.ensure(client)
    say("the testbed is up")


def status() -> dict[str, Any]:
    """What runs, for people and programs."""
    version = engine.version()
    if version is None:
        return {"engine": None, "state": str(state.directory())}
    running = engine.client().containers.list(all=True, filters=_MINE)
    return {
        "engine": {"version": version, "ours": engine.ours()},
        "containers": {container.name: container.status for container in running},
        "hosts": [host.as_dict() for host in hosts.list_all()],
        "traffic": traffic.running(),
        "images": state.read("images").get("all", []),
        "state": str(state.directory()),
    }


def down(*, everything: bool = False, command: str = "python -m tests.testbed down") -> None:
    """Remove all that is ours; caches stay unless everything has to go, and the engine while others use it.

    ``command`` is what was typed, to name it.
    """
    traffic.stop()
    others: list[str] = []
    if engine.version() is not None:
        client = engine.client()
        with step("removed containers, volumes, networks and images"):
            _remove_from(client)
        others = strangers(client)
    if others and engine.ours():
        say(
            f"left our Docker engine running, because containers run in it that are not ours: {', '.join(others)};"
            f" to stop it, remove them by `docker rm --force {' '.join(others)}` and run `{command}` again"
        )
        state.clear(caches=everything, keep=engine.FILES)
        return
    engine.stop()
    state.clear(caches=everything)
    say("the testbed is down")


def strangers(client: docker.DockerClient) -> list[str]:
    """Names of the containers that are not ours: with our engine they would go, also those that are stopped."""
    everyone = client.containers.list(all=True, ignore_removed=True)
    return sorted(str(container.name) for container in everyone if engine.LABEL not in container.labels)


def _remove_from(client: docker.DockerClient) -> None:
    for container in client.containers.list(all=True, filters=_MINE):
        container.remove(force=True, v=True)
    for volume in client.volumes.list(filters=_MINE):
        with _left_where_used(f"the volume {volume.name}"):
            volume.remove(force=True)
    for net in client.networks.list(filters=_MINE):
        with _left_where_used(f"the network {net.name}"):
            net.remove()
    for image in client.images.list(filters=_MINE):
        with _left_where_used(f"the image {', '.join(image.tags) or image.short_id}"):
            client.images.remove(str(image.id), force=True)
    for name, image_id in state.read("pulled").items():
        _remove_pulled(client, name, image_id)


@contextmanager
def _left_where_used(what: str) -> Iterator[None]:
    """What somebody else's container uses stays."""
    try:
        yield
    except APIError as error:
        # A network with containers in it is "forbidden" to be removed.
        if error.status_code not in (403, 409):
            raise
        say(f"left {what}, because a container that is not ours uses it")


def _remove_pulled(client: docker.DockerClient, name: str, image_id: str) -> None:
    """An image which somebody uses by now stays theirs."""
    try:
        if client.images.get(name).id == image_id:
            client.images.remove(name)
    except (ImageNotFound, APIError):
        return
