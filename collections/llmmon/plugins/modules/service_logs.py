#!/usr/bin/python
# SPDX-License-Identifier: Apache-2.0
"""Read what a service printed."""

from __future__ import annotations

DOCUMENTATION = r"""
module: service_logs
short_description: Read the last lines a service's container printed
version_added: 0.1.0
description:
  - Reads a container's log from the engine, standard output and standard error together.
attributes:
  check_mode:
    support: full
    details: Reads only.
  diff_mode:
    support: none
  idempotent:
    support: full
options:
  container:
    description: Name of the container.
    type: str
    required: true
  lines:
    description: How many lines, counted from the end.
    type: int
    default: 100
extends_documentation_fragment:
  - llmmon.stack.attributes
requirements:
  - docker (SDK for Python)
author:
  - llmmon (@llmmon)
"""

EXAMPLES = r"""
- name: Read the log of Prometheus
  llmmon.stack.service_logs:
    container: llmmon-prometheus
    lines: 200
"""

RETURN = r"""
lines:
  description: The lines, oldest first.
  returned: success
  type: list
  elements: str
"""

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible_collections.llmmon.stack.plugins.module_utils.clients.engine import (
    DOCKER_IMPORT_ERROR,
    Engine,
    EngineError,
)
from ansible_collections.llmmon.stack.plugins.module_utils.host.clock import BEGINNING


def main() -> None:
    """Module entry point."""
    module = AnsibleModule(
        argument_spec={
            "container": {"type": "str", "required": True},
            "lines": {"type": "int", "default": 100},
        },
        supports_check_mode=True,
    )
    if DOCKER_IMPORT_ERROR:
        module.fail_json(msg=missing_required_lib("docker"), exception=DOCKER_IMPORT_ERROR)
    try:
        lines = Engine().logs_since(module.params["container"], BEGINNING, module.params["lines"])
    except EngineError as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=False, lines=lines)


if __name__ == "__main__":
    main()
