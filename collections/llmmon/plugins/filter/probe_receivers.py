# SPDX-License-Identifier: Apache-2.0
"""List the receivers as the modules take them."""

from __future__ import annotations

DOCUMENTATION = r"""
name: probe_receivers
short_description: List the receivers as the modules take them
version_added: 0.1.0
description:
  - Says of each receiver what it is called, what Alertmanager sends by, which variable it comes from, and a
    digest of its settings without secrets.
extends_documentation_fragment:
  - llmmon.stack.inputs.receivers
author:
  - llmmon (@llmmon)
"""

EXAMPLES = r"""
- name: Prove that every receiver is reached
  llmmon.stack.alertmanager_probe:
    url: http://127.0.0.1:9093
    receivers: "{{ llmmon_receivers | llmmon.stack.probe_receivers }}"
    secrets_directory: /etc/llmmon/alertmanager/current/secrets
    container: llmmon-alertmanager
"""

RETURN = r"""
_value:
  description: One entry for each receiver.
  type: list
  elements: dict
  sample:
    - name: slack-payments
      integration: slack
      variable: llmmon_receivers.slack-payments
      settings: 0a1b...
"""

from collections.abc import Callable

from ansible_collections.llmmon.stack.plugins.plugin_utils.routing.receivers import probe_receivers


class FilterModule:
    """Registers the filter."""

    def filters(self) -> dict[str, Callable[..., list[dict[str, str]]]]:
        """Name to function."""
        return {"probe_receivers": probe_receivers}
