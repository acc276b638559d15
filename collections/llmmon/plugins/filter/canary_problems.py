# SPDX-License-Identifier: Apache-2.0
"""Say what is wrong with the canaries."""

from __future__ import annotations

DOCUMENTATION = r"""
name: canary_problems
short_description: Say what is wrong with the canaries
version_added: 1.1.0
author:
  - llmmon (@llmmon)
description:
  - Looks at names, questions and their answers, the cap, and how to sign in.

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
  gateways:
    description: The names of the gateways.
    type: list
    elements: str
    required: true
extends_documentation_fragment:
  - llmmon.stack.inputs.file_places
"""

EXAMPLES = r"""
- name: Check the canaries
  ansible.builtin.assert:
    that: __problems | length == 0
    fail_msg: "{{ __problems | join(' | ') }}"
  vars:
    __problems: "{{ llmmon_canaries | llmmon.stack.canary_problems({}, ['litellm']) }}"
"""

RETURN = r"""
_value:
  description: One sentence for each problem, which names the variable and what to change; empty when all is well.
  type: list
  elements: str
"""

from collections.abc import Callable

from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.canaries import canary_problems


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[..., list[str]]]:
        """Name to function."""
        return {"canary_problems": canary_problems}
