# SPDX-License-Identifier: Apache-2.0
"""The containers of before a restore: set aside, and put back."""

from __future__ import annotations

from typing import Any

from ansible_collections.llmmon.stack.plugins.module_utils.clients.engine import Engine
from ansible_collections.llmmon.stack.plugins.module_utils.containers import aside
from ansible_collections.llmmon.stack.plugins.module_utils.host.places import BEFORE_RESTORE


def look_at(engine: Engine, name: str) -> dict[str, Any]:
    """What putting a container back will need, for the journal; an empty id when there is none."""
    attributes = engine.inspect(name)
    if attributes is None:
        return {"name": name, "id": "", "policy": "", "running": False}
    return {
        "name": name,
        "id": attributes["Id"],
        "policy": attributes["HostConfig"]["RestartPolicy"]["Name"] or "no",
        "running": attributes["State"]["Running"],
    }


def set_aside(engine: Engine, container: dict[str, Any]) -> None:
    """Stop a container and give its name free; no boot starts it over data that are half exchanged."""
    if container["id"]:
        aside.set_aside(engine, container["id"], container["name"] + BEFORE_RESTORE)


def remove_other(engine: Engine, container: dict[str, Any]) -> None:
    """Remove the container that has taken the name since."""
    attributes = engine.inspect(container["name"])
    if attributes is not None and attributes["Id"] != container["id"]:
        engine.remove(attributes["Id"])


def put_back(engine: Engine, container: dict[str, Any]) -> bool:
    """Give a container its name and policy back and start it if it ran; says whether it has to run."""
    if not container["id"]:
        return False
    attributes = engine.inspect(container["id"])
    if attributes is None:
        # Somebody removed it meanwhile. Its data and configuration are back, and site.yml makes another one of them.
        return bool(container["running"])
    aside.give_back(engine, attributes, container["name"], container["policy"])
    if container["running"]:
        engine.start(container["id"])
    return bool(container["running"])
