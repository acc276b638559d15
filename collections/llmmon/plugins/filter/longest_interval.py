# SPDX-License-Identifier: Apache-2.0
"""Find the longest of several intervals."""

from __future__ import annotations

DOCUMENTATION = r"""
name: longest_interval
short_description: Find the longest of several intervals
version_added: 1.0.0
author:
  - llmmon (@llmmon)
description:
  - The answer is in whole seconds, rounded up, since not every program takes several units.
options:
  _input:
    description: Durations as Prometheus writes them; at least one.
    type: list
    elements: str
    required: true
"""

EXAMPLES = r"""
- name: Show the longest interval
  ansible.builtin.debug:
    msg: "{{ ['15s', '1m30s'] | llmmon.stack.longest_interval }}"
"""

RETURN = r"""
_value:
  description: The longest, in seconds.
  type: str
  sample: 90s
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.llmmon.stack.plugins.plugin_utils.durations import longest_interval


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name to function."""
        return {"longest_interval": longest_interval}
