# SPDX-License-Identifier: Apache-2.0
"""Say by which metrics each kind of gateway counts requests."""

from __future__ import annotations

DOCUMENTATION = r"""
name: request_metrics
short_description: Say by which metrics each kind of gateway counts requests
version_added: 1.0.0
author:
  - llmmon (@llmmon)
description:
  - By them a metrics page shows of what kind its gateway is, whatever the settings say.
options:
  _input:
    description: The folder on the controller that holds the presets.
    type: path
    required: true
  own:
    description:
      - The folder on the controller with presets of the user's own; its files count before those of O(_input).
      - None when empty.
    type: path
    default: ""
seealso:
  - plugin: llmmon.stack.prometheus_targets
    plugin_type: module
"""

EXAMPLES = r"""
- name: Show how each kind counts requests
  ansible.builtin.debug:
    msg: "{{ (role_path ~ '/vars/presets') | llmmon.stack.request_metrics }}"
"""

RETURN = r"""
_value:
  description: Kind to names of metrics.
  type: dict
  sample: {"canonical": ["llm_requests_total"], "litellm": ["litellm_proxy_total_requests_metric_total"]}
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.llmmon.stack.plugins.plugin_utils.request_metrics import request_metrics


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name to function."""
        return {"request_metrics": request_metrics}
