# SPDX-License-Identifier: Apache-2.0
"""Say what has to be proved of the machines under the models."""

from __future__ import annotations

DOCUMENTATION = r"""
name: host_proof
short_description: Say what has to be proved of the machines under the models
version_added: 1.1.0
author:
  - llmmon (@llmmon)
description:
  - For M(llmmon.stack.prometheus_targets).

options:
  _input:
    description: The value of llmmon_hosts.
    type: list
    elements: dict
    required: true
"""

EXAMPLES = r"""
- name: Show which jobs there must be
  ansible.builtin.debug:
    msg: "{{ (llmmon_hosts | llmmon.stack.host_proof).jobs }}"
"""

RETURN = r"""
_value:
  description:
    - Jobs that must have targets (C(jobs)), their URLs (C(scrape_urls)), and all jobs of the machines (C(host_jobs)).
  type: dict
  sample:
    jobs: [host-node]
    scrape_urls: {host-node: ["http://gpu-1.example:9100/metrics"]}
    host_jobs: [host-node]
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.llmmon.stack.plugins.plugin_utils.hosts import host_proof


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name to function."""
        return {"host_proof": host_proof}
