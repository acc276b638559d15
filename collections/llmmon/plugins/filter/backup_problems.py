# SPDX-License-Identifier: Apache-2.0
"""Say what is wrong with the settings of backups."""

from __future__ import annotations

DOCUMENTATION = r"""
name: backup_problems
short_description: Say what is wrong with the settings of backups
version_added: 1.0.0
author:
  - llmmon (@llmmon)
description:
  - Checks what can be known before a backup is made, so that a schedule under which none can succeed is refused, and
    so is a private key where a public one is meant.
options:
  _input:
    description: The variables of the role backup by their names.
    type: dict
    required: true
  scopes:
    description:
      - What is to be backed up, V(full) or V(config), by the variable that says so, where Prometheus is a part of it.
    type: dict
    required: true
  admin_api:
    description: Whether Prometheus has the API that makes snapshots.
    type: bool
    required: true
"""

EXAMPLES = r"""
- name: Check the settings of backups
  ansible.builtin.assert:
    that: __problems | length == 0
    fail_msg: "{{ __problems | join(' | ') }}"
  vars:
    __problems: >-
      {{ dict(__names | zip(query('ansible.builtin.vars', *__names)))
         | llmmon.stack.backup_problems({'llmmon_backup_scope': llmmon_backup_scope}, llmmon_prometheus_admin_api) }}
    __names: "{{ query('ansible.builtin.varnames', '^llmmon_backup_') }}"
"""

RETURN = r"""
_value:
  description: One sentence for each problem, which names the variable and what to change; empty when all is well.
  type: list
  elements: str
"""

from collections.abc import Callable

from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.backups import backup_problems


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[..., list[str]]]:
        """Name to function."""
        return {"backup_problems": backup_problems}
