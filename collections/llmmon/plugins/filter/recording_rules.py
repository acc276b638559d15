# SPDX-License-Identifier: Apache-2.0
"""Compute the recording rules."""

from __future__ import annotations

DOCUMENTATION = r"""
name: recording_rules
short_description: Compute the recording rules
version_added: 0.1.0
author:
  - llmmon (@llmmon)
description:
  - Records the metrics of every kind of gateway under one set of names, and from these ratios, surges and costs.
extends_documentation_fragment:
  - llmmon.stack.inputs.gateways
  - llmmon.stack.inputs.rules
"""

EXAMPLES = r"""
- name: Show the rules
  ansible.builtin.debug:
    msg: "{{ __llmmon_gateways | llmmon.stack.recording_rules(__llmmon_presets, __llmmon_rule_settings) }}"
"""

RETURN = r"""
_value:
  description: Groups of rules, as Prometheus reads them below C(groups) in a rule file.
  type: list
  elements: dict
  sample:
    - name: llmmon_recording
      interval: 30s
      rules:
        - record: job_model:llm_requests:increase5m
          expr: round(job_model:llm_requests:rate5m * 300, 0.01)
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.recording import recording_rules


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name to function."""
        return {"recording_rules": recording_rules}
