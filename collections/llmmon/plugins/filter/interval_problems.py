# SPDX-License-Identifier: Apache-2.0
"""Say what is wrong with llmmon_mute_time_intervals."""

from __future__ import annotations

DOCUMENTATION = r"""
name: interval_problems
short_description: Say what is wrong with llmmon_mute_time_intervals
version_added: 0.1.0
description:
  - Checks times of day, days, months, years and time zones.
extends_documentation_fragment:
  - llmmon.stack.inputs.intervals
author:
  - llmmon (@llmmon)
"""

EXAMPLES = r"""
- name: Check the time intervals
  ansible.builtin.assert:
    that: __problems | length == 0
    fail_msg: "{{ __problems | join(' | ') }}"
  vars:
    __problems: "{{ llmmon_mute_time_intervals | llmmon.stack.interval_problems }}"
"""

RETURN = r"""
_value:
  description: One sentence for each problem, which names the variable and what to change; empty when all is well.
  type: list
  elements: str
"""

from collections.abc import Callable

from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.intervals import interval_problems


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[..., list[str]]]:
        """Name to function."""
        return {"interval_problems": interval_problems}
