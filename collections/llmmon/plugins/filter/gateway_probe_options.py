# SPDX-License-Identifier: Apache-2.0
"""Say how the prober asks a gateway."""

from __future__ import annotations

DOCUMENTATION = r"""
name: gateway_probe_options
short_description: Say how the prober asks a gateway
version_added: 1.0.0
author:
  - llmmon (@llmmon)
description:
  - The same as P(llmmon.stack.gateway_scrape_options#filter), as a module of the prober says it.
  - Whoever reaches the prober chooses what it asks, so a token goes to the gateway's own targets only.
options:
  _input:
    description: A gateway with all defaults filled in, as P(llmmon.stack.gateways#filter) returns it.
    type: dict
    required: true
  config_root:
    description: Directory of Prometheus's configuration on the host.
    type: path
    required: true
  signs_in:
    description: Whether the page is asked for with the token or password of the gateway.
    type: bool
    required: true
seealso:
  - plugin: llmmon.stack.gateway_scrape_options
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Show how the prober asks a gateway
  ansible.builtin.debug:
    msg: >-
      {{ llmmon_gateways | llmmon.stack.gateways(50000) | first
         | llmmon.stack.gateway_probe_options('/etc/llmmon/prometheus', true) }}
"""

RETURN = r"""
_value:
  description: Options of the prober's C(http).
  type: dict
  sample: {follow_redirects: false, proxy_url: "http://127.0.0.1:1", no_proxy: "gateway.example:8000"}
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.llmmon.stack.plugins.plugin_utils.gateway_access import gateway_probe_options


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name to function."""
        return {"gateway_probe_options": gateway_probe_options}
