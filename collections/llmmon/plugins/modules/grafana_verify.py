#!/usr/bin/python
# SPDX-License-Identifier: Apache-2.0
"""Verify that Grafana shows data."""

from __future__ import annotations

DOCUMENTATION = r"""
module: grafana_verify
short_description: Verify that Grafana's data source answers through Grafana, and that the dashboards are there
version_added: 0.1.0
description:
  - Sends a query to the data source B(through Grafana), the way a panel does, so that Grafana's own way to Prometheus
    is proved, and looks every dashboard up.
attributes:
  check_mode:
    support: full
    details: Reads only.
  diff_mode:
    support: none
  idempotent:
    support: full
options:
  data_source_uid:
    description: Uid of the data source; without a hyphen, which the proxy of Grafana 9.4 cuts.
    type: str
    required: true
  expression:
    description: PromQL that must give at least one sample.
    type: str
    default: up
  dashboards_directory:
    description:
      - Directory of the dashboards that must be there, by the uids in its JSON files. Those of a directory in it must
        be in the folder whose uid is that directory's name.
    type: path
    required: true
  folder_uid:
    description: Uid of the folder that the others must be in.
    type: str
    required: true
extends_documentation_fragment:
  - llmmon.stack.attributes
  - llmmon.stack.http
  - llmmon.stack.grafana
author:
  - llmmon (@llmmon)
"""

EXAMPLES = r"""
- name: Verify that Grafana shows data
  llmmon.stack.grafana_verify:
    url: http://127.0.0.1:3000
    password_file: /etc/llmmon/grafana/current/secrets/admin_password
    data_source_uid: llmmon_prometheus
    dashboards_directory: /etc/llmmon/grafana/current/dashboards
    folder_uid: llmmon
"""

RETURN = r"""
samples:
  description: How many samples the query gave.
  returned: success
  type: int
dashboards:
  description: Uids of the dashboards that were found.
  returned: success
  type: list
  elements: str
"""

from pathlib import Path
from typing import Any, Optional

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.llmmon.stack.plugins.module_utils.arguments import grafana_arguments, http_client
from ansible_collections.llmmon.stack.plugins.module_utils.clients.grafana import GrafanaApi
from ansible_collections.llmmon.stack.plugins.module_utils.clients.http import CONNECTIONS, HttpError
from ansible_collections.llmmon.stack.plugins.module_utils.dashboards.files import folders_by_uid
from ansible_collections.llmmon.stack.plugins.module_utils.dashboards.model import BadDashboard
from ansible_collections.llmmon.stack.plugins.module_utils.errors import StackError
from ansible_collections.llmmon.stack.plugins.module_utils.host.parallel import parallel_map


class NotProved(StackError):
    """Something that should be there is not; the message says what to do."""


def sample_count(answer: Any) -> int:
    """Number of samples in an answer of Prometheus's query API."""
    if not isinstance(answer, dict) or answer.get("status") != "success":
        raise NotProved(f"the data source answered with something else than a query result: {str(answer)[:200]}")
    return len(answer["data"]["result"])


def misplaced(uid: str, answer: Optional[dict[str, Any]], folder_uid: str) -> Optional[str]:
    """What is wrong with a dashboard, or None."""
    if answer is None:
        return f"the dashboard {uid} is missing: run site.yml --tags grafana"
    if (answer["meta"].get("folderUid") or "") != folder_uid:
        return f"the dashboard {uid} is not in the folder {folder_uid}: run site.yml --tags grafana"
    return None


def verify(grafana: GrafanaApi, parameters: dict[str, Any]) -> dict[str, Any]:
    """Prove all of it or raise NotProved with everything that is wrong."""
    source = parameters["data_source_uid"]
    try:
        samples = sample_count(grafana.query(source, parameters["expression"]))
    except HttpError as error:
        raise NotProved(
            f"the data source {source} does not answer through Grafana: {error}; check that"
            " llmmon_grafana_prometheus_url is an address of Prometheus as Grafana's container sees it"
        ) from error
    if not samples:
        raise NotProved(
            f"the query {parameters['expression']!r} through Grafana gives no sample: is Prometheus scraping?"
        )
    places = folders_by_uid(Path(parameters["dashboards_directory"]), parameters["folder_uid"])
    answers = parallel_map(CONNECTIONS, grafana.dashboard, places)
    wrong = [misplaced(uid, answer, places[uid]) for uid, answer in zip(places, answers)]
    if any(wrong):
        raise NotProved(" | ".join(sentence for sentence in wrong if sentence))
    return {"samples": samples, "dashboards": list(places)}


def main() -> None:
    """Module entry point."""
    module = AnsibleModule(
        argument_spec={
            **grafana_arguments(),
            "data_source_uid": {"type": "str", "required": True},
            "expression": {"type": "str", "default": "up"},
            "dashboards_directory": {"type": "path", "required": True},
            "folder_uid": {"type": "str", "required": True},
        },
        required_one_of=[("password", "password_file")],
        mutually_exclusive=[("password", "password_file")],
        supports_check_mode=True,
    )
    try:
        module.exit_json(changed=False, **verify(GrafanaApi(http_client(module)), module.params))
    except (NotProved, BadDashboard, HttpError) as error:
        module.fail_json(msg=str(error))


if __name__ == "__main__":
    main()
