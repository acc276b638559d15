# SPDX-License-Identifier: Apache-2.0
"""Say which variables look like llmmon's and are not."""

from __future__ import annotations

DOCUMENTATION = r"""
name: unknown_variable_problems
short_description: Say which variables look like llmmon's and are not
version_added: 0.1.0
description:
  - Ansible takes any variable, so a misspelt one has no effect, and nobody is told.
  - Names each variable that starts with C(llmmon_) and is not known, and the known one that is most like it.
positional: known
options:
  _input:
    description: Names of variables, as the user gives them; those that do not start with C(llmmon_) are passed over.
    type: list
    elements: str
    required: true
  known:
    description: Names of the variables that there are.
    type: list
    elements: str
    required: true
author:
  - llmmon (@llmmon)
"""

EXAMPLES = r"""
- name: Check that every variable is known
  ansible.builtin.assert:
    that: __problems | length == 0
    fail_msg: "{{ __problems | join(' | ') }}"
  vars:
    __problems: >-
      {{ query('ansible.builtin.varnames', '^llmmon_')
         | llmmon.stack.unknown_variable_problems(['llmmon_receivers', 'llmmon_routes']) }}
"""

RETURN = r"""
_value:
  description: One sentence for each problem, which names the variable and what to change; empty when all is well.
  type: list
  elements: str
  sample:
    - >-
      llmmon_recievers is not a variable of llmmon; did you mean llmmon_receivers? Correct or remove it in your
      inventory.
"""

from collections.abc import Callable

from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.variables import unknown_variable_problems


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[..., list[str]]]:
        """Name to function."""
        return {"unknown_variable_problems": unknown_variable_problems}
