# SPDX-License-Identifier: Apache-2.0
"""Make the file of Thanos's object storage, with the certificates that it names."""

from __future__ import annotations

DOCUMENTATION = r"""
name: thanos_secrets
short_description: Make the file of Thanos's object storage, with the certificates that it names
version_added: 1.1.0
author:
  - llmmon (@llmmon)
description:
  - The key of a bucket stands in Thanos's own configuration file, so that all of that file is a secret.

options:
  _input:
    description: The value of llmmon_thanos_object_storage.
    type: dict
    required: true
extends_documentation_fragment:
  - llmmon.stack.inputs.file_places
"""

EXAMPLES = r"""
- name: Name the files that hold secrets
  ansible.builtin.debug:
    msg: "{{ llmmon_thanos_object_storage | llmmon.stack.thanos_secrets | list }}"
"""

RETURN = r"""
_value:
  description: The names of the files, and what is in them; empty where there is no storage.
  type: dict
  sample: {object_storage.yml: "type: FILESYSTEM"}
"""

from collections.abc import Callable

from ansible_collections.llmmon.stack.plugins.plugin_utils.thanos import thanos_secrets


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[..., dict[str, str]]]:
        """Name to function."""
        return {"thanos_secrets": thanos_secrets}
