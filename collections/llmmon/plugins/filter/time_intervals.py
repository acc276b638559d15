# SPDX-License-Identifier: Apache-2.0
"""Turn llmmon_mute_time_intervals into the time intervals of Alertmanager's configuration."""

from __future__ import annotations

DOCUMENTATION = r"""
name: time_intervals
short_description: Turn llmmon_mute_time_intervals into the time intervals of Alertmanager's configuration
version_added: 0.1.0
description:
  - A time that goes over midnight becomes two, and numbers become the text that Alertmanager wants.
extends_documentation_fragment:
  - llmmon.stack.inputs.intervals
author:
  - llmmon (@llmmon)
"""

EXAMPLES = r"""
- name: Show the time intervals of Alertmanager's configuration
  ansible.builtin.debug:
    msg: "{{ {'night': {'times': [{'start_time': '22:00', 'end_time': '07:00'}]}} | llmmon.stack.time_intervals }}"
"""

RETURN = r"""
_value:
  description: The list C(time_intervals).
  type: list
  elements: dict
  sample:
    - name: night
      time_intervals:
        - times:
            - {start_time: "22:00", end_time: "24:00"}
            - {start_time: "00:00", end_time: "07:00"}
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.llmmon.stack.plugins.plugin_utils.routing.intervals import time_intervals


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[..., list[dict[str, Any]]]]:
        """Name to function."""
        return {"time_intervals": time_intervals}
