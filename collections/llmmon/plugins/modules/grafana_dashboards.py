#!/usr/bin/python
# SPDX-License-Identifier: Apache-2.0
"""Push a set of dashboards into folders of Grafana, or export it to files."""

from __future__ import annotations

DOCUMENTATION = r"""
module: grafana_dashboards
short_description: Push a set of dashboards into folders of Grafana in one run, or export it to files
version_added: 0.1.0
description:
  - Takes the dashboards of a directory, of a list, or of both, compares each with what Grafana has under the same
    uid, and creates, updates or moves only what differs. All of it is looked at, sixteen requests at once, before
    anything is written. A password is tried by one request first, since Grafana locks a user after five wrong ones.
  - Dashboards are saved with C(folderUid), never C(folderId), which Grafana 13 ignores, and with the version that was
    looked at, so that no edit in between is lost.
  - Each save carries a message that names O(owner) and a fingerprint of the content. By it an edit in the browser is
    told from a changed file, and reported as drift; O(drift) says what becomes of it.
  - A dashboard that the module creates gets the tag C(managed-by-OWNER). With O(prune) a dashboard with that tag which
    left the set is deleted, if the module was the last to save it. So neither a copy that somebody made of it nor an
    edit of his is ever deleted. Take the tag off a dashboard, and it is left alone for good.
  - A dashboard that Grafana provisions from a file of its own is refused, because Grafana would not keep the change.
    So is a title that another dashboard of the folder has, of which Grafana 11.3 and later would make a second one.
  - Inputs such as C(${DS_PROMETHEUS}), which Grafana's export for others leaves open, are filled in from O(inputs).
  - What Grafana refuses of one dashboard does not keep the others away. The message then lists what was pushed and
    what was not, and a second run goes on from there.
  - N unchanged dashboards cost N requests, one for each folder, and one with O(prune). With O(drift=keep) each costs
    one more, which tells who saved it last. Where a dashboard is new, renamed or moved, one more asks for all titles.
attributes:
  check_mode:
    support: full
    details: Compares; sends no writing request and writes no file.
  diff_mode:
    support: full
  idempotent:
    support: full
options:
  state:
    description:
      - V(present) pushes the set.
      - V(exported) writes dashboards of Grafana to files in O(dest), so that an edit made in the browser can come home.
        The text is sorted and holds neither numbers of the server nor the owner's tag. A file that holds the
        dashboard already, however it is laid out, is left alone.
    type: str
    choices: [present, exported]
    default: present
  src:
    description:
      - Directory with the dashboards, one JSON file each, in the classic schema. Those of a directory in it go into
        the folder whose uid is that directory's name.
    type: path
  dashboards:
    description: Further dashboards, or all of them without O(src).
    type: list
    elements: dict
    suboptions:
      file:
        description: JSON file with the dashboard.
        type: path
      definition:
        description: The dashboard itself, instead of O(dashboards[].file).
        type: dict
      folder_uid:
        description: Uid of its folder; O(folder_uid) when left out, General when empty.
        type: str
  folder_uid:
    description:
      - Uid of the folder for what names no other; empty for General.
      - For O(state=exported) the folder whose dashboards are exported, unless O(uids) names them.
    type: str
    default: ""
  folder_title:
    description: Title of that folder, which is then created when missing and renamed when it differs.
    type: str
    default: ""
  folders:
    description: Further folders, created when missing, renamed and moved when they differ. None is ever deleted.
    type: list
    elements: dict
    default: []
    suboptions:
      uid:
        description: Uid of the folder.
        type: str
        required: true
      title:
        description: Title of the folder.
        type: str
        required: true
      parent_uid:
        description: Uid of the folder it lies in, at the top when empty. Grafana 9.4 has no folders in folders.
        type: str
        default: ""
  inputs:
    description:
      - Values for the inputs that exported dashboards leave open, by the input's name (V(DS_PROMETHEUS)), or for all
        data sources of a kind by the name of the plugin (V(prometheus)).
    type: dict
    default: {}
  drift:
    description: What becomes of a dashboard that somebody else saved since the last push and that differs.
    type: str
    choices: [overwrite, keep]
    default: overwrite
  prune:
    description: Whether dashboards that O(owner) created and that are in the set no more are deleted.
    type: bool
    default: false
  owner:
    description:
      - Name under which the set is known in Grafana, 1 to 40 letters, digits, V(-), V(_) or V(.). Needed for
        O(state=present). Give each set a name of its own, because O(prune) deletes what carries an owner's tag and is
        not in the owner's set.
      - The role C(grafana) uses C(llmmon_grafana_dashboard_owner), which is V(llmmon) unless you change it.
      - For O(state=exported) the owner whose tag is left out of the files; V(llmmon) when left out.
    type: str
  dest:
    description: Directory for the files of O(state=exported); it has to be there.
    type: path
  uids:
    description: Uids of the dashboards to export.
    type: list
    elements: str
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
- name: Push the dashboards
  llmmon.stack.grafana_dashboards:
    url: http://127.0.0.1:3000
    password_file: /etc/llmmon/grafana/current/secrets/admin_password
    src: /srv/dashboards
    owner: platform
    folder_uid: platform
    folder_title: Platform
    prune: true

- name: Push a team's dashboards, keep what people edited in the browser
  llmmon.stack.grafana_dashboards:
    url: https://grafana.example/monitoring
    token_file: /run/secrets/grafana_token
    owner: team-a
    drift: keep
    folders:
      - {uid: teams, title: Teams}
      - {uid: team-a, title: Team A, parent_uid: teams}
    dashboards:
      - {file: dashboards/queues.json, folder_uid: team-a}
    inputs:
      prometheus: llmmon_prometheus

- name: Bring home what people edited
  llmmon.stack.grafana_dashboards:
    url: http://127.0.0.1:3000
    password_file: /etc/llmmon/grafana/current/secrets/admin_password
    state: exported
    folder_uid: llmmon
    dest: dashboards
"""

RETURN = r"""
dashboards:
  description: What happened to each dashboard.
  returned: always
  type: list
  elements: dict
  contains:
    uid: {description: Its uid., type: str}
    file: {description: The file it comes from or was written to., type: str}
    folder_uid: {description: "Uid of its folder, empty for General.", type: str}
    action:
      description:
        - For O(state=present) unchanged, create, update, move, keep (differs, but somebody edited it), acknowledge (an
          edit that has come home is marked as ours), delete, or spare (left the set, but is not ours alone).
        - For O(state=exported) unchanged or write.
      type: str
    done: {description: Whether Grafana or the file has it as wanted now., type: bool}
folders:
  description: What happened to each folder.
  returned: when state is present
  type: list
  elements: dict
  contains:
    uid: {description: Its uid., type: str}
    actions: {description: "None or more of create, rename, move.", type: list, elements: str}
drift:
  description: Dashboards that differ and that somebody else saved last.
  returned: when state is present
  type: list
  elements: dict
  contains:
    uid: {description: Its uid., type: str}
    version: {description: Number of the version that was found., type: int}
    saved_by: {description: Login name of who saved it., type: str}
    saved_at: {description: "When, as Grafana writes it.", type: str}
    message: {description: What was written to it., type: str}
    outcome: {description: overwritten or kept., type: str}
requests:
  description: How many HTTP requests were sent.
  returned: always
  type: int
"""

from pathlib import Path
from typing import Any, Optional

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.llmmon.stack.plugins.module_utils.arguments import (
    GRAFANA_CREDENTIALS,
    grafana_token_arguments,
    http_client,
)
from ansible_collections.llmmon.stack.plugins.module_utils.dashboards.export import Export
from ansible_collections.llmmon.stack.plugins.module_utils.dashboards.model import BadDashboard
from ansible_collections.llmmon.stack.plugins.module_utils.dashboards.push import Push
from ansible_collections.llmmon.stack.plugins.module_utils.dashboards.report import failure
from ansible_collections.llmmon.stack.plugins.module_utils.dashboards.wanted import owner_of, wanted_of
from ansible_collections.llmmon.stack.plugins.module_utils.errors import StackError
from ansible_collections.llmmon.stack.plugins.module_utils.host.disk import why_not_written

ARGUMENTS: dict[str, Any] = {
    **grafana_token_arguments(),
    "state": {"type": "str", "choices": ["present", "exported"], "default": "present"},
    "src": {"type": "path"},
    "dashboards": {
        "type": "list",
        "elements": "dict",
        "options": {
            "file": {"type": "path"},
            "definition": {"type": "dict"},
            "folder_uid": {"type": "str"},
        },
        "required_one_of": [("file", "definition")],
        "mutually_exclusive": [("file", "definition")],
    },
    "folder_uid": {"type": "str", "default": ""},
    "folder_title": {"type": "str", "default": ""},
    "folders": {
        "type": "list",
        "elements": "dict",
        "default": [],
        "options": {
            "uid": {"type": "str", "required": True},
            "title": {"type": "str", "required": True},
            "parent_uid": {"type": "str", "default": ""},
        },
    },
    "inputs": {"type": "dict", "default": {}},
    "drift": {"type": "str", "choices": ["overwrite", "keep"], "default": "overwrite"},
    "prune": {"type": "bool", "default": False},
    "owner": {"type": "str"},
    "dest": {"type": "path"},
    "uids": {"type": "list", "elements": "str", "default": []},
}


def push(module: AnsibleModule) -> None:
    try:
        wanted = wanted_of(module.params)
    except BadDashboard as error:
        module.fail_json(msg=failure(error, []), dashboards=[], requests=0)
    client = http_client(module)
    run = Push(client, wanted, module.check_mode)
    failed: Optional[StackError] = None
    try:
        run.run()
    except StackError as error:
        failed = error
    for warning in run.warnings:
        module.warn(warning)
    result: dict[str, Any] = {"dashboards": run.report(), "requests": client.requests_sent}
    if failed:
        module.fail_json(msg=failure(failed, result["dashboards"]), **result)
    result.update(
        changed=run.changed,
        folders=[{"uid": step.folder.uid, "actions": list(step.actions)} for step in run.folders],
        drift=run.drift(),
    )
    if module._diff:
        result["diff"] = run.differences()
    module.exit_json(**result)


def export(module: AnsibleModule) -> None:
    client = http_client(module)
    parameters = module.params
    try:
        run = Export(client, owner_of(parameters), Path(parameters["dest"]), module.check_mode)
        run.run(parameters["uids"], parameters["folder_uid"])
    except (StackError, OSError) as error:
        reason = why_not_written(error, parameters["dest"]) if isinstance(error, OSError) else str(error)
        module.fail_json(
            msg=f"the dashboards could not be exported: {reason}", dashboards=[], requests=client.requests_sent
        )
    result = {"changed": run.changed, "dashboards": run.report, "requests": client.requests_sent}
    if module._diff:
        result["diff"] = run.differences
    module.exit_json(**result)


def main() -> None:
    """Module entry point."""
    module = AnsibleModule(
        argument_spec=ARGUMENTS,
        required_one_of=[GRAFANA_CREDENTIALS],
        mutually_exclusive=[GRAFANA_CREDENTIALS],
        required_if=[
            ("state", "exported", ("dest",)),
            ("state", "present", ("src", "dashboards"), True),
            ("state", "present", ("owner",)),
        ],
        supports_check_mode=True,
    )
    if module.params["state"] == "exported":
        export(module)
    push(module)


if __name__ == "__main__":
    main()
