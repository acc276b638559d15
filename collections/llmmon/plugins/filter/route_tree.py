# SPDX-License-Identifier: Apache-2.0
"""Turn llmmon_routes into the routes of Alertmanager's configuration."""

from __future__ import annotations

DOCUMENTATION = r"""
name: route_tree
short_description: Turn llmmon_routes into the routes of Alertmanager's configuration
version_added: 0.1.0
description:
  - An alert takes the first route that matches it.
  - First come the routes of llmmon's own, for the proof of delivery, the heartbeat and notifications that fail.
  - Then come the user's routes, and at last the default receivers.
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
    description:
      - How alerts are grouped and repeated, as in llmmon_alertmanager_route.
      - Of it, only C(critical_repeat_interval) and C(info_repeat_interval) are read here.
    type: dict
    required: true
extends_documentation_fragment:
  - llmmon.stack.inputs.receivers
author:
  - llmmon (@llmmon)
"""

EXAMPLES = r"""
- name: Show the routes of Alertmanager's configuration
  ansible.builtin.debug:
    msg: >-
      {{ llmmon_receivers
         | llmmon.stack.route_tree(llmmon_routes, llmmon_default_receivers, {'critical_repeat_interval': '1h'}) }}
"""

RETURN = r"""
_value:
  description: The list C(routes) below the root.
  type: list
  elements: dict
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.llmmon.stack.plugins.plugin_utils.routing.routes import route_tree


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[..., list[dict[str, Any]]]]:
        """Name to function."""
        return {"route_tree": route_tree}
