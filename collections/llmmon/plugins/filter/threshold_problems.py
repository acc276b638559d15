# SPDX-License-Identifier: Apache-2.0
"""Say what is wrong with the numbers that alerts compare with."""

from __future__ import annotations

DOCUMENTATION = r"""
name: threshold_problems
short_description: Say what is wrong with the numbers that alerts compare with
version_added: 0.1.0
description:
  - Checks that every number is known, is a number, and is one that the alert can ever reach.
  - Also refuses a burn rate that together with its objective asks for a ratio above 1.
options:
  _input:
    description: The thresholds, as in llmmon_thresholds.
    type: dict
    required: true
  slo:
    description: The objectives, as in llmmon_slo.
    type: dict
    required: true
  surge_floors:
    description: The rates below which nothing is a surge, as in llmmon_surge_floors.
    type: dict
    required: true
  defaults:
    description: What holds where llmmon_thresholds and llmmon_slo say nothing, both in one dictionary.
    type: dict
    required: true
author:
  - llmmon (@llmmon)
"""

EXAMPLES = r"""
- name: Check the thresholds
  ansible.builtin.assert:
    that: __problems | length == 0
    fail_msg: "{{ __problems | join(' | ') }}"
  vars:
    __problems: >-
      {{ llmmon_thresholds
         | llmmon.stack.threshold_problems(llmmon_slo, llmmon_surge_floors, __llmmon_number_defaults) }}
"""

RETURN = r"""
_value:
  description: One sentence for each problem, which names the variable and what to change; empty when all is well.
  type: list
  elements: str
"""

from collections.abc import Callable

from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.thresholds import threshold_problems


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[..., list[str]]]:
        """Name to function."""
        return {"threshold_problems": threshold_problems}
