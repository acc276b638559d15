# SPDX-License-Identifier: Apache-2.0
"""Write groups of rules down as a rule file."""

from __future__ import annotations

DOCUMENTATION = r"""
name: rule_file
short_description: Write groups of rules down as a rule file
version_added: 0.1.0
author:
  - llmmon (@llmmon)
description:
  - Gives the YAML that Prometheus reads, with each expression on lines of its own where it has several.
options:
  _input:
    description: Groups of rules.
    type: list
    elements: dict
    required: true
seealso:
  - plugin: llmmon.stack.recording_rules
    plugin_type: filter
  - plugin: llmmon.stack.llm_alerts
    plugin_type: filter
  - plugin: llmmon.stack.stack_alerts
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Write a rule file
  ansible.builtin.copy:
    content: "{{ __llmmon_rule_settings | llmmon.stack.stack_alerts | llmmon.stack.rule_file }}\n"
    dest: /tmp/stack_alerts.yml
    mode: "0644"
"""

RETURN = r"""
_value:
  description: The content of the file, without a line break at its end.
  type: str
  sample: "groups:\n  - name: mine\n    interval: 30s\n    rules: []"
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.writing import rule_file


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name to function."""
        return {"rule_file": rule_file}
