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
  timeout:
    description: Seconds to wait until the query gives a sample. There is none before Prometheus has scraped something.
    type: float
    default: 0.0
extends_documentation_fragment:
  - llmmon.stack.attributes
  - llmmon.stack.http
  - llmmon.stack.grafana
  - llmmon.stack.proof.shown
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

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.llmmon.stack.plugins.module_utils.arguments import (
    grafana_arguments,
    grafana_proof_arguments,
    http_client,
)
from ansible_collections.llmmon.stack.plugins.module_utils.clients.grafana import GrafanaApi
from ansible_collections.llmmon.stack.plugins.module_utils.errors import StackError
from ansible_collections.llmmon.stack.plugins.module_utils.proof.grafana import verify_grafana


def main() -> None:
    """Module entry point."""
    module = AnsibleModule(
        argument_spec={
            **grafana_arguments(),
            **grafana_proof_arguments(),
            "timeout": {"type": "float", "default": 0.0},
        },
        required_one_of=[("password", "password_file")],
        mutually_exclusive=[("password", "password_file")],
        supports_check_mode=True,
    )
    try:
        facts = verify_grafana(GrafanaApi(http_client(module)), module.params, module.params["timeout"])
        module.exit_json(changed=False, **facts)
    except StackError as error:
        module.fail_json(msg=str(error))


if __name__ == "__main__":
    main()
