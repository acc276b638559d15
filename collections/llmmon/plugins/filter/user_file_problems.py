# SPDX-License-Identifier: Apache-2.0
"""Say what is wrong with a list of the user's files."""

from __future__ import annotations

DOCUMENTATION = r"""
name: user_file_problems
short_description: Say what is wrong with a list of the user's files
version_added: 1.0.0
author:
  - llmmon (@llmmon)
description:
  - Finds two files of one name, which would be one on the host, files that cannot be read on the controller, and those
    that are not valid JSON although their names say so.
options:
  _input:
    description: Paths on the controller.
    type: list
    elements: path
    required: true
  variable:
    description: The variable that has the list, for messages.
    type: str
    required: true
  one_folder:
    description: Whether all of them go into one folder on the host, where two cannot have one name.
    type: bool
    default: true
extends_documentation_fragment:
  - llmmon.stack.inputs.file_places
"""

EXAMPLES = r"""
- name: Check the files
  ansible.builtin.assert:
    that: __problems | length == 0
    fail_msg: "{{ __problems | join(' | ') }}"
  vars:
    __problems: >-
      {{ llmmon_alertmanager_template_files
         | llmmon.stack.user_file_problems('llmmon_alertmanager_template_files', places=[inventory_dir]) }}
"""

RETURN = r"""
_value:
  description: One sentence for each problem, which names the variable and what to change; empty when all is well.
  type: list
  elements: str
"""

from collections.abc import Callable

from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.user_files import user_file_problems


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[..., list[str]]]:
        """Name to function."""
        return {"user_file_problems": user_file_problems}
