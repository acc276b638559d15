#!/usr/bin/python
# SPDX-License-Identifier: Apache-2.0
"""Look at a host before anything is installed on it."""

from __future__ import annotations

DOCUMENTATION = r"""
module: host_check
short_description: Tell whether a host can run the stack, before anything on it is changed
version_added: 0.1.0
description:
  - Finds out, in one run and with Python's standard library alone, what the other steps need to know about a host, its
    distribution and service manager, whether a container engine is installed and answers, whether the libraries of the
    other modules are there, which of the ports are free, and how much disk there is.
  - Fails when a port is held by something else than the container it is for, or when there is too little disk.
  - Fails when an upgrade or a restore was interrupted on the host, since only that one knows what to put back.
attributes:
  check_mode:
    support: full
    details: Reads only.
  diff_mode:
    support: none
  idempotent:
    support: full
options:
  ports:
    description: Ports that the stack will publish.
    type: list
    elements: dict
    default: []
    suboptions:
      address: {description: Address to listen on., type: str, required: true}
      port: {description: TCP port., type: int, required: true}
      container: {description: The container that may hold it already., type: str, required: true}
      variable: {description: "The variable which sets it, for messages.", type: str, required: true}
  minimum_free_mb:
    description: Free disk in MiB that O(data_root) must have.
    type: int
    default: 1024
  data_root:
    description: Where the data will lie; the nearest existing parent counts.
    type: path
    default: /var/lib
  config_root:
    description: Where the configuration will lie, for which a little disk must be free; as O(data_root) is.
    type: path
    default: /etc
  containers:
    description: Names of the stack's containers, of which none may be in the middle of a change.
    type: list
    elements: str
    default: []
  versions:
    description: Versions and images that services should have, to be compared with what was deployed last.
    type: list
    elements: dict
    default: []
    suboptions:
      name: {description: The service., type: str, required: true}
      container: {description: Its container., type: str, required: true}
      version: {description: Its version., type: str, required: true}
      image: {description: Its image., type: str, required: true}
  operation:
    description: The operation that this is part of, which may go on where it was interrupted; V("") for none.
    type: str
    default: ""
  engine_socket:
    description: Socket of the container engine.
    type: path
    default: /var/run/docker.sock
extends_documentation_fragment:
  - llmmon.stack.attributes
author:
  - llmmon (@llmmon)
"""

EXAMPLES = r"""
- name: Look at the host
  llmmon.stack.host_check:
    ports:
      - {address: 127.0.0.1, port: 9090, container: llmmon-prometheus, variable: llmmon_prometheus_port}
"""

RETURN = r"""
distribution:
  description: ID and VERSION_ID of os-release.
  returned: always
  type: dict
  sample: {"id": "debian", "version": "12"}
service_manager:
  description: Name of the first process's program.
  returned: always
  type: str
  sample: systemd
engine:
  description: The container engine.
  returned: always
  type: dict
  contains:
    installed: {description: Whether its program is on the host., type: bool}
    answers: {description: Whether it answers on its socket., type: bool}
    version: {description: Its version when it answers., type: str}
    enabled: {description: Whether systemd starts it at boot., type: bool}
missing_libraries:
  description: Python libraries that the modules need and this interpreter lacks.
  returned: always
  type: list
  elements: str
backups_scheduled:
  description: Whether the stack in O(data_root) has a timer of M(llmmon.stack.stack_backup_schedule) on the host.
  returned: always
  type: bool
interrupted_changes:
  description:
    - Those of O(containers) whose change was killed, so that M(llmmon.stack.container_swap) has to put them back.
  returned: always
  type: list
  elements: str
containers_there:
  description: Those of O(containers) that are on the host, whether they run or not.
  returned: always
  type: list
  elements: str
version_changes:
  description: One row for each of O(versions) that was deployed with another version and image.
  returned: always
  type: list
  elements: dict
  contains:
    name: {description: The service., type: str}
    before: {description: The version that was deployed last., type: str}
    after: {description: The version it should have., type: str}
free_mb:
  description: Free disk below O(data_root) in MiB.
  returned: always
  type: int
"""

import errno
import importlib.util
import json
import os
import shutil
import socket
import subprocess
from pathlib import Path
from typing import Any, Optional

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.llmmon.stack.plugins.module_utils.archive.format import STATE
from ansible_collections.llmmon.stack.plugins.module_utils.clients.engine_socket import ask_engine
from ansible_collections.llmmon.stack.plugins.module_utils.host.disk import lack_of_room, nearest_existing
from ansible_collections.llmmon.stack.plugins.module_utils.host.operation import OperationError, Operations
from ansible_collections.llmmon.stack.plugins.module_utils.host.places import (
    NEXT,
    PREVIOUS,
    REHEARSAL,
    UNITS,
)
from ansible_collections.llmmon.stack.plugins.module_utils.host.timers import timers
from ansible_collections.llmmon.stack.plugins.module_utils.versions import same_version

LIBRARIES = ("docker", "requests")


def distribution(os_release: str) -> dict[str, str]:
    """ID and VERSION_ID out of the text of os-release, whose values may stand in quotes of either kind."""
    values = dict(line.split("=", 1) for line in os_release.splitlines() if "=" in line)
    return {"id": values.get("ID", "").strip("\"' "), "version": values.get("VERSION_ID", "").strip("\"' ")}


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


def names(container: dict[str, Any]) -> list[str]:
    """Names of a container of the engine's list."""
    return [name.lstrip("/") for name in container.get("Names", [])]


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
        if any(wanted["container"] in names(container) for container in holders):
            continue
        who = f"the container {names(holders[0])[0]}" if holders else process_behind(port) or "another program"
        conflicts.append(
            f"port {port} on {address} is taken by {who}: stop it, or set {wanted['variable']} to a free port"
        )
    return conflicts


def containers_there(wanted: list[str], containers: list[dict[str, Any]]) -> list[str]:
    """Those of the wanted names that a container has."""
    there = {name for container in containers for name in names(container)}
    return [name for name in wanted if name in there]


def interrupted_changes(wanted: list[str], containers: list[dict[str, Any]]) -> list[str]:
    """Those of the wanted names beside which lies what a change of the container makes and removes."""
    there = {name for container in containers for name in names(container)}
    return [name for name in wanted if there & {name + suffix for suffix in (NEXT, REHEARSAL, PREVIOUS)}]


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
            if any(os.readlink(handle) in inodes for handle in (process / "fd").iterdir()):  # noqa: PTH115
                return f"{(process / 'comm').read_text().strip()} (process {process.name})"
        except OSError:
            continue
    return None


def enabled_at_boot() -> bool:
    """Whether systemd starts the engine at boot."""
    try:
        return subprocess.run(["systemctl", "is-enabled", "--quiet", "docker.service"], check=False).returncode == 0
    except OSError:
        return False


def main() -> None:
    """Module entry point."""
    module = AnsibleModule(
        argument_spec={
            "ports": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "address": {"type": "str", "required": True},
                    "port": {"type": "int", "required": True},
                    "container": {"type": "str", "required": True},
                    "variable": {"type": "str", "required": True},
                },
            },
            "minimum_free_mb": {"type": "int", "default": 1024},
            "data_root": {"type": "path", "default": "/var/lib"},
            "config_root": {"type": "path", "default": "/etc"},
            "containers": {"type": "list", "elements": "str", "default": []},
            "versions": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    name: {"type": "str", "required": True} for name in ("name", "container", "version", "image")
                },
            },
            "operation": {"type": "str", "default": ""},
            "engine_socket": {"type": "path", "default": "/var/run/docker.sock"},
        },
        supports_check_mode=True,
    )
    parameters = module.params
    service_manager = Path("/proc/1/comm").read_text().strip()
    version = ask_engine(parameters["engine_socket"], "/version")
    containers = ask_engine(parameters["engine_socket"], "/containers/json?all=1") or []
    free_mb = shutil.disk_usage(nearest_existing(Path(parameters["data_root"]))).free // 2**20
    free = {(p["address"], p["port"]): port_is_free(p["address"], p["port"]) for p in parameters["ports"]}
    facts = {
        "distribution": distribution(Path("/etc/os-release").read_text()),
        "service_manager": service_manager,
        "engine": {
            "installed": shutil.which("dockerd", path="/usr/bin:/usr/sbin:/usr/local/bin") is not None,
            "answers": version is not None,
            "version": (version or {}).get("Version", ""),
            "enabled": service_manager == "systemd" and enabled_at_boot(),
        },
        "missing_libraries": [name for name in LIBRARIES if importlib.util.find_spec(name) is None],
        "free_mb": free_mb,
        "interrupted_changes": interrupted_changes(parameters["containers"], containers),
        "containers_there": containers_there(parameters["containers"], containers),
        "version_changes": version_changes(
            parameters["versions"], deployed(Path(parameters["data_root"]) / STATE), containers
        ),
        "backups_scheduled": any(timer.is_of(Path(parameters["data_root"])) for timer in timers(UNITS)),
    }
    try:
        Operations(Path(parameters["data_root"])).refuse_others(parameters["operation"] or None)
    except OperationError as error:
        module.fail_json(msg=str(error), **facts)
    conflicts = port_conflicts(parameters["ports"], free, containers)
    if conflicts:
        module.fail_json(msg=" | ".join(conflicts), **facts)
    if free_mb < parameters["minimum_free_mb"]:
        module.fail_json(
            msg=f"only {free_mb} MiB of disk are free at {parameters['data_root']}, {parameters['minimum_free_mb']} are"
            " wanted: free some, or lower llmmon_minimum_free_mb",
            **facts,
        )
    lack = lack_of_room(Path(parameters["config_root"]), "llmmon_config_root")
    if lack:
        module.fail_json(msg=lack, **facts)
    module.exit_json(changed=False, **facts)


if __name__ == "__main__":
    main()
