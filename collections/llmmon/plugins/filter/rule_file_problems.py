# SPDX-License-Identifier: Apache-2.0
"""Say what is wrong with the user's own rule files beside llmmon's rules."""

from __future__ import annotations

DOCUMENTATION = r"""
name: rule_file_problems
short_description: Say what is wrong with the user's own rule files beside llmmon's rules
version_added: 0.1.0
description:
  - Finds files of the same name and files that cannot be read, groups and alerts that llmmon has too, and matchers that
    do not compile.
  - Files that are not rules are left to promtool, which checks them on the host.
options:
  _input:
    description: Paths on the controller, as in llmmon_prometheus_rule_files.
    type: list
    elements: path
    required: true
  alerts:
    description: llmmon's alerts by name, with what the user changes; one with C(enabled) V(false) takes up no name.
    type: dict
    required: true
extends_documentation_fragment:
  - llmmon.stack.inputs.file_places
author:
  - llmmon (@llmmon)
"""

EXAMPLES = r"""
- name: Check the rule files
  ansible.builtin.assert:
    that: __problems | length == 0
    fail_msg: "{{ __problems | join(' | ') }}"
  vars:
    __problems: "{{ llmmon_prometheus_rule_files | llmmon.stack.rule_file_problems(__llmmon_alerts) }}"
"""

RETURN = r"""
_value:
  description: One sentence for each problem, which names the variable and what to change; empty when all is well.
  type: list
  elements: str
"""

from collections.abc import Callable

from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.rule_files import rule_file_problems


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[..., list[str]]]:
        """Name to function."""
        return {"rule_file_problems": rule_file_problems}
