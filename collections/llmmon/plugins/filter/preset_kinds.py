# SPDX-License-Identifier: Apache-2.0
"""List the kinds of gateways that have a preset."""

from __future__ import annotations

DOCUMENTATION = r"""
name: preset_kinds
short_description: List the kinds of gateways that have a preset
version_added: 0.1.0
author:
  - llmmon (@llmmon)
description:
  - There is one file for each kind.
options:
  _input:
    description: The folder on the controller that holds the presets.
    type: path
    required: true
  own:
    description:
      - The folder on the controller with presets of the user's own; its files count before those of O(_input).
      - None when empty.
    type: path
    default: ""
seealso:
  - plugin: llmmon.stack.gateway_presets
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Show which kinds of gateways there are
  ansible.builtin.debug:
    msg: "{{ (role_path ~ '/vars/presets') | llmmon.stack.preset_kinds }}"
"""

RETURN = r"""
_value:
  description: The kinds, in order.
  type: list
  elements: str
  sample: [canonical, litellm, vllm]
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.llmmon.stack.plugins.plugin_utils.presets import preset_kinds


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name to function."""
        return {"preset_kinds": preset_kinds}
