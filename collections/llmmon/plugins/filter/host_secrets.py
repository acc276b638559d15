# SPDX-License-Identifier: Apache-2.0
"""Collect keys and certificates for the exporters as files."""

from __future__ import annotations

DOCUMENTATION = r"""
name: host_secrets
short_description: Collect keys and certificates for the exporters as files
version_added: 1.1.0
author:
  - llmmon (@llmmon)
description:
  - Takes each from its key, such as C(bearer_token), or reads the file of C(bearer_token_file) on the controller.

options:
  _input:
    description: The value of llmmon_hosts.
    type: list
    elements: dict
    required: true
extends_documentation_fragment:
  - llmmon.stack.inputs.file_places
"""

EXAMPLES = r"""
- name: Name the files that hold secrets
  ansible.builtin.debug:
    msg: "{{ llmmon_hosts | llmmon.stack.host_secrets | list }}"
"""

RETURN = r"""
_value:
  description: The names of the files, and what is in them.
  type: dict
  sample: {host-gpu-1.token: a-secret}
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.llmmon.stack.plugins.plugin_utils.hosts import host_secrets


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name to function."""
        return {"host_secrets": host_secrets}
