# SPDX-License-Identifier: Apache-2.0
"""Say where a path of a setting leads, beside the inventory."""

from __future__ import annotations

DOCUMENTATION = r"""
name: beside_inventory
short_description: Say where a path of a setting leads, beside the inventory
version_added: 1.1.0
author:
  - llmmon (@llmmon)
description:
  - A relative path leads into the inventory's folder or into the one above, wherever Ansible is started.
options:
  _input:
    description: The path; an empty one leads nowhere.
    type: path
    required: true
  inventory_folder:
    description: The folder of the inventory.
    type: path
    required: true
  folder:
    description: Whether a folder is looked for, and not a file.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Show where the prices are
  ansible.builtin.debug:
    msg: "{{ 'prices.yml' | llmmon.stack.beside_inventory(inventory_dir) }}"
"""

RETURN = r"""
_value:
  description:
    - The first of the two that is there, else the one in the inventory's own folder; empty for an empty path.
  type: path
  sample: /srv/inventory/prices.yml
"""

from collections.abc import Callable

from ansible_collections.llmmon.stack.plugins.plugin_utils.user_files import beside_inventory


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[..., str]]:
        """Name to function."""
        return {"beside_inventory": beside_inventory}
