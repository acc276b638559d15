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
  - Containers of the same name without the label, files that llmmon did not make, images and packages stay.
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
import os
import shutil
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible_collections.llmmon.stack.plugins.module_utils.archive.format import ArchiveName
from ansible_collections.llmmon.stack.plugins.module_utils.backup.metric import DIRECTORY as GENERATED
from ansible_collections.llmmon.stack.plugins.module_utils.clients.engine import (
    DOCKER_IMPORT_ERROR,
    Engine,
    EngineError,
)
from ansible_collections.llmmon.stack.plugins.module_utils.clients.service_api import READY_PATHS
from ansible_collections.llmmon.stack.plugins.module_utils.configuration.releases import (
    CURRENT,
    RUNNING,
    ReleaseError,
    Releases,
)
from ansible_collections.llmmon.stack.plugins.module_utils.host.operation import LOCK, OperationError, Operations

LABEL = "llmmon.service"
SUFFIXES = ("", "-next", "-previous")
STATE = "state.json"
CHECKSUM = ".sha256"


def is_ours(attributes: dict[str, Any]) -> bool:
    """Whether llmmon made a container."""
    return LABEL in (attributes["Config"].get("Labels") or {})


def configuration(root: Path, service: str, keep_key: bool) -> list[Path]:
    """Releases and links of a service; not what somebody else put there."""
    releases = Releases(root / service)
    current = releases.target(CURRENT)
    if service == "grafana" and keep_key and current:
        return [releases.root / name for name in releases.names() if name not in {current, releases.target(RUNNING)}]
    others = [releases.root / name for name in (CURRENT, RUNNING, GENERATED, ".lock")]
    return [path for path in others if os.path.lexists(path)] + [releases.root / name for name in releases.names()]


def archives(directory: Path) -> list[Path]:
    """Backups and their checksums, by the name that only they have."""
    if not directory.is_dir():
        return []
    return sorted(path for path in directory.iterdir() if ArchiveName.parse(_without_checksum(path.name)))


def _without_checksum(name: str) -> str:
    return name[: -len(CHECKSUM)] if name.endswith(CHECKSUM) else name


def data_of(data_root: Path, service: str) -> list[Path]:
    """What lies in the data directory of a service, which may be a mount or a link."""
    directory = data_root / service
    return sorted(directory.iterdir()) if directory.is_dir() else []


class Uninstallation:
    """Finds what there is to remove on the host, and removes it."""

    def __init__(self, parameters: dict[str, Any], engine: Engine) -> None:
        self.engine = engine
        self.services: list[str] = parameters["services"]
        self.config_root, self.data_root = Path(parameters["config_root"]), Path(parameters["data_root"])
        self.backups = Path(parameters["backup_directory"])
        self.network: str = parameters["network"]
        self.data: bool = parameters["data"]
        self.kept: list[str] = []
        self.containers = self._containers(parameters["containers"])
        self.network_goes = self._network_goes()
        self.paths = self._paths()
        self._name_what_stays()

    def removed(self) -> list[str]:
        """One phrase for each thing that goes."""
        network = [f"network {self.network}"] if self.network_goes else []
        return [*(f"container {name}" for name in self.containers), *network, *(str(path) for path in self.paths)]

    def apply(self) -> None:
        """Remove it, the services first: in order, so that they write down what they know."""
        for name in self.containers:
            self.engine.stop(name)
            self.engine.remove(name)
        if self.network_goes:
            self.engine.remove_network(self.network)
        # Once more, since a service that stops writes files and deletes others.
        for path in self._paths():
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
        self._remove_empty()

    def _containers(self, names: list[str]) -> list[str]:
        found = []
        for name in (name + suffix for name in names for suffix in SUFFIXES):
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

    def _paths(self) -> list[Path]:
        found = [path for name in self.services for path in configuration(self.config_root, name, not self.data)]
        found += [path for path in [self.data_root / STATE] if path.exists()]
        return found + (self._data() if self.data else [])

    def _data(self) -> list[Path]:
        return [path for name in self.services for path in data_of(self.data_root, name)] + archives(self.backups)

    def _name_what_stays(self) -> None:
        if self.data:
            return
        if self._data():
            self.kept.append(f"data in {self.data_root} and backups in {self.backups}")
        if "grafana" in self.services and Releases(self.config_root / "grafana").target(CURRENT):
            self.kept.append(f"{self.config_root}/grafana/{CURRENT}, which holds the key of Grafana's database")

    def _remove_empty(self) -> None:
        """Directories that hold nothing any more; a mount, a link and what others put there stay."""
        roots = [self.config_root, *([self.data_root, self.backups] if self.data else [])]
        directories = [root / name for root in roots[:2] for name in self.services]
        with contextlib.suppress(FileNotFoundError):
            if self.data:
                (self.data_root / LOCK).unlink()
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
                "choices": sorted(READY_PATHS),
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
    except (OperationError, EngineError, ReleaseError) as error:
        module.fail_json(msg=str(error))
    except OSError as error:
        module.fail_json(msg=f"{error.filename} cannot be removed: {error.strerror}; run uninstall.yml again")
    module.exit_json(changed=bool(removed), removed=removed, kept=work.kept)


if __name__ == "__main__":
    main()
