# SPDX-License-Identifier: Apache-2.0
"""Find the files of the user's own on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
name: user_files
short_description: Find the files of the user's own on the controller
version_added: 1.0.0
description:
  - A path that is absolute, or begins with C(~), is taken as it is. Any other is looked for in the places, one after
    the other; the roles pass the inventory's folder, the folder that one is in, the playbook's folder, C(files) in it,
    and C(files) of the role.
  - A file that is in none of them keeps its path; P(llmmon.stack.user_file_problems#filter) says so.
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
- name: Install a configuration with files of the user's own
  llmmon.stack.config_tree:
    src: prometheus
    dest: /etc/llmmon/prometheus
    group: 65534
    extra_files: "{{ {'rules.d/mine.yml': 'rules/mine.yml'} | llmmon.stack.user_files([inventory_dir]) }}"
"""

RETURN = r"""
_value:
  description: The same, with whole paths.
  type: dict
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.user_files import user_files


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name to function."""
        return {"user_files": user_files}
