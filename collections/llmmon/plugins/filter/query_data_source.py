# SPDX-License-Identifier: Apache-2.0
"""Say how Grafana reads an engine."""

from __future__ import annotations

DOCUMENTATION = r"""
name: query_data_source
short_description: Say how Grafana reads an engine
version_added: 1.1.0
author:
  - llmmon (@llmmon)
description:
  - A data source in the schema of Grafana's provisioning files, with secrets named by their files.
options:
  _input:
    description: A data source that reads Prometheus itself; what is not about the address stays.
    type: dict
    required: true
  url:
    description: The value of llmmon_query_url.
    type: str
    required: true
  access:
    description: The value of llmmon_query_access.
    type: dict
    required: true
  secrets:
    description: Folder on the host that has the files with secrets.
    type: path
    required: true
"""

EXAMPLES = r"""
- name: Show how the engine is read
  ansible.builtin.debug:
    msg: >-
      {{ {'name': 'Engine', 'uid': 'engine', 'type': 'prometheus'}
         | llmmon.stack.query_data_source('https://engine.example', {}, '/etc/llmmon/grafana/current/secrets') }}
"""

RETURN = r"""
_value:
  description: The data source.
  type: dict
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.llmmon.stack.plugins.plugin_utils.query import query_data_source


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name to function."""
        return {"query_data_source": query_data_source}
