# SPDX-License-Identifier: Apache-2.0
"""Say what is wrong with the choice of top spenders."""

from __future__ import annotations

DOCUMENTATION = r"""
name: spender_problems
short_description: Say what is wrong with the choice of top spenders
version_added: 1.0.0
author:
  - llmmon (@llmmon)
description:
  - Looks at C(llmmon_top_spenders).
options:
  _input:
    description: Which spenders to record, C(by), and how many of each, C(limit).
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Check the choice of top spenders
  ansible.builtin.assert:
    that: llmmon_top_spenders | llmmon.stack.spender_problems | length == 0
"""

RETURN = r"""
_value:
  description: Sentences that name the variable to change; none when all is well.
  type: list
  elements: str
  sample: ["llmmon_top_spenders.by has person, which is unknown; known are key, user, project, customer"]
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.spenders import spender_problems


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name to function."""
        return {"spender_problems": spender_problems}
