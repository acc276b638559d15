#!/usr/bin/python
# SPDX-License-Identifier: Apache-2.0
"""Verify that every alert can fire, and that every panel has something to show."""

from __future__ import annotations

DOCUMENTATION = r"""
module: alerts_verify
short_description: Verify that every alert that Prometheus has loaded can fire and reach somebody
version_added: 1.1.0
description:
  - Asks Prometheus, and the Alertmanager of this host, of each alert whether what it reads is there or rightly absent,
    whether its joins and thresholds can hold, and whether somebody would hear of it.
  - With O(grafana) it also asks, through Grafana, what every panel of the dashboards asks.
  - All that is wrong is told together. What has just been started is waited for, O(timeout) seconds at most.
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
    description: Seconds to wait for what is missing.
    type: float
    default: 0.0
extends_documentation_fragment:
  - llmmon.stack.attributes
  - llmmon.stack.http
  - llmmon.stack.proof.alerts
seealso:
  - module: llmmon.stack.stack_verify
author:
  - llmmon (@llmmon)
"""

EXAMPLES = r"""
- name: Verify that the alerts of the user's own can fire
  llmmon.stack.alerts_verify:
    url: http://127.0.0.1:9090
    directory: /etc/llmmon/prometheus/current
"""

RETURN = r"""
alerts:
  description: Whether the alerts that Prometheus has loaded can fire.
  returned: when Prometheus answered
  type: dict
  contains:
    total: {description: How many names of alerts there are., type: int}
    line: {description: "All of it in a line.", type: str, sample: "alerts: 47 can fire"}
    cannot_fire:
      description: Each with C(alert), C(gateway) (empty where it is about none), and C(why).
      type: list
      elements: dict
    notes:
      description: What is rightly absent, as C(why), with the C(alerts) that wait for it.
      type: list
      elements: dict
    known:
      description: Alerts that cannot fire and need not, with the reason that was given.
      type: list
      elements: str
    superfluous: {description: Alerts that need not be able to fire although they can., type: list, elements: str}
panels:
  description: What the panels of the dashboards show.
  returned: when asked for
  type: dict
  contains:
    total: {description: How many panels there are., type: int}
    line: {description: "All of it in a line.", type: str, sample: "panels: 102 have data, 7 rightly have none"}
    notes: {description: "Panels that rightly have no data, with the reason.", type: list, elements: str}
    problems: {description: Panels that should have data., type: list, elements: str}
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.llmmon.stack.plugins.module_utils.arguments import (
    alerts_arguments,
    client_of,
    grafana_argument,
    grafana_proof_arguments,
    http_arguments,
)
from ansible_collections.llmmon.stack.plugins.module_utils.clients.grafana import GrafanaApi
from ansible_collections.llmmon.stack.plugins.module_utils.proof.alerts import verify_alerts
from ansible_collections.llmmon.stack.plugins.module_utils.proof.errors import NotProved
from ansible_collections.llmmon.stack.plugins.module_utils.proof.panels import verify_panels
from ansible_collections.llmmon.stack.plugins.module_utils.proof.parts import Part, verify_parts


def parts_of(module: AnsibleModule) -> dict[str, Part]:
    """The parts that are asked for, each ready to be proved."""
    alerts, grafana, timeout = module.params, module.params["grafana"], module.params["timeout"]
    found: dict[str, Part] = {"alerts": lambda: verify_alerts(client_of(module, alerts), alerts, timeout)}
    if grafana:
        found["panels"] = lambda: verify_panels(
            GrafanaApi(client_of(module, grafana)),
            client_of(module, alerts),
            {"grafana": grafana, "alerts": alerts},
            timeout,
        )
    return found


def main() -> None:
    """Module entry point."""
    module = AnsibleModule(
        argument_spec={
            **http_arguments(),
            **alerts_arguments(),
            "grafana": grafana_argument(grafana_proof_arguments()),
            "timeout": {"type": "float", "default": 0.0},
        },
        supports_check_mode=True,
    )
    try:
        facts = verify_parts(parts_of(module))
    except NotProved as error:
        module.fail_json(msg=str(error), **error.facts)
    module.exit_json(changed=False, **facts)


if __name__ == "__main__":
    main()
