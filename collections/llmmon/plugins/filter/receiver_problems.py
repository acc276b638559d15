# SPDX-License-Identifier: Apache-2.0
"""Say what is wrong with llmmon_receivers."""

from __future__ import annotations

DOCUMENTATION = r"""
name: receiver_problems
short_description: Say what is wrong with llmmon_receivers
version_added: 0.1.0
description:
  - Checks names, types and settings of receivers, and that no secret is where everybody could read it.
  - No message shows a value, since the URL of a webhook is a secret.
options:
  heartbeat_url:
    description: Where the heartbeat goes, as in llmmon_heartbeat_url; empty for nowhere.
    type: str
    default: ""
  alertmanager_version:
    description: Version of Alertmanager that will send; some types need a later one than others. Any when empty.
    type: str
    default: ""
extends_documentation_fragment:
  - llmmon.stack.inputs.written_receivers
author:
  - llmmon (@llmmon)
"""

EXAMPLES = r"""
- name: Check the receivers
  ansible.builtin.assert:
    that: __problems | length == 0
    fail_msg: "{{ __problems | join(' | ') }}"
  vars:
    __problems: "{{ llmmon_receivers | llmmon.stack.receiver_problems(llmmon_heartbeat_url, '0.33.1') }}"
"""

RETURN = r"""
_value:
  description: One sentence for each problem, which names the variable and what to change; empty when all is well.
  type: list
  elements: str
"""

from collections.abc import Callable

from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.receivers import receiver_problems


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[..., list[str]]]:
        """Name to function."""
        return {"receiver_problems": receiver_problems}
