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
  - Looks at C(llmmon_token_prices) and C(llmmon_team_budgets).
options:
  _input:
    description: Prices of tokens in US dollars, by model, for C(input) and C(output).
    type: dict
    required: true
  budgets:
    description: US dollars in 30 days, by team.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Check prices and budgets
  ansible.builtin.assert:
    that: llmmon_token_prices | llmmon.stack.cost_problems(llmmon_team_budgets) | length == 0
"""

RETURN = r"""
_value:
  description: Sentences that name the variable to change; none when all is well.
  type: list
  elements: str
  sample: ["llmmon_team_budgets: the budget of search is not a number of US dollars"]
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.costs import cost_problems


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name to function."""
        return {"cost_problems": cost_problems}
