# SPDX-License-Identifier: Apache-2.0
"""Say what is wrong with llmmon_grafana_data_sources."""

from __future__ import annotations

DOCUMENTATION = r"""
name: data_source_problems
short_description: Say what is wrong with llmmon_grafana_data_sources
version_added: 0.1.0
description:
  - Finds what Grafana does not start on, such as two default data sources, and names and uids that are taken.
options:
  _input:
    description: The data sources, as in llmmon_grafana_data_sources.
    type: list
    elements: dict
    required: true
  own_uid:
    description: The uid of llmmon's own data source.
    type: str
    required: true
  own_is_default:
    description: Whether llmmon's own data source is the default.
    type: bool
    required: true
  own_name:
    description: The name of llmmon's own data source.
    type: str
    default: Prometheus
author:
  - llmmon (@llmmon)
"""

EXAMPLES = r"""
- name: Check the data sources
  ansible.builtin.assert:
    that: __problems | length == 0
    fail_msg: "{{ __problems | join(' | ') }}"
  vars:
    __problems: "{{ llmmon_grafana_data_sources | llmmon.stack.data_source_problems('llmmon_prometheus', true) }}"
"""

RETURN = r"""
_value:
  description: One sentence for each problem, which names the variable and what to change; empty when all is well.
  type: list
  elements: str
"""

from collections.abc import Callable

from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.data_sources import data_source_problems


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[..., list[str]]]:
        """Name to function."""
        return {"data_source_problems": data_source_problems}
