# SPDX-License-Identifier: Apache-2.0
"""Say what the containers of a service should be."""

from __future__ import annotations

DOCUMENTATION = r"""
name: containers_wanted
short_description: Say what the containers of a service should be
version_added: 1.1.0
author:
  - llmmon (@llmmon)
description:
  - Makes of the descriptions of containers what M(llmmon.stack.host_check) compares with what is there.
options:
  _input:
    description: What differs between containers, as the roles of the services give it to the role container.
    type: list
    elements: dict
    required: true
  memory_limits:
    description: The limit of each service, for containers that say none of their own.
    type: dict
    required: true
  shared:
    description: What is asked for of all containers alike.
    type: list
    elements: raw
    required: true
  unwanted:
    description: Names of containers that should not be there.
    type: list
    elements: str
    required: true
"""

EXAMPLES = r"""
- name: Show what the container of Prometheus should be
  ansible.builtin.debug:
    msg: "{{ [__llmmon_prometheus_run] | llmmon.stack.containers_wanted({'prometheus': '2g'}, [], []) }}"
"""

RETURN = r"""
_value:
  description:
    - Of each container its C(service), C(name) and C(image), whether it is C(wanted), and a digest of what is C(asked)
      for.
  type: list
  elements: dict
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.llmmon.stack.plugins.plugin_utils.containers import containers_wanted


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name to function."""
        return {"containers_wanted": containers_wanted}
