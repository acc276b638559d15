# SPDX-License-Identifier: Apache-2.0
"""Say what is wrong with the machines under the models."""

from __future__ import annotations

DOCUMENTATION = r"""
name: host_problems
short_description: Say what is wrong with the machines under the models
version_added: 1.1.0
author:
  - llmmon (@llmmon)
description:
  - Looks at names, the URLs of their exporters, the gateways that they serve, and how to sign in.

options:
  _input:
    description: The value of llmmon_hosts.
    type: list
    elements: dict
    required: true
  gateways:
    description: The names of the gateways.
    type: list
    elements: str
    required: true
  host_name:
    description: A name of the monitoring host that its containers know, or empty.
    type: str
    required: true
extends_documentation_fragment:
  - llmmon.stack.inputs.file_places
"""

EXAMPLES = r"""
- name: Check the hosts
  ansible.builtin.assert:
    that: __problems | length == 0
    fail_msg: "{{ __problems | join(' | ') }}"
  vars:
    __problems: "{{ llmmon_hosts | llmmon.stack.host_problems(['vllm'], '') }}"
"""

RETURN = r"""
_value:
  description: One sentence for each problem, which names the host and what to change; empty when all is well.
  type: list
  elements: str
"""

from collections.abc import Callable

from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.hosts import host_problems


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[..., list[str]]]:
        """Name to function."""
        return {"host_problems": host_problems}
