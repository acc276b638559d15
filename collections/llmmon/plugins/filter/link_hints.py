# SPDX-License-Identifier: Apache-2.0
"""Say which links in messages open on no other machine."""

from __future__ import annotations

DOCUMENTATION = r"""
name: link_hints
short_description: Say which links in messages open on no other machine
version_added: 1.0.0
author:
  - llmmon (@llmmon)
description:
  - An alert whose links lead to localhost is of no use to whoever reads it elsewhere.
options:
  _input:
    description: Addresses by the names of their variables.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Say where links lead
  ansible.builtin.debug:
    msg: "{{ {'llmmon_grafana_url': llmmon_grafana_url} | llmmon.stack.link_hints }}"
"""

RETURN = r"""
_value:
  description: One sentence that names the variables to set; empty when all is well.
  type: list
  elements: str
"""

from collections.abc import Callable

from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.addresses import link_hints


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[..., list[str]]]:
        """Name to function."""
        return {"link_hints": link_hints}
