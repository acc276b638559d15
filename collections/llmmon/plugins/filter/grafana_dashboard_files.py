# SPDX-License-Identifier: Apache-2.0
"""Say where the files of dashboards lie in a release."""

from __future__ import annotations

DOCUMENTATION = r"""
name: grafana_dashboard_files
short_description: Say where the files of dashboards lie in a release
version_added: 0.1.0
description:
  - Dashboards of a folder of the user's lie in a directory named by the folder's uid, the others beside these
    directories.
options:
  _input:
    description: Paths of dashboards for llmmon's own folder.
    type: list
    elements: path
    required: true
  folders:
    description: The user's own folders, as in llmmon_grafana_folders.
    type: list
    elements: dict
    required: true
author:
  - llmmon (@llmmon)
"""

EXAMPLES = r"""
- name: Show where a dashboard lies
  ansible.builtin.debug:
    msg: "{{ ['files/costs.json'] | llmmon.stack.grafana_dashboard_files([]) }}"
"""

RETURN = r"""
_value:
  description: Path in the release to path on the controller.
  type: dict
  sample:
    dashboards/costs.json: files/costs.json
    dashboards/team/overview.json: files/team/overview.json
"""

from collections.abc import Callable

from ansible_collections.llmmon.stack.plugins.plugin_utils.rendering.dashboard_files import grafana_dashboard_files


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[..., dict[str, str]]]:
        """Name to function."""
        return {"grafana_dashboard_files": grafana_dashboard_files}
