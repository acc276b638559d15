# SPDX-License-Identifier: Apache-2.0
"""Compute the rules about the machines under the models."""

from __future__ import annotations

DOCUMENTATION = r"""
name: host_rules
short_description: Compute the rules about the machines under the models
version_added: 1.1.0
author:
  - llmmon (@llmmon)
description:
  - What is recorded of hosts and GPUs, the gateways that they serve, and the alerts about them.

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
    msg: "{{ __llmmon_rule_settings | llmmon.stack.host_rules }}"
"""

RETURN = r"""
_value:
  description: Groups of rules, as Prometheus reads them below C(groups) in a rule file.
  type: list
  elements: dict
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.host_rules import host_rules


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name to function."""
        return {"host_rules": host_rules}
