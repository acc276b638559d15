# SPDX-License-Identifier: Apache-2.0
"""Say where alerts end."""

from __future__ import annotations

DOCUMENTATION = r"""
name: alert_paths
short_description: Say where alerts end
version_added: 1.1.0
author:
  - llmmon (@llmmon)
description:
  - Makes of what the user says of routes what M(llmmon.stack.stack_verify) follows alerts along.
options:
  routes:
    description: The user's routes, as in llmmon_routes.
    type: list
    elements: dict
    required: true
  default_receivers:
    description: Names of the receivers of all other alerts, as in llmmon_default_receivers.
    type: list
    elements: str
    required: true
  group:
    description: How alerts are grouped and repeated, as in llmmon_alertmanager_route.
    type: dict
    required: true
  intervals:
    description: Times by name, as in llmmon_mute_time_intervals.
    type: dict
    required: true
extends_documentation_fragment:
  - llmmon.stack.inputs.receivers
seealso:
  - plugin: llmmon.stack.route_tree
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Show where alerts end
  ansible.builtin.debug:
    msg: "{{ {} | llmmon.stack.alert_paths([], [], {}, {}) }}"
"""

RETURN = r"""
_value:
  description:
    - The routes, the first that matches first. Each has C(receiver), C(matchers) as lists of label, operator and value,
      C(continue), C(muted) (why it is muted for ever; empty where it is not), C(meant) (whether it is for certain
      alerts) and C(routes).
  type: list
  elements: dict
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.llmmon.stack.plugins.plugin_utils.routing.paths import alert_paths


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name to function."""
        return {"alert_paths": alert_paths}
