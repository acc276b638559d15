#!/usr/bin/python
# SPDX-License-Identifier: Apache-2.0
"""Note that containers were found as they are described."""

from __future__ import annotations

DOCUMENTATION = r"""
module: container_compared
short_description: Note how containers were found that are as described
version_added: 1.0.0
description:
  - Writes down for each container what it was asked to be and how the engine describes it, at the end of a deployment
    that has compared it. By this note M(llmmon.stack.host_check) sees that neither has changed since, and that the
    container need not be compared again.
  - It never reports a change, because the note changes nothing that anybody asked for. Without it the next deployment
    compares once more.
attributes:
  check_mode:
    support: full
    details: Writes nothing.
  diff_mode:
    support: none
  idempotent:
    support: full
options:
  path:
    description: File of the notes.
    type: path
    required: true
  containers:
    description: The containers that are as described.
    type: list
    elements: dict
    required: true
    suboptions:
      name: {description: Its name., type: str, required: true}
      asked: {description: Digest of its description., type: str, required: true}
extends_documentation_fragment:
  - llmmon.stack.attributes
requirements:
  - docker (SDK for Python)
author:
  - llmmon (@llmmon)
"""

EXAMPLES = r"""
- name: Note how the containers were found
  llmmon.stack.container_compared:
    path: /var/lib/llmmon/compared.json
    containers:
      - {name: llmmon-prometheus, asked: 0f5b...}
"""

RETURN = r"""
noted:
  description: Names of the containers whose notes are new or have changed.
  returned: success
  type: list
  elements: str
"""

from pathlib import Path

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.llmmon.stack.plugins.module_utils.arguments import compared_arguments
from ansible_collections.llmmon.stack.plugins.module_utils.clients.engine import Engine
from ansible_collections.llmmon.stack.plugins.module_utils.errors import StackError
from ansible_collections.llmmon.stack.plugins.module_utils.look import compared


def main() -> None:
    """Module entry point."""
    module = AnsibleModule(
        argument_spec=compared_arguments(),
        supports_check_mode=True,
    )
    path, containers = Path(module.params["path"]), module.params["containers"]
    try:
        noted = compared.note(Engine(), path, containers, check_mode=module.check_mode)
    except StackError as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=False, noted=noted)


if __name__ == "__main__":
    main()
