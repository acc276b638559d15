# SPDX-License-Identifier: Apache-2.0
"""Say what is wrong with how gateways are spread over hosts."""

from __future__ import annotations

DOCUMENTATION = r"""
name: shard_problems
short_description: Say what is wrong with how gateways are spread over hosts
version_added: 1.1.0
author:
  - llmmon (@llmmon)
description:
  - Looks at the number of hosts, at the label by which they differ, and at budgets that no single host can see.

options:
  _input:
    description: The hosts of the shard.
    type: list
    elements: str
    required: true
  replicas:
    description: The value of llmmon_replicas.
    type: int
    required: true
  budgets:
    description: The value of llmmon_budgets.
    type: dict
    required: true
  replica_label:
    description: The value of llmmon_prometheus_replica_label.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Check the shard
  ansible.builtin.assert:
    that: __problems | length == 0
    fail_msg: "{{ __problems | join(' | ') }}"
  vars:
    __problems: "{{ ['one', 'two'] | llmmon.stack.shard_problems(2, {}, 'replica') }}"
"""

RETURN = r"""
_value:
  description: One sentence for each problem, which names the variable and what to change; empty when all is well.
  type: list
  elements: str
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.shards import shard_problems


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name to function."""
        return {"shard_problems": shard_problems}
