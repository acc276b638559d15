# SPDX-License-Identifier: Apache-2.0
"""Say what is wrong with prices and budgets."""

from __future__ import annotations

DOCUMENTATION = r"""
name: cost_problems
short_description: Say what is wrong with prices and budgets
version_added: 0.1.0
author:
  - llmmon (@llmmon)
description:
  - Looks at C(llmmon_token_prices), C(llmmon_budgets) and C(llmmon_gpu_hour_prices).
options:
  _input:
    description: Prices of tokens in US dollars, by model or pattern, for C(input), C(output) and C(cached_input).
    type: dict
    required: true
  budgets:
    description: US dollars that may be spent, as in llmmon_budgets.
    type: dict
    required: true
  hour_prices:
    description: US dollars an hour of a target that is up, by gateway.
    type: dict
    required: true
  gateways:
    description: Names of all gateways.
    type: list
    elements: str
    required: true
"""

EXAMPLES = r"""
- name: Check prices and budgets
  ansible.builtin.assert:
    that: __problems | length == 0
  vars:
    __problems: >-
      {{ llmmon_token_prices | llmmon.stack.cost_problems(
           llmmon_budgets, llmmon_gpu_hour_prices, llmmon_gateways | map(attribute='name') | list) }}
"""

RETURN = r"""
_value:
  description: Sentences that name the variable to change; none when all is well.
  type: list
  elements: str
  sample: ["llmmon_budgets.teams: search needs a number of US dollars, or a dictionary of month and day"]
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.costs import cost_problems


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name to function."""
        return {"cost_problems": cost_problems}
