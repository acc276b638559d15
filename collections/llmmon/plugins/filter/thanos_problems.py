# SPDX-License-Identifier: Apache-2.0
"""Say what is wrong with the settings of Thanos."""

from __future__ import annotations

DOCUMENTATION = r"""
name: thanos_problems
short_description: Say what is wrong with the settings of Thanos
version_added: 1.1.0
author:
  - llmmon (@llmmon)
description:
  - Looks at the components of this host, at its object storage, and at what other hosts of the stack have for the same
    bucket.

options:
  _input:
    description: >-
      The variables of this host by name. Those of the role thanos, and llmmon_services,
      llmmon_prometheus_external_labels and llmmon_prometheus_extra_flags.
    type: dict
    required: true
  others:
    description: >-
      The other hosts of the stack, each with its llmmon_thanos_components, llmmon_thanos_object_storage and
      llmmon_prometheus_external_labels.
    type: dict
    required: true
extends_documentation_fragment:
  - llmmon.stack.inputs.file_places
"""

EXAMPLES = r"""
- name: Check the settings of Thanos
  ansible.builtin.assert:
    that: __problems | length == 0
    fail_msg: "{{ __problems | join(' | ') }}"
  vars:
    __problems: "{{ __settings | llmmon.stack.thanos_problems({}) }}"
"""

RETURN = r"""
_value:
  description: One sentence for each problem, which names the variable and what to change; empty when all is well.
  type: list
  elements: str
"""

from collections.abc import Callable

from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.thanos import thanos_problems


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[..., list[str]]]:
        """Name to function."""
        return {"thanos_problems": thanos_problems}
