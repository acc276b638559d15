#!/usr/bin/python
# SPDX-License-Identifier: Apache-2.0
"""Bring dashboards that were edited in the browser to files on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
module: grafana_export
short_description: Bring dashboards that were edited in the browser to files on the controller
version_added: 1.0.0
description:
  - Looks at all dashboards of some folders of Grafana, and writes those that differ from what was pushed to files on
    the controller. These are the ones that somebody else than O(owner) saved last, and the ones that people made there.
  - The text is sorted, and holds neither numbers of the server nor the owner's tag, so a diff shows the edit and
    nothing else. A file that holds the dashboard already, however it is laid out, is left alone.
  - A dashboard goes into the one of O(files) that has its uid, then into the file of O(dest) that has it, and otherwise
    into a new one of O(dest) that is named after its uid. A uid that cannot be a file's name is refused with a warning,
    and so is a dashboard that Grafana provisions from a file of its own.
  - Grafana is asked on the host, where it may be open to nobody else, and nothing is changed there. For files on the
    host use M(llmmon.stack.grafana_dashboards) with O(llmmon.stack.grafana_dashboards#module:state=exported).
attributes:
  check_mode:
    support: full
    details: Compares, and writes no file.
  diff_mode:
    support: full
  idempotent:
    support: full
options:
  src:
    description:
      - Directory on the host with the dashboards as they were pushed, as O(llmmon.stack.grafana_dashboards#module:src).
    type: path
    required: true
  folder_uid:
    description: Uid of the folder that those beside the directories in O(src) went into; empty for General.
    type: str
    default: ""
  folders:
    description: Uids of the folders to look at; V(general) for General.
    type: list
    elements: str
    required: true
  inputs:
    description: The values for open inputs that were pushed, as O(llmmon.stack.grafana_dashboards#module:inputs).
    type: dict
    default: {}
  owner:
    description: Name under which the set was pushed, as O(llmmon.stack.grafana_dashboards#module:owner).
    type: str
    required: true
  dest:
    description: Directory on the controller for dashboards that are in none of O(files); made when it is missing.
    type: path
    required: true
  files:
    description: Files on the controller that dashboards come from. The uid in each says which one is its own.
    type: list
    elements: path
    default: []
extends_documentation_fragment:
  - llmmon.stack.attributes
  - llmmon.stack.http
  - llmmon.stack.grafana
  - llmmon.stack.grafana_token
author:
  - llmmon (@llmmon)
"""

EXAMPLES = r"""
- name: Bring home what people edited
  llmmon.stack.grafana_export:
    url: http://127.0.0.1:3000
    password_file: /etc/llmmon/grafana/current/secrets/admin_password
    src: /etc/llmmon/grafana/current/dashboards
    folder_uid: llmmon
    folders: [llmmon]
    inputs: {prometheus: llmmon_prometheus}
    owner: llmmon
    dest: "{{ inventory_dir }}/files/dashboards"
"""

RETURN = r"""
dashboards:
  description: The dashboards that differ from what was pushed.
  returned: success
  type: list
  elements: dict
  contains:
    uid: {description: Its uid., type: str}
    folder_uid: {description: "Uid of its folder, empty for General.", type: str}
    saved_by: {description: "Login name of who saved it last, empty when that cannot be told.", type: str}
    saved_at: {description: "When, as Grafana writes it.", type: str}
    file: {description: Its file on the controller., type: str}
    is_new: {description: Whether the file is none of O(files)., type: bool}
    action: {description: unchanged or write., type: str}
as_pushed:
  description: How many dashboards of the folders are as they were pushed.
  returned: success
  type: int
requests:
  description: How many HTTP requests were sent.
  returned: always
  type: int
"""

import json
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.llmmon.stack.plugins.module_utils.arguments import (
    GRAFANA_CREDENTIALS,
    grafana_token_arguments,
    http_client,
)
from ansible_collections.llmmon.stack.plugins.module_utils.dashboards.edits import Edits
from ansible_collections.llmmon.stack.plugins.module_utils.dashboards.files import read_directory
from ansible_collections.llmmon.stack.plugins.module_utils.dashboards.wanted import owner_of
from ansible_collections.llmmon.stack.plugins.module_utils.errors import StackError

# What the action plugin keeps on the controller is not here: ``dest`` and ``files``.
ARGUMENTS: dict[str, Any] = {
    **grafana_token_arguments(),
    "src": {"type": "path", "required": True},
    "folder_uid": {"type": "str", "default": ""},
    "folders": {"type": "list", "elements": "str", "required": True},
    "inputs": {"type": "dict", "default": {}},
    "owner": {"type": "str", "required": True},
    "dest": {"type": "path", "required": True},
    "files": {"type": "list", "elements": "path", "default": []},
}


def main() -> None:
    """Module entry point."""
    module = AnsibleModule(
        argument_spec=ARGUMENTS,
        required_one_of=[GRAFANA_CREDENTIALS],
        mutually_exclusive=[GRAFANA_CREDENTIALS],
        supports_check_mode=True,
    )
    parameters = module.params
    client = http_client(module)
    try:
        owner = owner_of(parameters)
        inputs = {str(name): str(value) for name, value in parameters["inputs"].items()}
        pushed = read_directory(Path(parameters["src"]), owner, parameters["folder_uid"], inputs)
        edits = Edits(client, owner, {dashboard.uid: dashboard for dashboard in pushed})
        edits.look(parameters["folders"])
    except StackError as error:
        module.fail_json(msg=f"the dashboards could not be exported: {error}", requests=client.requests_sent)
    for warning in edits.warnings:
        module.warn(warning)
    edited = [found for found in edits.found if found.is_edited]
    module.exit_json(
        changed=False,
        # As text: Ansible would take what looks like a template in it for one.
        dashboards=[
            {
                "uid": found.uid,
                "folder_uid": found.folder_uid,
                "saved_by": found.last.by if found.last else "",
                "saved_at": found.last.at if found.last else "",
                "content": json.dumps(found.model),
            }
            for found in edited
        ],
        as_pushed=len(edits.found) - len(edited),
        requests=client.requests_sent,
    )


if __name__ == "__main__":
    main()
