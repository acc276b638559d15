# SPDX-License-Identifier: Apache-2.0
"""What differs between two containers of a service, in words that name the variables."""

from __future__ import annotations

import re
from typing import Any, Optional

_FLAG = re.compile(r"--[^=\s]+=?")
# Below HostConfig of the engine's description, and the variables that set it. The prober's own are other ones.
_HOST_SETTINGS = {
    "Memory": "memory (llmmon_memory_limits)",
    "PidsLimit": "number of processes (llmmon_pids_limit)",
    "ExtraHosts": "host names (llmmon_etc_hosts)",
    "PortBindings": "ports (llmmon_bind_address, llmmon_{service}_port)",
    "LogConfig": "log (llmmon_container_log_size, llmmon_container_log_files)",
    "NetworkMode": "network (llmmon_network)",
    "Binds": "directories (llmmon_config_root, llmmon_data_root)",
}


def differences(service: str, old: Optional[dict[str, Any]], new: dict[str, Any]) -> list[str]:
    """What the new container has otherwise than the old one, each with its variables; everything without an old one.

    Both are what the engine says of a container (Engine API, "Inspect a container").
    """
    before: dict[str, Any] = old or {"Config": {}, "HostConfig": {}}
    found = [*_of_flags(service, before["Config"].get("Cmd") or [], new["Config"].get("Cmd") or [])]
    if (before["Config"].get("Image"), before.get("Image")) != (new["Config"].get("Image"), new.get("Image")):
        found.append(f"image {new['Config'].get('Image')} (llmmon_{service}_image)")
    if before["Config"].get("User") != new["Config"].get("User"):
        found.append(f"user {new['Config'].get('User')} (llmmon_{service}_uid, llmmon_{service}_gid)")
    for key, words in _HOST_SETTINGS.items():
        if _comparable(before["HostConfig"].get(key)) != _comparable(new["HostConfig"].get(key)):
            found.append(words.format(service=service))
    return found


def _of_flags(service: str, before: list[str], after: list[str]) -> list[str]:
    """Flags that are new or have another value, and names of those that are gone."""
    added = [flag for flag in after if flag not in before]
    names = {name.group() for flag in added if (name := _FLAG.match(flag))}
    gone = [
        name.group().rstrip("=")
        for flag in before
        if flag not in after and (name := _FLAG.match(flag)) and name.group() not in names
    ]
    return [f"{flag} ({_variable(service, flag)})" for flag in added] + [f"without {name}" for name in gone]


def _variable(service: str, flag: str) -> str:
    """The variable that a flag comes from."""
    for beginning, variable in (
        ("--storage.tsdb.retention.time=", "llmmon_prometheus_retention_time"),
        ("--storage.tsdb.retention.size=", "llmmon_prometheus_retention_size"),
        ("--data.retention=", "llmmon_alertmanager_retention"),
        ("--web.external-url=", f"llmmon_{service}_external_url"),
        ("--web.enable-admin-api", "llmmon_prometheus_admin_api"),
        ("--cluster.", "llmmon_alertmanager_cluster_peers"),
    ):
        if flag.startswith(beginning):
            return variable
    return f"llmmon_{service}_extra_flags"


def _comparable(value: Any) -> Any:
    """The value without its order and without the ways in which the engine writes nothing."""
    return (sorted(value) if isinstance(value, list) else value) or None
