#!/usr/bin/python
# SPDX-License-Identifier: Apache-2.0
"""Remove from a host what llmmon made there, and only that."""

from __future__ import annotations

DOCUMENTATION = r"""
module: stack_uninstall
short_description: Remove the stack from a host, with or without its data
version_added: 0.1.0
description:
  - Stops and removes the containers that carry the label C(llmmon.service), their network when nothing else is in it,
    and the configuration.
  - Data and backups stay unless O(data) is set, and with them Grafana's current configuration release, which holds the
    key that Grafana's database is encrypted with. A later deployment finds all of it.
  - What operations that were killed have left goes in both cases, since nothing can use it and it may hold keys and
    databases, that is unfinished archives, C(backup.work), C(restore) and C(.restore).
  - Containers of the same name without the label, files that llmmon did not make, images and packages stay. In a
    service's own data directory these are the ones that have no name of the service's and belong to another user than
    the service's.
attributes:
  check_mode:
    support: full
  diff_mode:
    support: none
  idempotent:
    support: full
options:
  services:
    description: Names of the services to remove.
    type: list
    elements: str
    required: true
    choices: [prometheus, alertmanager, grafana]
  containers:
    description: Names of their containers.
    type: list
    elements: str
    required: true
  network:
    description: Name of the network of the stack.
    type: str
    required: true
  config_root:
    description: Directory of the configuration.
    type: path
    required: true
  data_root:
    description: Directory of the data.
    type: path
    required: true
  backup_directory:
    description: Directory of the backups.
    type: path
    required: true
  data:
    description: Whether data, backups and Grafana's key are deleted as well. There is no way back.
    type: bool
    default: false
extends_documentation_fragment:
  - llmmon.stack.attributes
requirements:
  - docker (SDK for Python)
author:
  - llmmon (@llmmon)
"""

EXAMPLES = r"""
- name: Remove Alertmanager and keep its data
  llmmon.stack.stack_uninstall:
    services: [alertmanager]
    containers: [llmmon-alertmanager]
    network: llmmon
    config_root: /etc/llmmon
    data_root: /var/lib/llmmon
    backup_directory: /var/backups/llmmon
"""

RETURN = r"""
removed:
  description: What was removed, or would be, one phrase each.
  returned: success
  type: list
  elements: str
  sample: ["container llmmon-prometheus", "/etc/llmmon/prometheus/20260102T030405.000000Z"]
kept:
  description: What stays and why, one phrase each.
  returned: success
  type: list
  elements: str
"""

import contextlib
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible_collections.llmmon.stack.plugins.module_utils.archive.names import SERVICES
from ansible_collections.llmmon.stack.plugins.module_utils.clients.engine import DOCKER_IMPORT_ERROR, Engine
from ansible_collections.llmmon.stack.plugins.module_utils.errors import StackError
from ansible_collections.llmmon.stack.plugins.module_utils.host import places
from ansible_collections.llmmon.stack.plugins.module_utils.host.disk import remove
from ansible_collections.llmmon.stack.plugins.module_utils.host.operation import Operations
from ansible_collections.llmmon.stack.plugins.module_utils.uninstall.removal import Removal, Roots


def is_ours(attributes: dict[str, Any]) -> bool:
    """Whether llmmon made a container."""
    return places.SERVICE_LABEL in (attributes["Config"].get("Labels") or {})


class Uninstallation:
    """Finds what there is to remove on the host, and removes it."""

    def __init__(self, parameters: dict[str, Any], engine: Engine) -> None:
        self.engine = engine
        self.roots = Roots(
            configuration=Path(parameters["config_root"]),
            data=Path(parameters["data_root"]),
            backups=Path(parameters["backup_directory"]),
        )
        self.network: str = parameters["network"]
        self.removal = Removal(self.roots, parameters["services"], parameters["data"])
        self.kept: list[str] = []
        self.containers = self._containers(parameters["containers"])
        self.network_goes = self._network_goes()
        self.going = self.removal.going()
        self.kept += self.removal.staying()

    def removed(self) -> list[str]:
        """One phrase for each thing that goes."""
        network = [f"network {self.network}"] if self.network_goes else []
        return [*(f"container {name}" for name in self.containers), *network, *map(str, self.going)]

    def apply(self) -> None:
        """Remove it, the services first: in order, so that they write down what they know."""
        for name in self.containers:
            self.engine.stop(name)
            self.engine.remove(name)
        if self.network_goes:
            self.engine.remove_network(self.network)
        # Once more, since a service that stops writes files and deletes others.
        for going in self.removal.going():
            remove(going.path)
        self._remove_empty()

    def _containers(self, names: list[str]) -> list[str]:
        found = []
        for name in places.containers(names):
            attributes = self.engine.inspect(name)
            if attributes is not None and is_ours(attributes):
                found.append(name)
            elif attributes is not None:
                self.kept.append(f"container {name}, which llmmon did not make")
        return found

    def _network_goes(self) -> bool:
        inside = self.engine.network_containers(self.network)
        others = sorted(set(inside or []) - set(self.containers))
        if others:
            self.kept.append(f"network {self.network}, which {', '.join(others)} is in")
        return inside is not None and not others

    def _remove_empty(self) -> None:
        """Directories that hold nothing any more; a mount, a link and what others put there stay."""
        roots = [self.roots.configuration]
        if self.removal.data:
            roots += [self.roots.data, self.roots.backups]
            remove(self.roots.data / places.OPERATION_LOCK)
        directories = [root / name for root in roots[:2] for name in self.removal.services]
        for directory in [*directories, *roots]:
            with contextlib.suppress(OSError):
                directory.rmdir()


def main() -> None:
    """Module entry point."""
    module = AnsibleModule(
        argument_spec={
            "services": {
                "type": "list",
                "elements": "str",
                "required": True,
                "choices": sorted(SERVICES),
            },
            "containers": {"type": "list", "elements": "str", "required": True},
            "network": {"type": "str", "required": True},
            "config_root": {"type": "path", "required": True},
            "data_root": {"type": "path", "required": True},
            "backup_directory": {"type": "path", "required": True},
            "data": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    if DOCKER_IMPORT_ERROR:
        module.fail_json(msg=missing_required_lib("docker"), exception=DOCKER_IMPORT_ERROR)
    operations = Operations(Path(module.params["data_root"]))
    try:
        operations.refuse_others(None)
        work = Uninstallation(module.params, Engine(timeout=120))
        removed = work.removed()
        if removed and not module.check_mode:
            # Without a data root there is nobody to wait for.
            with operations.locked("uninstall") if operations.data_root.is_dir() else contextlib.nullcontext():
                work.apply()
    except StackError as error:
        module.fail_json(msg=str(error))
    except OSError as error:
        module.fail_json(msg=f"{error.filename} cannot be removed: {error.strerror}; run uninstall.yml again")
    module.exit_json(changed=bool(removed), removed=removed, kept=work.kept)


if __name__ == "__main__":
    main()
