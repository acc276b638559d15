# SPDX-License-Identifier: Apache-2.0
"""Say what is wrong with llmmon_threshold_overrides."""

from __future__ import annotations

DOCUMENTATION = r"""
name: override_problems
short_description: Say what is wrong with llmmon_threshold_overrides
version_added: 1.0.0
description:
  - Checks that each entry is about a gateway that exists, that its patterns compile, and that its numbers are known
    and make sense.
  - Also refuses an entry that never counts because a later one matches all that it matches.
options:
  _input:
    description: The entries, as in llmmon_threshold_overrides.
    type: list
    elements: dict
    required: true
  gateways:
    description: The gateways, as in llmmon_gateways.
    type: list
    elements: dict
    required: true
  defaults:
    description: What holds for the whole stack, thresholds and objectives in one dictionary.
    type: dict
    required: true
author:
  - llmmon (@llmmon)
"""

EXAMPLES = r"""
- name: Check the thresholds of single models
  ansible.builtin.assert:
    that: __problems | length == 0
    fail_msg: "{{ __problems | join(' | ') }}"
  vars:
    __problems: >-
      {{ llmmon_threshold_overrides | llmmon.stack.override_problems(llmmon_gateways, __llmmon_number_defaults) }}
"""

RETURN = r"""
_value:
  description: One sentence for each problem, which names the entry and what to change; empty when all is well.
  type: list
  elements: str
"""

from collections.abc import Callable

from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.overrides import override_problems


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[..., list[str]]]:
        """Name to function."""
        return {"override_problems": override_problems}
