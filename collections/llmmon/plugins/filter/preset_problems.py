# SPDX-License-Identifier: Apache-2.0
"""Say what is wrong with the presets in use."""

from __future__ import annotations

DOCUMENTATION = r"""
name: preset_problems
short_description: Say what is wrong with the presets in use
version_added: 0.1.0
author:
  - llmmon (@llmmon)
description:
  - Rules would silently leave out what they do not know, so whatever a preset may not say is a problem.
  - Of the user's own presets all are checked, used or not.
extends_documentation_fragment:
  - llmmon.stack.inputs.presets
seealso:
  - plugin: llmmon.stack.gateway_presets
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Check the presets
  ansible.builtin.assert:
    that: llmmon_gateways | llmmon.stack.preset_problems(role_path ~ '/vars/presets') | length == 0
"""

RETURN = r"""
_value:
  description: Sentences that name the file; none when all is well.
  type: list
  elements: str
  sample: ["the preset vars/presets/own.yml has a key that means nothing: request"]
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.llmmon.stack.plugins.plugin_utils.presets import preset_problems


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name to function."""
        return {"preset_problems": preset_problems}
