# SPDX-License-Identifier: Apache-2.0
"""Say how Prometheus scrapes the machines under the models."""

from __future__ import annotations

DOCUMENTATION = r"""
name: host_scrape_configs
short_description: Say how Prometheus scrapes the machines under the models
version_added: 1.1.0
author:
  - llmmon (@llmmon)
description:
  - One job for each exporter, whose targets have the labels C(job) (host-node or host-gpu) and C(host).

options:
  _input:
    description: The value of llmmon_hosts.
    type: list
    elements: dict
    required: true
  config_root:
    description: Directory of Prometheus's configuration on the host, above its releases.
    type: str
    required: true
  sample_limit:
    description: Series that one scrape may bring.
    type: int
    required: true
  any_type:
    description: Whether an answer without a content type has to be allowed, which Prometheus 3 refuses otherwise.
    type: bool
    required: true
"""

EXAMPLES = r"""
- name: Show the jobs
  ansible.builtin.debug:
    msg: "{{ llmmon_hosts | llmmon.stack.host_scrape_configs('/etc/llmmon/prometheus', 50000, true) }}"
"""

RETURN = r"""
_value:
  description: Entries for C(scrape_configs).
  type: list
  elements: dict
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.llmmon.stack.plugins.plugin_utils.hosts import host_scrape_configs


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name to function."""
        return {"host_scrape_configs": host_scrape_configs}
