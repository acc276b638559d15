# SPDX-License-Identifier: Apache-2.0
"""Collect tokens, passwords, certificates and keys of the gateways as files."""

from __future__ import annotations

DOCUMENTATION = r"""
name: gateway_secrets
short_description: Collect tokens, passwords, certificates and keys of the gateways as files
version_added: 0.1.0
author:
  - llmmon (@llmmon)
description:
  - Takes each from its key, such as C(bearer_token), or reads the file of C(bearer_token_file) on the controller.
  - Blanks around a token are left out.
extends_documentation_fragment:
  - llmmon.stack.inputs.gateways
  - llmmon.stack.inputs.file_places
seealso:
  - plugin: llmmon.stack.gateways
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Name the files that hold secrets
  ansible.builtin.debug:
    msg: "{{ llmmon_gateways | llmmon.stack.gateways(50000) | llmmon.stack.gateway_secrets | list }}"
"""

RETURN = r"""
_value:
  description: The names of the files, and what is in them. Gateways without any have none.
  type: dict
  sample: {gateway-llm-auth-proxy.token: a-secret}
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.llmmon.stack.plugins.plugin_utils.gateway_access import gateway_secrets


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name to function."""
        return {"gateway_secrets": gateway_secrets}
