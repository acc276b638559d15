# SPDX-License-Identifier: Apache-2.0
"""Which services would get another version than the one they have."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ansible_collections.llmmon.stack.plugins.module_utils.clients.engine_socket import names
from ansible_collections.llmmon.stack.plugins.module_utils.versions import same_version


def deployed(state: Path) -> dict[str, str]:
    """Service to the version that was deployed last, as stack_status has recorded it; empty when nothing is known."""
    try:
        services = json.loads(state.read_text(encoding="utf-8"))["services"]
        return {name: str(record["version"]) for name, record in services.items() if record["version"]}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def version_changes(
    wanted: list[dict[str, Any]], before: dict[str, str], containers: list[dict[str, Any]]
) -> list[dict[str, str]]:
    """Services that would get another version. What runs the wanted image by now has it, whatever was recorded."""
    images = {name: container.get("Image") for container in containers for name in names(container)}
    return [
        {"name": service["name"], "before": before[service["name"]], "after": service["version"]}
        for service in wanted
        if service["name"] in before
        and not same_version(service["version"], before[service["name"]])
        and images.get(service["container"]) != service["image"]
    ]
