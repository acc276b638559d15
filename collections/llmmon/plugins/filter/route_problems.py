# SPDX-License-Identifier: Apache-2.0
"""Say what is wrong with llmmon_routes and llmmon_default_receivers."""

from __future__ import annotations

DOCUMENTATION = r"""
name: route_problems
short_description: Say what is wrong with llmmon_routes and llmmon_default_receivers
version_added: 0.1.0
description:
  - Checks that every route leads to a receiver, and that every receiver has a route.
  - Checks matchers, durations and names of time intervals, and finds routes that no alert reaches.
options:
  _input:
    description: The routes, as in llmmon_routes.
    type: list
    elements: dict
    required: true
  default_receivers:
    description: Names of the receivers of all other alerts, as in llmmon_default_receivers.
    type: list
    elements: str
    required: true
  receivers:
    description: The receivers by name, as in llmmon_receivers.
    type: dict
    required: true
  intervals:
    description: The time intervals by name, as in llmmon_mute_time_intervals.
    type: dict
    required: true
author:
  - llmmon (@llmmon)
"""

EXAMPLES = r"""
- name: Check the routes
  ansible.builtin.assert:
    that: __problems | length == 0
    fail_msg: "{{ __problems | join(' | ') }}"
  vars:
    __problems: >-
      {{ llmmon_routes
         | llmmon.stack.route_problems(llmmon_default_receivers, llmmon_receivers, llmmon_mute_time_intervals) }}
"""

RETURN = r"""
_value:
  description: One sentence for each problem, which names the variable and what to change; empty when all is well.
  type: list
  elements: str
"""

from collections.abc import Callable

from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.routes import route_problems


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[..., list[str]]]:
        """Name to function."""
        return {"route_problems": route_problems}
