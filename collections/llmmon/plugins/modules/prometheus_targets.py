#!/usr/bin/python
# SPDX-License-Identifier: Apache-2.0
"""Verify that Prometheus scrapes its targets."""

from __future__ import annotations

DOCUMENTATION = r"""
module: prometheus_targets
short_description: Verify that Prometheus scrapes its targets, and say why it does not
version_added: 0.1.0
description:
  - Waits until every target of the given jobs has been scraped since the module started and is up.
  - Every target that is not gets a cause and a hint that names the variable to change. Causes that time does not mend,
    such as a refused token, end the wait as soon as they are seen.
  - A page that answers may be of another kind than the settings say, and then no rule finds a request on it. So the
    names of the metrics on the pages of O(gateways) are compared with those that O(kinds) expect, once they are up.
  - Reads C(/api/v1/targets) of Prometheus and changes nothing. A target that redirects is asked for its page, without a
    token, so that the hint can say where it leads.
attributes:
  check_mode:
    support: full
    details: Reads only.
  diff_mode:
    support: none
  idempotent:
    support: full
options:
  timeout:
    description: Seconds to wait for the targets to come up.
    type: float
    default: 60.0
extends_documentation_fragment:
  - llmmon.stack.attributes
  - llmmon.stack.http
  - llmmon.stack.proof.targets
author:
  - llmmon (@llmmon)
"""

EXAMPLES = r"""
- name: Verify that the gateway is scraped
  llmmon.stack.prometheus_targets:
    url: http://127.0.0.1:9090
    jobs: [llm-auth-proxy]
    scrape_urls:
      llm-auth-proxy: ["http://gateway.example.org:8000/metrics"]
"""

RETURN = r"""
up:
  description: Number of targets that are up.
  returned: always
  type: int
total:
  description: Number of targets looked at.
  returned: always
  type: int
notes:
  description: One sentence for each gateway that shows no request yet, where that may be right.
  returned: success
  type: list
  elements: str
targets:
  description: Every target, those with trouble first.
  returned: always
  type: list
  elements: dict
  contains:
    job: {description: Its job., type: str}
    instance: {description: Its instance label., type: str}
    health: {description: up or down or unknown., type: str}
    cause: {description: Empty when up; else one word such as unauthorized or refused or dns., type: str}
    hint: {description: What to change., type: str}
    error: {description: Prometheus's own words., type: str}
    settled: {description: Whether waiting longer would not mend it., type: bool}
    url: {description: What is scraped; empty when up., type: str}
    host: {description: The machine of llmmon_hosts that it belongs to; empty when up., type: str}
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.llmmon.stack.plugins.module_utils.arguments import (
    http_arguments,
    http_client,
    targets_arguments,
)
from ansible_collections.llmmon.stack.plugins.module_utils.proof.errors import NotProved
from ansible_collections.llmmon.stack.plugins.module_utils.proof.targets import verify_targets


def main() -> None:
    """Module entry point."""
    module = AnsibleModule(
        argument_spec={**http_arguments(), **targets_arguments(), "timeout": {"type": "float", "default": 60.0}},
        supports_check_mode=True,
    )
    try:
        facts = verify_targets(http_client(module), module.params, module.params["timeout"])
    except NotProved as error:
        module.fail_json(msg=str(error), **error.facts)
    module.exit_json(changed=False, **facts)


if __name__ == "__main__":
    main()
