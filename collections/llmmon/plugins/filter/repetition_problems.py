# SPDX-License-Identifier: Apache-2.0
"""Say which names appear twice in variables of an inventory."""

from __future__ import annotations

DOCUMENTATION = r"""
name: repetition_problems
short_description: Say which names appear twice in variables of an inventory
version_added: 0.1.0
description:
  - Where a name appears twice in a dictionary, YAML keeps the last and forgets the others without a word.
  - Reads the files below C(group_vars) and C(host_vars) as they are written. Files in a vault are passed over.
options:
  _input:
    description: Directories beside which C(group_vars) and C(host_vars) lie; empty names are passed over.
    type: list
    elements: path
    required: true
  variables:
    description: Names of the variables whose keys are looked at.
    type: list
    elements: str
    required: true
author:
  - llmmon (@llmmon)
"""

EXAMPLES = r"""
- name: Check that no receiver is given twice
  ansible.builtin.assert:
    that: __problems | length == 0
    fail_msg: "{{ __problems | join(' | ') }}"
  vars:
    __problems: "{{ [inventory_dir, playbook_dir] | llmmon.stack.repetition_problems(['llmmon_receivers']) }}"
"""

RETURN = r"""
_value:
  description: One sentence for each problem, which names the variable and what to change; empty when all is well.
  type: list
  elements: str
"""

from collections.abc import Callable

from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.repetitions import repetition_problems


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[..., list[str]]]:
        """Name to function."""
        return {"repetition_problems": repetition_problems}
