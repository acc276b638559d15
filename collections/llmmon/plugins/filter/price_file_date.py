# SPDX-License-Identifier: Apache-2.0
"""Say when a list of prices was last changed."""

from __future__ import annotations

DOCUMENTATION = r"""
name: price_file_date
short_description: Say when a list of prices was last changed
version_added: 1.0.0
author:
  - llmmon (@llmmon)
description:
  - The file's own time of change.
options:
  _input:
    description: List of prices on the controller, in LiteLLM's format; none when empty.
    type: path
    required: true
"""

EXAMPLES = r"""
- name: Show how old the prices are
  ansible.builtin.debug:
    msg: "{{ 'prices.json' | llmmon.stack.price_file_date }}"
"""

RETURN = r"""
_value:
  description: Seconds since 1970; 0 without a list.
  type: int
  sample: 1764000000
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.llmmon.stack.plugins.plugin_utils.price_file import price_file_date


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name to function."""
        return {"price_file_date": price_file_date}
