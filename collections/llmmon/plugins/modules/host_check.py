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
  - With O(wanted) it also compares what is there with what is wanted and returns the steps of a deployment that have
    nothing to do, so that a deployment which changes nothing needs no further module run.
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
  wanted:
    description: What the playbook site.yml is about to deploy, as the roles have worked it out on the controller.
    type: dict
    suboptions:
      directories:
        description: As of M(llmmon.stack.host_directories).
        type: list
        elements: dict
        required: true
        suboptions:
          path: {description: Absolute path., type: path, required: true}
          owner: {description: Numeric user., type: int, required: true}
          group: {description: Numeric group., type: int, required: true}
          once: {description: Leave a directory that exists as it is., type: bool, default: false}
      network: {description: Network of the stack., type: str, required: true}
      record: {description: File that tells what is deployed., type: path, required: true}
      compared: {description: File of the notes of M(llmmon.stack.container_compared)., type: path, required: true}
      services:
        description: One entry a service.
        type: list
        elements: dict
        required: true
        suboptions:
          record: {description: As an entry of services of M(llmmon.stack.stack_status)., type: dict, required: true}
          configuration:
            description: Its configuration.
            type: dict
            required: true
            suboptions:
              asked: {description: Digest by M(llmmon.stack.config_tree)., type: str, required: true}
              group: {description: Numeric group of the service., type: int, required: true}
              keep: {description: How many releases stay., type: int, required: true}
          containers:
            description: The containers that its steps run.
            type: list
            elements: dict
            required: true
            suboptions:
              service: {description: "The service, or C(prober).", type: str, required: true}
              name: {description: Name of the container., type: str, required: true}
              image: {description: Its image., type: str, required: true}
              wanted: {description: Whether it is to be there., type: bool, required: true}
              asked: {description: Digest of its description., type: str, required: true}
          grafana:
            description: Of Grafana how to sign in, and C(dashboards), options of M(llmmon.stack.grafana_dashboards).
            type: dict
            default: {}
  proof:
    description:
      - What is to be proved in the same run where nothing of O(wanted) has to be done, as options of
        M(llmmon.stack.stack_verify). Nothing is waited for.
    type: dict
    default: {}
    version_added: 1.1.0
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
  description: Those of O(containers) whose change was killed, which M(llmmon.stack.container_swap) puts back.
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
look:
  description: What differs from O(wanted); empty lists without it, and where a part cannot be asked.
  returned: success
  type: dict
  contains:
    settled: {description: "Steps with nothing to do, such as V(prometheus configuration).", type: list, elements: str}
    absent_containers: {description: Wanted containers that are not there., type: list, elements: str}
    images: {description: Images of wanted containers that are on the host., type: list, elements: str}
proof:
  description: What M(llmmon.stack.stack_verify) returns, where all of O(proof) was proved at once; else empty.
  returned: success
  type: dict
free_mb:
  description: Free disk below O(data_root) in MiB.
  returned: always
  type: int
"""

import dataclasses
import importlib.util
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.llmmon.stack.plugins.module_utils.archive.names import STATE
from ansible_collections.llmmon.stack.plugins.module_utils.arguments import wanted_argument
from ansible_collections.llmmon.stack.plugins.module_utils.clients.engine_socket import ask_engine, names
from ansible_collections.llmmon.stack.plugins.module_utils.host.disk import lack_of_room, nearest_existing
from ansible_collections.llmmon.stack.plugins.module_utils.host.operation import OperationError, Operations
from ansible_collections.llmmon.stack.plugins.module_utils.host.places import (
    NEXT,
    PREVIOUS,
    REHEARSAL,
    UNITS,
)
from ansible_collections.llmmon.stack.plugins.module_utils.host.timers import timers
from ansible_collections.llmmon.stack.plugins.module_utils.look.look import Found, look
from ansible_collections.llmmon.stack.plugins.module_utils.look.ports import port_conflicts, port_is_free
from ansible_collections.llmmon.stack.plugins.module_utils.look.proved import proved_at_once
from ansible_collections.llmmon.stack.plugins.module_utils.look.versions import deployed, version_changes

LIBRARIES = ("docker", "requests")


def distribution(os_release: str) -> dict[str, str]:
    """ID and VERSION_ID out of the text of os-release, whose values may stand in quotes of either kind."""
    values = dict(line.split("=", 1) for line in os_release.splitlines() if "=" in line)
    return {"id": values.get("ID", "").strip("\"' "), "version": values.get("VERSION_ID", "").strip("\"' ")}


def containers_there(wanted: list[str], containers: list[dict[str, Any]]) -> list[str]:
    """Those of the wanted names that a container has."""
    there = {name for container in containers for name in names(container)}
    return [name for name in wanted if name in there]


def interrupted_changes(wanted: list[str], containers: list[dict[str, Any]]) -> list[str]:
    """Those of the wanted names beside which lies what a change of the container makes and removes."""
    there = {name for container in containers for name in names(container)}
    return [name for name in wanted if there & {name + suffix for suffix in (NEXT, REHEARSAL, PREVIOUS)}]


def enabled_at_boot() -> bool:
    """Whether systemd starts the engine at boot."""
    try:
        return subprocess.run(["systemctl", "is-enabled", "--quiet", "docker.service"], check=False).returncode == 0
    except OSError:
        return False


def main() -> None:
    """Module entry point."""
    began = time.monotonic()
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
            "wanted": wanted_argument(),
            "proof": {"type": "dict", "default": {}},
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
    facts: dict[str, Any] = {
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
    undisturbed = version is not None and not (facts["missing_libraries"] or facts["interrupted_changes"])
    found = look(parameters["wanted"]) if parameters["wanted"] and undisturbed else Found()
    # An engine that is to be started, and services of another version, come before.
    settled = found.settled if facts["engine"]["enabled"] and not facts["version_changes"] else []
    proof = proved_at_once(module, parameters["proof"], settled, began)
    module.exit_json(changed=False, look=dataclasses.asdict(found), proof=proof, **facts)


if __name__ == "__main__":
    main()
