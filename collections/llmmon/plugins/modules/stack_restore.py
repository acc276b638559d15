#!/usr/bin/python
# SPDX-License-Identifier: Apache-2.0
"""Restore the stack of a host from an archive, one step at a time."""

from __future__ import annotations

DOCUMENTATION = r"""
module: stack_restore
short_description: Restore the stack of a host from an archive, all or nothing
version_added: 0.1.0
description:
  - A restore is five steps, which C(restore.yml) takes with the services' own steps between them. Up to
    O(step=swap) nothing is touched but a directory of its own; from then on everything can be put back until
    O(step=accept).
  - Whatever an archive holds is checked first, all of it, against its manifest. Links, devices, paths that lead
    elsewhere, more bytes than it declares, and archives of newer or unfit versions are refused.
  - A run that was killed leaves a journal in O(data_root). O(step=put_back) makes everything as it was before.
attributes:
  check_mode:
    support: full
    details: O(step=check) reads only. The other steps do nothing.
  diff_mode:
    support: none
  idempotent:
    support: partial
    details: Checking and putting back may be repeated, the other steps follow one another.
options:
  step:
    description:
      - V(check) reads the archive and tells what it would replace.
      - V(stage) does that and keeps what was read for the swap.
      - V(swap) stops the services, renames their containers, and exchanges data and configuration.
      - V(finish), once the restored services run, sends Alertmanager the silences that it lacks.
      - V(accept) removes what was there before. V(put_back) makes that current again.
    type: str
    required: true
    choices: [check, stage, swap, finish, accept, put_back]
  archive:
    description: Path of the archive on the host, for O(step=check) and O(step=stage).
    type: path
  data_root:
    description: Directory that holds the services' data, the journal and the lock of operations.
    type: path
    required: true
  config_root:
    description: Directory that holds the services' configuration.
    type: path
    required: true
  minimum_free_mb:
    description: MiB that have to stay free beside what is restored.
    type: int
    default: 1024
  admin_password:
    description: Grafana's admin password when the inventory sets one; the archive's stays otherwise.
    type: str
    default: ""
  secret_key:
    description: Grafana's secret key when the inventory sets one; it has to be the archive's.
    type: str
    default: ""
  inventory_host:
    description: The host's name in the inventory, for O(step=check) and O(step=stage); an archive is for its own host.
    type: str
    default: ""
  onto:
    description: The host's name once more, when the archive of another host is to replace what is on it.
    type: str
    default: ""
  sidecar:
    description:
      - Whether a sidecar of Thanos uploads Prometheus's blocks. Then those of the archive are noted as uploaded, for
        O(step=stage). The bucket has had them, and what was made of them since must not be there twice.
      - Blocks that the sidecar had not uploaded when the archive was made are not noted, so that it uploads them.
    type: bool
    default: false
  names:
    description:
      - Variables and values that the configuration has written into it; an archive in which they differ is refused.
        Empty when the configuration is written anew after the restore.
    type: dict
    default: {}
  timeout:
    description: Seconds to wait for services that are put back to be healthy.
    type: float
    default: 120.0
extends_documentation_fragment:
  - llmmon.stack.attributes
  - llmmon.stack.services.owner
requirements:
  - docker (SDK for Python)
  - requests
author:
  - llmmon (@llmmon)
"""

EXAMPLES = r"""
- name: Check an archive
  llmmon.stack.stack_restore:
    step: check
    archive: /var/backups/llmmon/llm_monitoring_backup_20260102_030405_full.tar.gz
    data_root: /var/lib/llmmon
    config_root: /etc/llmmon
    services:
      - name: prometheus
        version: 3.13.2
        url: http://127.0.0.1:9090
        container: llmmon-prometheus
        other_containers: [llmmon-prober]
        uid: 65534
        gid: 65534
        data_directory: /var/lib/llmmon/prometheus
        config_root: /etc/llmmon/prometheus
"""

RETURN = r"""
replaced:
  description: What is or would be replaced by what, one line each, and what nobody could compare.
  returned: when O(step) is check or stage
  type: list
  elements: str
silences:
  description: How many silences Alertmanager lacked and was sent.
  returned: when O(step) is finish
  type: int
put_back:
  description: Whether there was anything to put back.
  returned: when O(step) is put_back
  type: bool
kept:
  description: Whether a restore that had succeeded was ended instead, since only old data were left to be removed.
  returned: when O(step) is put_back
  type: bool
not_running:
  description: Containers that were put back and are not healthy.
  returned: when O(step) is put_back
  type: list
  elements: str
"""

from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible_collections.llmmon.stack.plugins.module_utils.arguments import services_argument
from ansible_collections.llmmon.stack.plugins.module_utils.clients.engine import (
    DOCKER_IMPORT_ERROR,
    Engine,
)
from ansible_collections.llmmon.stack.plugins.module_utils.errors import StackError
from ansible_collections.llmmon.stack.plugins.module_utils.host.disk import why_not_written
from ansible_collections.llmmon.stack.plugins.module_utils.restore.steps import Restore
from ansible_collections.llmmon.stack.plugins.module_utils.restore.target import RestoredService, RestoreSettings

CHECK = "check"
STAGE = "stage"
SWAP = "swap"
FINISH = "finish"
ACCEPT = "accept"
PUT_BACK = "put_back"


def restore_of(parameters: dict[str, Any]) -> Restore:
    """The restore that the module's parameters describe."""
    services = [
        RestoredService(
            name=service["name"],
            version=service["version"],
            url=service["url"],
            containers=(service["container"], *service["other_containers"]),
            uid=service["uid"],
            gid=service["gid"],
            data_directory=Path(service["data_directory"]),
            config_root=Path(service["config_root"]),
        )
        for service in parameters["services"]
    ]
    settings = RestoreSettings(
        data_root=Path(parameters["data_root"]),
        config_root=Path(parameters["config_root"]),
        minimum_free=parameters["minimum_free_mb"] * 2**20,
        admin_password=parameters["admin_password"],
        secret_key=parameters["secret_key"],
        inventory_host=parameters["inventory_host"],
        onto=parameters["onto"],
        names=parameters["names"],
        sidecar=parameters["sidecar"],
    )
    return Restore(services, settings)


def take_step(restore: Restore, parameters: dict[str, Any], check_mode: bool) -> dict[str, Any]:
    """Take the step that ``step`` names; returns what the module returns."""
    step = parameters["step"]
    if step == CHECK:
        return {"changed": False, "replaced": restore.check(Path(parameters["archive"]))}
    if check_mode:
        return {"changed": False}
    if step == STAGE:
        return {"changed": True, "replaced": restore.stage(Path(parameters["archive"]))}
    if step == FINISH:
        silences = restore.finish()
        return {"changed": silences > 0, "silences": silences}
    engine = Engine()
    if step == PUT_BACK:
        found = restore.put_back(engine, parameters["timeout"])
        return {"changed": found["put_back"] or found["kept"], **found}
    if step == SWAP:
        restore.swap(engine)
    else:
        restore.accept(engine)
    return {"changed": True}


def main() -> None:
    """Module entry point."""
    module = AnsibleModule(
        argument_spec={
            "step": {"type": "str", "required": True, "choices": [CHECK, STAGE, SWAP, FINISH, ACCEPT, PUT_BACK]},
            "archive": {"type": "path"},
            "services": services_argument(
                other_containers={"type": "list", "elements": "str", "default": []},
                uid={"type": "int", "required": True},
                gid={"type": "int", "required": True},
            ),
            "data_root": {"type": "path", "required": True},
            "config_root": {"type": "path", "required": True},
            "minimum_free_mb": {"type": "int", "default": 1024},
            "admin_password": {"type": "str", "default": "", "no_log": True},
            "secret_key": {"type": "str", "default": "", "no_log": True},
            "inventory_host": {"type": "str", "default": ""},
            "onto": {"type": "str", "default": ""},
            "names": {"type": "dict", "default": {}},
            "sidecar": {"type": "bool", "default": False},
            "timeout": {"type": "float", "default": 120.0},
        },
        required_if=[("step", CHECK, ["archive"]), ("step", STAGE, ["archive"])],
        supports_check_mode=True,
    )
    if DOCKER_IMPORT_ERROR:
        module.fail_json(msg=missing_required_lib("docker"), exception=DOCKER_IMPORT_ERROR)
    try:
        module.exit_json(**take_step(restore_of(module.params), module.params, module.check_mode))
    except StackError as error:
        module.fail_json(msg=str(error))
    except OSError as error:
        module.fail_json(msg=f"the restore was given up: {why_not_written(error, module.params['data_root'])}")


if __name__ == "__main__":
    main()
