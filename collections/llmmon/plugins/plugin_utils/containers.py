# SPDX-License-Identifier: Apache-2.0
"""What the containers of a service should be, for the look at the host."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any


def services_wanted(
    services: Sequence[Mapping[str, Any]], memory_limits: Mapping[str, str], shared: Sequence[Any]
) -> list[dict[str, Any]]:
    """The services with what the look compares of their containers: names, image, whether it is wanted, and a digest.

    The digest is of all that is asked for. By it the next look sees whether something else is.
    """
    return [
        {
            **{key: value for key, value in service.items() if key != "unwanted_containers"},
            "containers": _containers(
                service["containers"], memory_limits, shared, service.get("unwanted_containers", ())
            ),
        }
        for service in services
    ]


def _containers(
    containers: Sequence[Mapping[str, Any]],
    memory_limits: Mapping[str, str],
    shared: Sequence[Any],
    unwanted: Sequence[str],
) -> list[dict[str, Any]]:
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
