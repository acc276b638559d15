# SPDX-License-Identifier: Apache-2.0
"""Name the jobs in files with scrape_configs."""

from __future__ import annotations

DOCUMENTATION = r"""
name: scrape_jobs
short_description: Name the jobs in files with scrape_configs
version_added: 1.0.0
author:
  - llmmon (@llmmon)
description:
  - Reads the user's own scrape jobs on the controller. What is wrong with a file, promtool says on the host.
options:
  _input:
    description: Paths on the controller, as in llmmon_prometheus_scrape_config_files.
    type: list
    elements: path
    required: true
extends_documentation_fragment:
  - llmmon.stack.inputs.file_places
"""

EXAMPLES = r"""
- name: Show the jobs
  ansible.builtin.debug:
    msg: "{{ llmmon_prometheus_scrape_config_files | llmmon.stack.scrape_jobs([inventory_dir]) }}"
"""

RETURN = r"""
_value:
  description: The names of the jobs.
  type: list
  elements: str
"""

from collections.abc import Callable

from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.user_files import scrape_jobs


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[..., list[str]]]:
        """Name to function."""
        return {"scrape_jobs": scrape_jobs}
