# SPDX-License-Identifier: Apache-2.0
"""Set a container aside, so that another one has its name, and give back what was taken from it."""

from __future__ import annotations

from typing import Any

from ansible_collections.llmmon.stack.plugins.module_utils.clients.engine import Engine, name_of


def set_aside(engine: Engine, identity: str, new_name: str) -> None:
    """Stop a container, give it another name, and let no boot start it any more.

    It is stopped first: the engine refuses to change what runs, if that ends at this very moment, as the process of a
    container does again and again that is started anew for ever.
    """
    engine.stop(identity)
    engine.restart_policy(identity, "no")
    engine.rename(identity, new_name)


def give_back(engine: Engine, attributes: dict[str, Any], name: str, policy: str) -> None:
    """Let a container have a name and a restart policy that were taken from it, wherever that was interrupted.

    A policy that it still has is not set once more: it may run.
    """
    if name_of(attributes) != name:
        engine.rename(attributes["Id"], name)
    if attributes["HostConfig"]["RestartPolicy"]["Name"] != policy:
        engine.restart_policy(attributes["Id"], policy)
