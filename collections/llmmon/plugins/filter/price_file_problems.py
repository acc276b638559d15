# SPDX-License-Identifier: Apache-2.0
"""Say what is wrong with a list of prices."""

from __future__ import annotations

DOCUMENTATION = r"""
name: price_file_problems
short_description: Say what is wrong with a list of prices
version_added: 1.0.0
author:
  - llmmon (@llmmon)
description:
  - The list came from somewhere; nothing in it is believed that cannot be a price.
options:
  _input:
    description: List of prices on the controller, in LiteLLM's format; none when empty.
    type: path
    required: true
  models:
    description: Names and patterns of the models to take out of the list.
    type: list
    elements: str
    required: true
"""

EXAMPLES = r"""
- name: Check the list of prices
  ansible.builtin.assert:
    that: "'prices.json' | llmmon.stack.price_file_problems(['gpt-4o*']) | length == 0"
"""

RETURN = r"""
_value:
  description: Sentences that name the variable to change; none when all is well.
  type: list
  elements: str
  sample: ["llmmon_token_price_file: prices.json is not valid JSON"]
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.llmmon.stack.plugins.plugin_utils.price_file import price_file_problems


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name to function."""
        return {"price_file_problems": price_file_problems}
