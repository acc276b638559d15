# SPDX-License-Identifier: Apache-2.0
"""Choose the gateways that a host of a shard scrapes."""

from __future__ import annotations

DOCUMENTATION = r"""
name: shard_gateways
short_description: Choose the gateways that a host of a shard scrapes
version_added: 1.1.0
author:
  - llmmon (@llmmon)
description:
  - Every host comes to the same by itself. When a host joins or leaves, a gateway moves from or to that host alone.

options:
  _input:
    description: The gateways, as in llmmon_gateways.
    type: list
    elements: dict
    required: true
  host:
    description: The host that asks.
    type: str
    required: true
  hosts:
    description: All hosts of the shard.
    type: list
    elements: str
    required: true
  replicas:
    description: How many hosts scrape each gateway.
    type: int
    required: true
"""

EXAMPLES = r"""
- name: Name the gateways of this host
  ansible.builtin.debug:
    msg: "{{ llmmon_gateways | llmmon.stack.shard_gateways('one', ['one', 'two'], 1) | map(attribute='name') }}"
"""

RETURN = r"""
_value:
  description: Those gateways, in their order.
  type: list
  elements: dict
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.llmmon.stack.plugins.plugin_utils.shards import shard_gateways


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name to function."""
        return {"shard_gateways": shard_gateways}
