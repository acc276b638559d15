# SPDX-License-Identifier: Apache-2.0
"""Keep what canaries ask out of the metrics of a gateway."""

from __future__ import annotations

DOCUMENTATION = r"""
name: canary_relabel_configs
short_description: Keep what canaries ask out of the metrics of a gateway
version_added: 1.1.0
author:
  - llmmon (@llmmon)
description:
  - Drops the gateway's series of the canaries' keys, where the gateway says whose key it was.

options:
  _input:
    description: The value of llmmon_canaries.
    type: list
    elements: dict
    required: true
  gateway:
    description: One of P(llmmon.stack.gateways#filter).
    type: dict
    required: true
  presets:
    description: Presets by kind, as P(llmmon.stack.gateway_presets#filter) returns them.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show what is not taken
  ansible.builtin.debug:
    msg: "{{ llmmon_canaries | llmmon.stack.canary_relabel_configs(gateway, presets) }}"
"""

RETURN = r"""
_value:
  description: Entries for C(metric_relabel_configs).
  type: list
  elements: dict
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.llmmon.stack.plugins.plugin_utils.canaries import canary_relabel_configs


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name to function."""
        return {"canary_relabel_configs": canary_relabel_configs}
