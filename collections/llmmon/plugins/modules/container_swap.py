#!/usr/bin/python
# SPDX-License-Identifier: Apache-2.0
"""Put a changed container in the place of the one that runs, or keep that."""

from __future__ import annotations

DOCUMENTATION = r"""
module: container_swap
short_description: Put a changed container in the place of the one that runs, and put it back unless it stays up
version_added: 1.0.0
description:
  - Expects that the changed container was created as C(NAME-next) beside the container C(NAME).
  - V(swapped) lets it start once without network and data, when O(rehearsal) is given, which shows flags and limits
    that its program does not take. Then it stops the old container, starts the changed one in its place, waits until
    that has become ready and has stayed ready for O(stay) seconds, and only then removes the old one. If anything fails
    the old container is started again at once, and the module fails with the reason and the variables that differ.
  - V(put_back) brings back what a swap that was killed has set aside.
attributes:
  check_mode:
    support: full
    details: Does nothing, and tells that it would.
  diff_mode:
    support: none
  idempotent:
    support: partial
    details: V(put_back) is, and V(swapped) takes the place of a container that was created for it.
options:
  state:
    description: What is wanted.
    type: str
    choices: [swapped, put_back]
    default: swapped
  service:
    description: Whose container it is, for the names of variables in messages.
    type: str
    default: ""
  names:
    description: Names of the containers; exactly one with V(swapped).
    type: list
    elements: str
    required: true
  config_root:
    description:
      - Directory of the configuration releases that the container reads, which is made to point at the release of
        before as well. Not given for a container that reads the configuration of another service.
    type: path
  rehearsal:
    description: Command with which the changed container is tried first. Without it there is no trial.
    type: list
    elements: str
  timeout:
    description: Seconds a container may take to become ready.
    type: float
    default: 120.0
  stay:
    description: Seconds it has to stay ready before the old one is removed.
    type: float
    default: 15.0
extends_documentation_fragment:
  - llmmon.stack.attributes
requirements:
  - docker (SDK for Python)
author:
  - llmmon (@llmmon)
"""

EXAMPLES = r"""
- name: Put the changed container in the place of the one that runs
  llmmon.stack.container_swap:
    service: prometheus
    names: [llmmon-prometheus]
    config_root: /etc/llmmon/prometheus
"""

RETURN = r"""
differs:
  description: What the new container has otherwise, each with the variables that set it.
  returned: when swapped
  type: list
  elements: str
  sample: ["memory (llmmon_memory_limits)"]
gap_seconds:
  description: How long the service was away in seconds.
  returned: when swapped
  type: float
put_back:
  description: Names of containers of which something was put back or cleared away.
  returned: when put back
  type: list
  elements: str
"""

from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible_collections.llmmon.stack.plugins.module_utils.clients.engine import DOCKER_IMPORT_ERROR, Engine
from ansible_collections.llmmon.stack.plugins.module_utils.containers.swap import Limits, Swap
from ansible_collections.llmmon.stack.plugins.module_utils.errors import StackError
from ansible_collections.llmmon.stack.plugins.module_utils.host.disk import why_not_written


def act(parameters: dict[str, Any]) -> dict[str, Any]:
    """Do what is wanted; returns the module's result."""
    # Stopping in order takes as long as it takes.
    engine = Engine(timeout=120)
    limits = Limits(parameters["timeout"], parameters["stay"])
    root = Path(parameters["config_root"]) if parameters["config_root"] else None
    swaps = {name: Swap(engine, parameters["service"], name, root, limits) for name in parameters["names"]}
    if parameters["state"] == "put_back":
        found = [name for name, swap in swaps.items() if swap.recover()]
        return {"changed": bool(found), "put_back": found}
    (swap,) = swaps.values()
    return {"changed": True, **swap.run(parameters["rehearsal"])}


def main() -> None:
    """Module entry point."""
    module = AnsibleModule(
        argument_spec={
            "state": {"type": "str", "choices": ["swapped", "put_back"], "default": "swapped"},
            "service": {"type": "str", "default": ""},
            "names": {"type": "list", "elements": "str", "required": True},
            "config_root": {"type": "path"},
            "rehearsal": {"type": "list", "elements": "str"},
            "timeout": {"type": "float", "default": 120.0},
            "stay": {"type": "float", "default": 15.0},
        },
        supports_check_mode=True,
    )
    if DOCKER_IMPORT_ERROR:
        module.fail_json(msg=missing_required_lib("docker"), exception=DOCKER_IMPORT_ERROR)
    if module.params["state"] == "swapped" and len(module.params["names"]) != 1:
        module.fail_json(msg="exactly one container is swapped in a run: name one in names")
    if module.check_mode:
        module.exit_json(changed=True)
    try:
        result = act(module.params)
    except StackError as error:
        module.fail_json(msg=str(error))
    except OSError as error:
        reason = why_not_written(error, module.params["config_root"] or "the configuration root")
        module.fail_json(msg=f"the configuration releases cannot be read or put back: {reason}")
    module.exit_json(**result)


if __name__ == "__main__":
    main()
