# SPDX-License-Identifier: Apache-2.0
"""Say what is wrong with llmmon_alerts."""

from __future__ import annotations

DOCUMENTATION = r"""
name: alert_problems
short_description: Say what is wrong with llmmon_alerts
version_added: 0.1.0
description:
  - Checks that each alert that is tuned exists, and that it is tuned by keys and values that alerts have.
  - C(for) is a duration as Prometheus writes it, such as V(90s), V(1h30m) or V(1w).
options:
  _input:
    description: The changes by name of the alert, as in llmmon_alerts.
    type: dict
    required: true
  known:
    description: Names of all alerts.
    type: list
    elements: str
    required: true
author:
  - llmmon (@llmmon)
"""

EXAMPLES = r"""
- name: Check the tuned alerts
  ansible.builtin.assert:
    that: __problems | length == 0
    fail_msg: "{{ __problems | join(' | ') }}"
  vars:
    __problems: "{{ llmmon_alerts | llmmon.stack.alert_problems(['LLMTargetDown', 'LLMTokenSurge']) }}"
"""

RETURN = r"""
_value:
  description: One sentence for each problem, which names the variable and what to change; empty when all is well.
  type: list
  elements: str
"""

from collections.abc import Callable

from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.alerts import alert_problems


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[..., list[str]]]:
        """Name to function."""
        return {"alert_problems": alert_problems}
