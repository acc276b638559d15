# SPDX-License-Identifier: Apache-2.0
"""Fill in what users leave out of llmmon_gateways."""

from __future__ import annotations

DOCUMENTATION = r"""
name: gateways
short_description: Fill in what users leave out of llmmon_gateways
version_added: 0.1.0
author:
  - llmmon (@llmmon)
description:
  - Gives every gateway its defaults, and the URLs that Prometheus scrapes.
  - This is the only place that knows the defaults of a gateway and how the URL of its metrics is made.
  - A key without a value is as if it were left out.
options:
  _input:
    description: The user's C(llmmon_gateways).
    type: list
    elements: dict
    required: true
  sample_limit:
    description: How many series one scrape may bring, for gateways that do not say; 0 is no limit.
    type: int
    required: true
  presets:
    description:
      - The presets of their kinds, as P(llmmon.stack.gateway_presets#filter) returns them.
      - Their C(metrics_path) is the default of gateways of the kind.
    type: dict
    default: null
seealso:
  - plugin: llmmon.stack.gateway_secrets
    plugin_type: filter
  - plugin: llmmon.stack.gateway_presets
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Show what Prometheus scrapes
  ansible.builtin.debug:
    msg: "{{ llmmon_gateways | llmmon.stack.gateways(50000) | map(attribute='urls') | flatten }}"
"""

RETURN = r"""
_value:
  description:
    - The gateways, each with C(kind), C(scheme), C(metrics_path), C(follow_redirects), C(sample_limit) and C(urls).
    - C(signs_in) says whether a gateway is asked with a token or a password.
  type: list
  elements: dict
  sample:
    - name: llm-auth-proxy
      kind: canonical
      targets: ["gateway.example:8000"]
      scheme: http
      metrics_path: /metrics
      follow_redirects: false
      sample_limit: 50000
      signs_in: false
      urls: ["http://gateway.example:8000/metrics"]
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.llmmon.stack.plugins.plugin_utils.gateways import gateways


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name to function."""
        return {"gateways": gateways}
