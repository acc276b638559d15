# SPDX-License-Identifier: Apache-2.0
"""Say what is wrong with how Grafana reads the engine."""

from __future__ import annotations

DOCUMENTATION = r"""
name: query_problems
short_description: Say what is wrong with how Grafana reads the engine
version_added: 1.1.0
author:
  - llmmon (@llmmon)
description:
  - Looks at how to sign in, at headers and at TLS.
options:
  _input:
    description: The value of llmmon_query_access.
    type: dict
    required: true
  url:
    description: The value of llmmon_query_url.
    type: str
    required: true
extends_documentation_fragment:
  - llmmon.stack.inputs.file_places
"""

EXAMPLES = r"""
- name: Check how Grafana reads the engine
  ansible.builtin.assert:
    that: __problems | length == 0
    fail_msg: "{{ __problems | join(' | ') }}"
  vars:
    __problems: "{{ llmmon_query_access | llmmon.stack.query_problems(llmmon_query_url) }}"
"""

RETURN = r"""
_value:
  description: One sentence for each problem, which names the variable and what to change; empty when all is well.
  type: list
  elements: str
"""

from collections.abc import Callable

from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.remote_write import query_problems


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[..., list[str]]]:
        """Name to function."""
        return {"query_problems": query_problems}
