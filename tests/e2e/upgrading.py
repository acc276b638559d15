"""What tests of upgrades ask and say: the images that there are, what runs, and what may not be left."""

from __future__ import annotations

from typing import Any

from tests.e2e.killing import JOURNAL
from tests.support.stack import Stack
from tests.testbed import state


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
