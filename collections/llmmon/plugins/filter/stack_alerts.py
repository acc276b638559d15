# SPDX-License-Identifier: Apache-2.0
"""Compute the alerts about the monitoring itself."""

from __future__ import annotations

DOCUMENTATION = r"""
name: stack_alerts
short_description: Compute the alerts about the monitoring itself
version_added: 0.1.0
author:
  - llmmon (@llmmon)
description:
  - Parts that are down, rules that fail, notifications that are not delivered, data that cannot be written,
    backups that are too old.
options:
  _input:
    description:
      - What rules depend on besides gateways and presets.
      - The role prometheus keeps it in the variable C(__llmmon_rule_settings).
    type: dict
    required: true
seealso:
  - plugin: llmmon.stack.rule_file
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Show the rules
  ansible.builtin.debug:
    msg: "{{ __llmmon_rule_settings | llmmon.stack.stack_alerts }}"
"""

RETURN = r"""
_value:
  description: Groups of rules, as Prometheus reads them below C(groups) in a rule file.
  type: list
  elements: dict
  sample:
    - name: llmmon_stack_alerts
      interval: 30s
      rules:
        - alert: Watchdog
          expr: vector(1)
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.stack_alerts import stack_alerts


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name to function."""
        return {"stack_alerts": stack_alerts}
