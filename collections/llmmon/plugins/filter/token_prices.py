# SPDX-License-Identifier: Apache-2.0
"""Put the user's prices and those of a list together."""

from __future__ import annotations

DOCUMENTATION = r"""
name: token_prices
short_description: Put the user's prices and those of a list together
version_added: 1.0.0
author:
  - llmmon (@llmmon)
description:
  - What the user has a price for, by name or by pattern, is not taken from the list.
options:
  _input:
    description: Prices as in llmmon_token_prices.
    type: dict
    required: true
  path:
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
- name: Show all prices
  ansible.builtin.debug:
    msg: "{{ llmmon_token_prices | llmmon.stack.token_prices('prices.json', ['gpt-4o*']) }}"
"""

RETURN = r"""
_value:
  description: Prices by model or pattern.
  type: dict
  sample: {gpt-x: {input: 0.0000025, output: 0.00001}}
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.llmmon.stack.plugins.plugin_utils.price_file import token_prices


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name to function."""
        return {"token_prices": token_prices}
