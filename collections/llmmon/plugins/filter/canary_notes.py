# SPDX-License-Identifier: Apache-2.0
"""Say what a person should know of canaries that are all right."""

from __future__ import annotations

DOCUMENTATION = r"""
name: canary_notes
short_description: Say what a person should know of canaries that are all right
version_added: 1.1.0
author:
  - llmmon (@llmmon)
description:
  - Says which ask with the users' token or none, of which the price is not known, and whose cap may not last a day.

options:
  _input:
    description: The value of llmmon_canaries.
    type: list
    elements: dict
    required: true
  prices:
    description: Prices of tokens by model or pattern, as P(llmmon.stack.token_prices#filter) returns them.
    type: dict
    required: true
  gateways:
    description: The gateways, as in llmmon_gateways.
    type: list
    elements: dict
    required: true
extends_documentation_fragment:
  - llmmon.stack.inputs.file_places
"""

EXAMPLES = r"""
- name: Say it
  ansible.builtin.debug:
    msg: "{{ llmmon_canaries | llmmon.stack.canary_notes({}, llmmon_gateways) }}"
"""

RETURN = r"""
_value:
  description: Sentences.
  type: list
  elements: str
"""

from collections.abc import Callable

from ansible_collections.llmmon.stack.plugins.plugin_utils.canaries import canary_notes


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[..., list[str]]]:
        """Name to function."""
        return {"canary_notes": canary_notes}
