# SPDX-License-Identifier: Apache-2.0
"""What the containers of a service should be, for the look at the host."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any


def containers_wanted(
    containers: Sequence[Mapping[str, Any]],
    memory_limits: Mapping[str, str],
    shared: Sequence[Any],
    unwanted: Sequence[str],
) -> list[dict[str, Any]]:
    """Of each container its names, its image, whether it is wanted, and a digest of all that is asked for.

    By the digest the next look sees whether something else is asked for.
    """
    return [
        {
            **{name: container[name] for name in ("service", "name", "image")},
            "wanted": container["name"] not in unwanted,
            "asked": _digest([container, container.get("memory") or memory_limits[container["service"]], *shared]),
        }
        for container in containers
    ]


def _digest(asked: Sequence[Any]) -> str:
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()
