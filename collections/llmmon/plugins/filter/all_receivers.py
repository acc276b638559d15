# SPDX-License-Identifier: Apache-2.0
"""Add the receivers that have a variable of their own to llmmon_receivers."""

from __future__ import annotations

DOCUMENTATION = r"""
name: all_receivers
short_description: Add the receivers that have a variable of their own to llmmon_receivers
version_added: 0.1.0
description:
  - With an address for the heartbeat there is one receiver more, a webhook that gets nothing but the alert
    Watchdog.
  - With an address for Slack or Discord there is one of that name, unless llmmon_receivers has one of that name, or one
    of that type with the same address.
options:
  heartbeat_url:
    description: Where the heartbeat goes, as in llmmon_heartbeat_url; empty for nowhere.
    type: str
    default: ""
  slack_webhook_url:
    description: Address of Slack's, as in llmmon_slack_webhook_url; none when empty.
    type: str
    default: ""
  discord_webhook_url:
    description: Address of Discord's, as in llmmon_discord_webhook_url; none when empty.
    type: str
    default: ""
extends_documentation_fragment:
  - llmmon.stack.inputs.written_receivers
author:
  - llmmon (@llmmon)
"""

EXAMPLES = r"""
- name: Show the names of all receivers
  ansible.builtin.debug:
    msg: "{{ llmmon_receivers | llmmon.stack.all_receivers(llmmon_heartbeat_url) | list }}"
"""

RETURN = r"""
_value:
  description: The receivers by name, in the form of llmmon_receivers.
  type: dict
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.llmmon.stack.plugins.plugin_utils.routing.receivers import all_receivers


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[..., dict[str, Any]]]:
        """Name to function."""
        return {"all_receivers": all_receivers}
