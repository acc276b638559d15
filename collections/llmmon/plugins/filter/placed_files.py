# SPDX-License-Identifier: Apache-2.0
"""Say where the user's files go in a release, and where they are on the controller."""

from __future__ import annotations

DOCUMENTATION = r"""
name: placed_files
short_description: Say where the user's files go in a release
version_added: 1.0.0
author:
  - llmmon (@llmmon)
description:
  - Each file keeps its name, below one folder.
options:
  _input:
    description: Paths on the controller.
    type: list
    elements: path
    required: true
  folder:
    description: The folder in the release.
    type: str
    required: true
extends_documentation_fragment:
  - llmmon.stack.inputs.file_places
"""

EXAMPLES = r"""
- name: Show where rule files go
  ansible.builtin.debug:
    msg: "{{ ['files/mine.yml'] | llmmon.stack.placed_files('rules.d', [inventory_dir]) }}"
"""

RETURN = r"""
_value:
  description: Path in the release to path on the controller.
  type: dict
  sample: {rules.d/mine.yml: /srv/inventory/files/mine.yml}
"""

from collections.abc import Callable

from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.user_files import placed_files


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[..., dict[str, str]]]:
        """Name to function."""
        return {"placed_files": placed_files}
