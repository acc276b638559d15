# SPDX-License-Identifier: Apache-2.0
"""Say what is wrong with the settings of the stack, by the specifications of the roles."""

from __future__ import annotations

DOCUMENTATION = r"""
name: setting_problems
short_description: Say what is wrong with the settings of the stack, by the specifications of the roles
version_added: 0.1.0
description:
  - Compares variables with the options in C(meta/argument_specs.yml) of all roles of llmmon. Finds names that no role
    knows, values of another type or form (a duration, an amount of memory, an address, ...), values that are not among
    the choices, keys that a dictionary may not have, placeholders that are left, and settings that are missing.
options:
  _input:
    description: Variables whose names start with C(llmmon_), with their values.
    type: dict
    required: true
  roles_directory:
    description: Directory of the roles.
    type: path
    required: true
  roles_in_play:
    description: Names of the roles in the play, without their collection. Of these the required settings must be there.
    type: list
    elements: str
    required: true
  other_names:
    description: Names of all variables. Those that nearly start with C(llmmon_) are found among them.
    type: list
    elements: str
    required: true
  host:
    description: Address of the host. One that is set aside for examples is refused.
    type: str
    default: ""
author:
  - llmmon (@llmmon)
"""

EXAMPLES = r"""
- name: Check the settings of a stack
  ansible.builtin.assert:
    that: __problems | length == 0
    fail_msg: "{{ __problems | join(' | ') }}"
  vars:
    __names: "{{ query('ansible.builtin.varnames', '^llmmon_') }}"
    __problems: >-
      {{ dict(__names | zip(query('ansible.builtin.vars', *__names)))
         | llmmon.stack.setting_problems(
             role_path ~ '/..', ['engine', 'prometheus'], query('ansible.builtin.varnames', '.')) }}
"""

RETURN = r"""
_value:
  description: One sentence for each problem, which names the variable to change. Values of secrets are not shown.
  type: list
  elements: str
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.specification import setting_problems


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"setting_problems": setting_problems}
