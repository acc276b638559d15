# SPDX-License-Identifier: Apache-2.0
"""Say how Prometheus asks a gateway."""

from __future__ import annotations

DOCUMENTATION = r"""
name: gateway_scrape_options
short_description: Say how Prometheus asks a gateway
version_added: 1.0.0
author:
  - llmmon (@llmmon)
description:
  - Token or password, TLS, proxy and redirects of a gateway as a scrape job says them.
  - Secrets are named by their files.
options:
  _input:
    description: A gateway with all defaults filled in, as P(llmmon.stack.gateways#filter) returns it.
    type: dict
    required: true
  config_root:
    description: Directory of Prometheus's configuration on the host.
    type: path
    required: true
seealso:
  - plugin: llmmon.stack.gateway_probe_options
    plugin_type: filter
  - plugin: llmmon.stack.gateway_secrets
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Show how a gateway is asked
  ansible.builtin.debug:
    msg: >-
      {{ llmmon_gateways | llmmon.stack.gateways(50000) | first
         | llmmon.stack.gateway_scrape_options('/etc/llmmon/prometheus') }}
"""

RETURN = r"""
_value:
  description: Options of a scrape job.
  type: dict
  sample: {authorization: {type: Bearer, credentials_file: secrets/gateway-a.token}, follow_redirects: false}
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.llmmon.stack.plugins.plugin_utils.gateway_access import gateway_scrape_options


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name to function."""
        return {"gateway_scrape_options": gateway_scrape_options}
