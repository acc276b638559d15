# SPDX-License-Identifier: Apache-2.0
"""Take the secrets out of llmmon_receivers, as files."""

from __future__ import annotations

DOCUMENTATION = r"""
name: receiver_secrets
short_description: Take the secrets out of llmmon_receivers, as files
version_added: 0.1.0
description:
  - Each secret of a receiver becomes a file of its own, which the configuration names.
extends_documentation_fragment:
  - llmmon.stack.inputs.receivers
author:
  - llmmon (@llmmon)
"""

EXAMPLES = r"""
- name: Install the configuration
  llmmon.stack.config_tree:
    src: alertmanager
    dest: /etc/llmmon/alertmanager
    secrets: "{{ llmmon_receivers | llmmon.stack.receiver_secrets }}"
"""

RETURN = r"""
_value:
  description: Name of the file to its content.
  type: dict
  sample:
    slack.webhook_url: https://hooks.slack.com/services/...
"""

from collections.abc import Callable

from ansible_collections.llmmon.stack.plugins.plugin_utils.routing.receivers import receiver_secrets


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[..., dict[str, str]]]:
        """Name to function."""
        return {"receiver_secrets": receiver_secrets}
