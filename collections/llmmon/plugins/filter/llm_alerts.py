# SPDX-License-Identifier: Apache-2.0
"""Compute the alerts about gateways."""

from __future__ import annotations

DOCUMENTATION = r"""
name: llm_alerts
short_description: Compute the alerts about gateways
version_added: 0.1.0
author:
  - llmmon (@llmmon)
description:
  - Failures, latency, surges, budgets, gateways that are gone, refused tokens, and too many series.
extends_documentation_fragment:
  - llmmon.stack.inputs.gateways
  - llmmon.stack.inputs.rules
"""

EXAMPLES = r"""
- name: Show the rules
  ansible.builtin.debug:
    msg: "{{ __llmmon_gateways | llmmon.stack.llm_alerts(__llmmon_presets, __llmmon_rule_settings) }}"
"""

RETURN = r"""
_value:
  description: Groups of rules, as Prometheus reads them below C(groups) in a rule file.
  type: list
  elements: dict
  sample:
    - name: llmmon_alerts
      interval: 30s
      rules:
        - alert: LLMRequestSurge
          expr: job:llm_requests:surge_ratio >= 3
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.llm_alerts import llm_alerts


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name to function."""
        return {"llm_alerts": llm_alerts}
