# SPDX-License-Identifier: Apache-2.0
"""Say which regular expressions of the gateways' relabeling do not compile."""

from __future__ import annotations

DOCUMENTATION = r"""
name: relabeling_problems
short_description: Say which regular expressions of the gateways' relabeling do not compile
version_added: 0.1.0
description:
  - Looks at C(metric_relabel_configs) of every gateway.
  - Finds what Prometheus would certainly refuse; what is left is found by promtool on the host.
extends_documentation_fragment:
  - llmmon.stack.inputs.written_gateways
author:
  - llmmon (@llmmon)
"""

EXAMPLES = r"""
- name: Check the relabeling
  ansible.builtin.assert:
    that: __problems | length == 0
    fail_msg: "{{ __problems | join(' | ') }}"
  vars:
    __problems: "{{ llmmon_gateways | llmmon.stack.relabeling_problems }}"
"""

RETURN = r"""
_value:
  description: One sentence for each problem, which names the variable and what to change; empty when all is well.
  type: list
  elements: str
"""

from collections.abc import Callable

from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.gateways import relabeling_problems


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[..., list[str]]]:
        """Name to function."""
        return {"relabeling_problems": relabeling_problems}
