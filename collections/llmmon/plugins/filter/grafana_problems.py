# SPDX-License-Identifier: Apache-2.0
"""Say what is wrong with dashboard files, folders and secrets of Grafana."""

from __future__ import annotations

DOCUMENTATION = r"""
name: grafana_problems
short_description: Say what is wrong with dashboard files, folders and secrets of Grafana
version_added: 0.1.0
description:
  - Checks uids of folders, names of dashboard files and of secrets, and that no two files would become one on the
    host.
options:
  _input:
    description: Paths of dashboards for llmmon's own folder, as in llmmon_grafana_dashboard_files.
    type: list
    elements: path
    required: true
  folders:
    description: The user's own folders, as in llmmon_grafana_folders.
    type: list
    elements: dict
    required: true
  own_folder_uid:
    description: The uid of llmmon's own folder.
    type: str
    required: true
  secrets:
    description: Secrets by name, as in llmmon_grafana_secrets.
    type: dict
    required: true
author:
  - llmmon (@llmmon)
"""

EXAMPLES = r"""
- name: Check folders and dashboard files
  ansible.builtin.assert:
    that: __problems | length == 0
    fail_msg: "{{ __problems | join(' | ') }}"
  vars:
    __problems: >-
      {{ llmmon_grafana_dashboard_files
         | llmmon.stack.grafana_problems(llmmon_grafana_folders, 'llmmon', llmmon_grafana_secrets) }}
"""

RETURN = r"""
_value:
  description: One sentence for each problem, which names the variable and what to change; empty when all is well.
  type: list
  elements: str
"""

from collections.abc import Callable

from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.grafana import grafana_problems


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[..., list[str]]]:
        """Name to function."""
        return {"grafana_problems": grafana_problems}
