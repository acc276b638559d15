# SPDX-License-Identifier: Apache-2.0
"""Ports of a host: which are free, and who holds one that is not."""

from __future__ import annotations

import errno
import os
import socket
from pathlib import Path
from typing import Any, Optional

from ansible_collections.llmmon.stack.plugins.module_utils.clients.engine_socket import names


def port_is_free(address: str, port: int) -> bool:
    """Whether the port can be listened on; an address that is not the host's is somebody else's trouble."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    address = address.strip("[]")
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((address, port))
    except OSError as error:
        return error.errno != errno.EADDRINUSE
    return True


def holds(container: dict[str, Any], port: int) -> bool:
    """Whether a container of the engine's list publishes a TCP port of the host."""
    return any(p.get("PublicPort") == port and p.get("Type", "tcp") == "tcp" for p in container.get("Ports") or [])


def port_conflicts(
    ports: list[dict[str, Any]], free: dict[tuple[str, int], bool], containers: list[dict[str, Any]]
) -> list[str]:
    """One sentence for each port that something else holds."""
    conflicts = []
    for wanted in ports:
        address, port = wanted["address"], wanted["port"]
        if free[(address, port)]:
            continue
        holders = [container for container in containers if holds(container, port)]
        # One that ends at once and is started anew for ever has its port for moments, in which no list names it.
        owners = holders or [container for container in containers if container.get("State") == "restarting"]
        if any(wanted["container"] in names(container) for container in owners):
            continue
        who = f"the container {names(holders[0])[0]}" if holders else process_behind(port) or "another program"
        conflicts.append(
            f"port {port} on {address} is taken by {who}: stop it, or set {wanted['variable']} to a free port"
        )
    return conflicts


def process_behind(port: int) -> Optional[str]:
    """Name and id of the process that listens on a TCP port, as far as /proc tells."""
    inodes = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            rows = Path(table).read_text().splitlines()[1:]
        except OSError:
            continue
        for fields in (row.split() for row in rows):
            if fields[3] == "0A" and int(fields[1].rsplit(":", 1)[1], 16) == port:
                inodes.add(f"socket:[{fields[9]}]")
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if any(_leads_to(handle) in inodes for handle in (process / "fd").iterdir()):
                return f"{(process / 'comm').read_text().strip()} (process {process.name})"
        except OSError:
            continue
    return None


def _leads_to(handle: Path) -> str:
    """What an open file of a process is; nothing once it was closed, which is no reason to pass over the others."""
    try:
        return os.readlink(handle)  # noqa: PTH115
    except OSError:
        return ""
