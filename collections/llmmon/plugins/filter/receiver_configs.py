# SPDX-License-Identifier: Apache-2.0
"""Turn llmmon_receivers into the receivers of Alertmanager's configuration."""

from __future__ import annotations

DOCUMENTATION = r"""
name: receiver_configs
short_description: Turn llmmon_receivers into the receivers of Alertmanager's configuration
version_added: 0.1.0
description:
  - Adds llmmon's messages to the types that it has some for. Secrets are named as files.
options:
  secrets_directory:
    description: Where the files with secrets lie on the host.
    type: path
    required: true
extends_documentation_fragment:
  - llmmon.stack.inputs.receivers
author:
  - llmmon (@llmmon)
"""

EXAMPLES = r"""
- name: Show the receivers of Alertmanager's configuration
  ansible.builtin.debug:
    msg: "{{ llmmon_receivers | llmmon.stack.receiver_configs('/etc/llmmon/alertmanager/current/secrets') }}"
"""

RETURN = r"""
_value:
  description: The list C(receivers), which begins with one that tells nobody.
  type: list
  elements: dict
  sample:
    - name: nobody
    - name: webhook
      webhook_configs:
        - send_resolved: true
          url_file: /etc/llmmon/alertmanager/current/secrets/webhook.url
"""

from collections.abc import Callable
from typing import Any

from ansible_collections.llmmon.stack.plugins.plugin_utils.routing.receivers import receiver_configs


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[..., list[dict[str, Any]]]]:
        """Name to function."""
        return {"receiver_configs": receiver_configs}
