# SPDX-License-Identifier: Apache-2.0
"""Say which files of the user's own are not there."""

from __future__ import annotations

DOCUMENTATION = r"""
name: user_file_problems
short_description: Say which files of the user's own are not there
version_added: 0.1.0
description:
  - Looks for each file as P(llmmon.stack.user_files#filter) does, and finds those that are nowhere, cannot be read, are
    not text, or are not valid JSON although their name says so.
options:
  _input:
    description: Where each file goes in a release, and its path as the user wrote it.
    type: dict
    required: true
  places:
    description: Directories in which relative paths are looked for, the first one that has the file wins.
    type: list
    elements: path
    required: true
author:
  - llmmon (@llmmon)
"""

EXAMPLES = r"""
- name: Check the files of the user's own
  ansible.builtin.assert:
    that: __problems | length == 0
    fail_msg: "{{ __problems | join(' | ') }}"
  vars:
    __problems: "{{ {'rules.d/mine.yml': 'rules/mine.yml'} | llmmon.stack.user_file_problems([inventory_dir]) }}"
"""

RETURN = r"""
_value:
  description: One sentence for each problem, which names the variable; empty when all is well.
  type: list
  elements: str
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.user_files import user_file_problems


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name to function."""
        return {"user_file_problems": user_file_problems}
