# SPDX-License-Identifier: Apache-2.0
"""Say what is wrong with llmmon_time_zone."""

from __future__ import annotations

DOCUMENTATION = r"""
name: time_zone_problems
short_description: Say what is wrong with llmmon_time_zone
version_added: 1.0.0
author:
  - llmmon (@llmmon)
description:
  - Checks that it is the name of a time zone, where the controller knows these.
options:
  _input:
    description: The name, as in llmmon_time_zone.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Check the time zone
  ansible.builtin.assert:
    that: __problems | length == 0
    fail_msg: "{{ __problems | join(' | ') }}"
  vars:
    __problems: "{{ llmmon_time_zone | llmmon.stack.time_zone_problems }}"
"""

RETURN = r"""
_value:
  description: One sentence for each problem, which names the variable and what to change; empty when all is well.
  type: list
  elements: str
"""

from collections.abc import Callable

from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.intervals import time_zone_problems


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[..., list[str]]]:
        """Name to function."""
        return {"time_zone_problems": time_zone_problems}
