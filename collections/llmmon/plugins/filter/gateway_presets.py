# SPDX-License-Identifier: Apache-2.0
"""Read the presets of the gateways' kinds."""

from __future__ import annotations

DOCUMENTATION = r"""
name: gateway_presets
short_description: Read the presets of the gateways' kinds
version_added: 0.1.0
author:
  - llmmon (@llmmon)
description:
  - A preset says what one kind of gateway calls its metrics; it is a file in C(vars/presets) of the role prometheus.
  - Fails when a preset in use is not as it should be. A kind without a preset is left out.
options:
  _input:
    description: The gateways; what counts of each is its C(kind).
    type: list
    elements: dict
    required: true
  directory:
    description: The folder on the controller that holds one file for each kind.
    type: path
    required: true
  own:
    description:
      - The folder on the controller with presets of the user's own; its files count before those of O(directory).
      - None when empty.
    type: path
    default: ""
seealso:
  - plugin: llmmon.stack.preset_kinds
    plugin_type: filter
  - plugin: llmmon.stack.preset_problems
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Show what LiteLLM calls its metrics
  ansible.builtin.debug:
    msg: "{{ [{'kind': 'litellm'}] | llmmon.stack.gateway_presets(role_path ~ '/vars/presets') }}"
"""

RETURN = r"""
_value:
  description: The kinds in use, and what their files say.
  type: dict
  sample: {canonical: {requests: [{metrics: [llm_requests_total]}]}}
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.llmmon.stack.plugins.plugin_utils.presets import gateway_presets


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name to function."""
        return {"gateway_presets": gateway_presets}
