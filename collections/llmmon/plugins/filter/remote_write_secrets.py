# SPDX-License-Identifier: Apache-2.0
"""Collect tokens, passwords, certificates and keys of the engines as files."""

from __future__ import annotations

DOCUMENTATION = r"""
name: remote_write_secrets
short_description: Collect tokens, passwords, certificates and keys of the engines as files
version_added: 1.1.0
author:
  - llmmon (@llmmon)
description:
  - Takes each from its key, such as C(bearer_token), or reads the file of C(bearer_token_file) on the controller.

options:
  _input:
    description: The value of llmmon_remote_write.
    type: list
    elements: dict
    required: true
extends_documentation_fragment:
  - llmmon.stack.inputs.file_places
"""

EXAMPLES = r"""
- name: Name the files that hold secrets
  ansible.builtin.debug:
    msg: "{{ llmmon_remote_write | llmmon.stack.remote_write_secrets | list }}"
"""

RETURN = r"""
_value:
  description: The names of the files, and what is in them.
  type: dict
  sample: {remote-write-central.token: a-secret}
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.llmmon.stack.plugins.plugin_utils.remote_write import remote_write_secrets


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name to function."""
        return {"remote_write_secrets": remote_write_secrets}
