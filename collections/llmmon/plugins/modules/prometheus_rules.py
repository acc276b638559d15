#!/usr/bin/python
# SPDX-License-Identifier: Apache-2.0
"""Verify that Prometheus evaluates the rules on the host."""

from __future__ import annotations

DOCUMENTATION = r"""
module: prometheus_rules
short_description: Verify that the rules on the host are loaded and evaluate without error
version_added: 0.1.0
description:
  - Compares the rule files on the host with what Prometheus says that it has loaded, waits until each rule was
    evaluated, and reports for each that fails what Prometheus says about it.
  - A rule that fails is waited for until an evaluation that began after the module did fails, too, or with
    O(fresh=false) one of its group's last interval. A rule whose group is evaluated less often than there is time to
    wait is not waited for; such rules are counted as pending.
  - Reads files and C(/api/v1/rules) of Prometheus and changes nothing.
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
    description: Seconds to wait for the first evaluation.
    type: float
    default: 60.0
extends_documentation_fragment:
  - llmmon.stack.attributes
  - llmmon.stack.http
  - llmmon.stack.proof.rules
author:
  - llmmon (@llmmon)
"""

EXAMPLES = r"""
- name: Verify that the rules work
  llmmon.stack.prometheus_rules:
    url: http://127.0.0.1:9090
    directory: /etc/llmmon/prometheus/current
"""

RETURN = r"""
total:
  description: Number of rules that Prometheus has loaded from the files.
  returned: always
  type: int
pending:
  description: Number of them that were not evaluated yet, and are not due in the time to wait.
  returned: always
  type: int
files:
  description: The rule files, relative to the directory.
  returned: always
  type: list
  elements: str
failing:
  description: The rules with trouble.
  returned: always
  type: list
  elements: dict
  contains:
    file: {description: Its file., type: str}
    group: {description: Its group., type: str}
    rule: {description: Its name; empty when a whole file is meant., type: str}
    trouble: {description: What is wrong with it., type: str}
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.llmmon.stack.plugins.module_utils.arguments import http_arguments, http_client, rules_arguments
from ansible_collections.llmmon.stack.plugins.module_utils.proof.errors import NotProved
from ansible_collections.llmmon.stack.plugins.module_utils.proof.rules import verify_rules


def main() -> None:
    """Module entry point."""
    module = AnsibleModule(
        argument_spec={**http_arguments(), **rules_arguments(), "timeout": {"type": "float", "default": 60.0}},
        supports_check_mode=True,
    )
    try:
        facts = verify_rules(http_client(module), module.params, module.params["timeout"])
    except NotProved as error:
        module.fail_json(msg=str(error), **error.facts)
    module.exit_json(changed=False, **facts)


if __name__ == "__main__":
    main()
