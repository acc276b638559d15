# SPDX-License-Identifier: Apache-2.0
"""Say what each gateway counts."""

from __future__ import annotations

DOCUMENTATION = r"""
name: counted
short_description: Say what each gateway counts
version_added: 1.1.0
author:
  - llmmon (@llmmon)
description:
  - Makes of the presets of the gateways' kinds what M(llmmon.stack.stack_verify) compares with the gateways' pages.
options:
  _input:
    description: The gateways, as P(llmmon.stack.gateways#filter) returns them.
    type: list
    elements: dict
    required: true
  presets:
    description: The presets, as P(llmmon.stack.gateway_presets#filter) returns them.
    type: dict
    required: true
seealso:
  - plugin: llmmon.stack.gateway_presets
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Show what the gateways count
  ansible.builtin.debug:
    msg: "{{ __llmmon_gateways | llmmon.stack.counted(__llmmon_presets) }}"
"""

RETURN = r"""
_value:
  description:
    - By the gateway's name, signals with all names of their metrics, counters with the matchers of what counts of
      them, and the labels for models and teams.
  type: dict
  sample: {litellm: {kind: litellm, signals: {requests: [litellm_proxy_total_requests_metric_total]}, model: [model]}}
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.llmmon.stack.plugins.plugin_utils.counted import counted


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name to function."""
        return {"counted": counted}
