# SPDX-License-Identifier: Apache-2.0
"""Say how Prometheus writes to engines."""

from __future__ import annotations

DOCUMENTATION = r"""
name: remote_write_configs
short_description: Say how Prometheus writes to engines
version_added: 1.1.0
author:
  - llmmon (@llmmon)
description:
  - The section C(remote_write) of Prometheus's configuration, with secrets named by their files.

options:
  _input:
    description: The value of llmmon_remote_write.
    type: list
    elements: dict
    required: true
  config_root:
    description: Directory of Prometheus's configuration on the host.
    type: path
    required: true
  memory:
    description: How many bytes of memory Prometheus may have; its queues are sized to it.
    type: int
    required: true
"""

EXAMPLES = r"""
- name: Show how samples are written
  ansible.builtin.debug:
    msg: "{{ llmmon_remote_write | llmmon.stack.remote_write_configs('/etc/llmmon/prometheus', 2147483648) }}"
"""

RETURN = r"""
_value:
  description: One dictionary for each engine.
  type: list
  elements: dict
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.llmmon.stack.plugins.plugin_utils.remote_write import remote_write_configs


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name to function."""
        return {"remote_write_configs": remote_write_configs}
