# SPDX-License-Identifier: Apache-2.0
"""Fill in every default of the canaries."""

from __future__ import annotations

DOCUMENTATION = r"""
name: canary_settings
short_description: Fill in every default of the canaries
version_added: 1.1.0
author:
  - llmmon (@llmmon)
description:
  - What the canary's program is told. There are no secrets in it, only the names of their files.

options:
  _input:
    description: The value of llmmon_canaries.
    type: list
    elements: dict
    required: true
  prices:
    description: Prices of tokens by model or pattern, as P(llmmon.stack.token_prices#filter) returns them.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show what the program is told
  ansible.builtin.debug:
    msg: "{{ llmmon_canaries | llmmon.stack.canary_settings({}) }}"
"""

RETURN = r"""
_value:
  description: One dictionary for each canary.
  type: list
  elements: dict
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.llmmon.stack.plugins.plugin_utils.canaries import canary_settings


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name to function."""
        return {"canary_settings": canary_settings}
