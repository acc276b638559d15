# SPDX-License-Identifier: Apache-2.0
"""Say whether a version of a service is none that llmmon deploys."""

from __future__ import annotations

DOCUMENTATION = r"""
name: version_problems
short_description: Say whether a version of a service is none that llmmon deploys
version_added: 1.0.0
author:
  - llmmon (@llmmon)
description:
  - Compares a version with the oldest that is supported.
options:
  _input:
    description: The version.
    type: str
    required: true
  service:
    description: Whose version it is.
    type: str
    choices: [prometheus, alertmanager, grafana]
    required: true
"""

EXAMPLES = r"""
- name: Check the version of Prometheus
  ansible.builtin.assert:
    that: llmmon_prometheus_version | llmmon.stack.version_problems('prometheus') | length == 0
"""

RETURN = r"""
_value:
  description: Sentences that name the variable to change; none when all is well.
  type: list
  elements: str
  sample:
    - "grafana 9.0.0 is older than 9.4.0, the oldest that is supported: set llmmon_grafana_version to a later one"
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.versions import version_problems


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name to function."""
        return {"version_problems": version_problems}
