# SPDX-License-Identifier: Apache-2.0
"""Say what is wrong with llmmon_gateways."""

from __future__ import annotations

DOCUMENTATION = r"""
name: gateway_problems
short_description: Say what is wrong with llmmon_gateways
version_added: 0.1.0
description:
  - Checks names, kinds, targets, labels and how gateways are asked, on the controller, before any host is touched.
  - Files with tokens, passwords, certificates and keys are read, so that a missing or an empty one is found. No message
    shows what is in them.
options:
  kinds:
    description: Kinds of gateways that there is a preset for.
    type: list
    elements: str
    required: true
  host_name:
    description:
      - A name under which containers reach their own host, for the hint about a target on loopback.
      - May be empty.
    type: str
    required: true
extends_documentation_fragment:
  - llmmon.stack.inputs.written_gateways
  - llmmon.stack.inputs.file_places
author:
  - llmmon (@llmmon)
"""

EXAMPLES = r"""
- name: Check the gateways
  ansible.builtin.assert:
    that: __problems | length == 0
    fail_msg: "{{ __problems | join(' | ') }}"
  vars:
    __problems: >-
      {{ llmmon_gateways
         | llmmon.stack.gateway_problems(['canonical', 'litellm'], 'host.llmmon.internal') }}
"""

RETURN = r"""
_value:
  description: One sentence for each problem, which names the variable and what to change; empty when all is well.
  type: list
  elements: str
"""

from collections.abc import Callable

from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.gateways import gateway_problems


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[..., list[str]]]:
        """Name to function."""
        return {"gateway_problems": gateway_problems}
