# SPDX-License-Identifier: Apache-2.0
"""Say what is wrong with the engines that samples are written to."""

from __future__ import annotations

DOCUMENTATION = r"""
name: remote_write_problems
short_description: Say what is wrong with the engines that samples are written to
version_added: 1.1.0
author:
  - llmmon (@llmmon)
description:
  - Looks at names, addresses, how to sign in, and at the external labels that tell the hosts apart.

options:
  _input:
    description: The value of llmmon_remote_write.
    type: list
    elements: dict
    required: true
  external_labels:
    description: The value of llmmon_prometheus_external_labels.
    type: dict
    required: true
  others:
    description: The external labels of the other hosts of the stack, by the host's name.
    type: dict
    required: true
extends_documentation_fragment:
  - llmmon.stack.inputs.file_places
"""

EXAMPLES = r"""
- name: Check the engines
  ansible.builtin.assert:
    that: __problems | length == 0
    fail_msg: "{{ __problems | join(' | ') }}"
  vars:
    __problems: "{{ llmmon_remote_write | llmmon.stack.remote_write_problems({'site': 'a'}, {}) }}"
"""

RETURN = r"""
_value:
  description: One sentence for each problem, which names the variable and what to change; empty when all is well.
  type: list
  elements: str
"""

from collections.abc import Callable

from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.remote_write import remote_write_problems


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[..., list[str]]]:
        """Name to function."""
        return {"remote_write_problems": remote_write_problems}
