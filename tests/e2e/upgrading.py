"""What tests of upgrades share: a host with the oldest versions, images, what runs, and what may not be left."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from tests.e2e.by_hand import silence
from tests.e2e.killing import JOURNAL
from tests.support.stack import Stack, make_inventory
from tests.support.versions import ALL
from tests.testbed import hosts, state, traffic

OLD = {name: tried[0] for name, tried in ALL.items()}


@contextmanager
def oldest_versions(fresh_stack: Stack, purpose: str, folder: Path, **settings: Any) -> Iterator[Stack]:
    """The oldest versions on a host of their own, deployed with these settings, and with a silence that must stay."""
    name = f"{fresh_stack.host.name}-{purpose}"
    hosts.destroy(name)
    host = hosts.create(name)
    inventory = make_inventory(folder, host, fresh_stack.gateway)
    stack = dataclasses.replace(fresh_stack, host=host, inventory=inventory)
    for component in OLD:
        settings |= variables(component, versions(component)[0])
    keep(stack, settings)
    result = stack.run("site.yml")
    assert result.code == 0, result.output
    assert running(stack) == OLD
    silence(stack, "kept")
    yield stack
    hosts.destroy(name)


def keep(stack: Stack, settings: dict[str, Any]) -> None:
    """Write into the inventory what the host has from now on."""
    file = stack.inventory / "group_vars" / "llmmon" / "testbed.yml"
    file.write_text(yaml.safe_dump({**yaml.safe_load(file.read_text()), **settings}))


@contextmanager
def requests_for(stack: Stack, seconds: int) -> Iterator[None]:
    """While the gateway is in use, for so long at least."""
    load = threading.Thread(target=traffic.run, args=(stack.gateway.name,), kwargs={"seconds": seconds, "rate": 5})
    load.start()
    yield
    load.join()


def versions(component: str) -> list[dict[str, str]]:
    """What the testbed has of a component, the oldest first."""
    return [image for image in state.read("images")["all"] if image["component"] == component]


def variables(component: str, image: dict[str, str]) -> dict[str, str]:
    return {f"llmmon_{component}_version": image["version"], f"llmmon_{component}_image": image["image"]}


def new_image(component: str) -> dict[str, str]:
    """The version that llmmon ships."""
    found: dict[str, str] = state.read("images")[component]
    return found


def running(stack: Stack) -> dict[str, str]:
    return {
        "prometheus": stack.api(9090, "/api/v1/status/buildinfo")["data"]["version"].partition("+")[0],
        "alertmanager": stack.api(9093, "/api/v2/status")["versionInfo"]["version"].partition("+")[0],
    }


def left_behind(stack: Stack) -> str:
    """What no upgrade may leave when it has ended, well or not."""
    places = f"{JOURNAL} /var/lib/llmmon/*/.llmmon-*"
    containers = "docker ps --all --format '{{.Names}}' | grep -E -- '-(next|previous)$'"
    return stack.on_host(f"ls -d {places} 2>/dev/null; {containers}; true")


def active_silences(stack: Stack) -> list[dict[str, Any]]:
    return [found for found in stack.api(9093, "/api/v2/silences") if found["status"]["state"] == "active"]
