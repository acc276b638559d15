#!/usr/bin/python
# SPDX-License-Identifier: Apache-2.0
"""Prove in one run that a stack works."""

from __future__ import annotations

DOCUMENTATION = r"""
module: stack_verify
short_description: Prove in one run that services, targets, rules, Grafana and documentation are as they should be
version_added: 1.0.0
description:
  - Does what M(llmmon.stack.stack_status) with O(llmmon.stack.stack_status#module:require_healthy=true),
    M(llmmon.stack.prometheus_targets), M(llmmon.stack.prometheus_rules) and M(llmmon.stack.grafana_verify) do, in one
    module run, asks engines, Thanos, the site that the stack serves and Alertmanager for its receivers, and waits for
    all but the first at once. The host's clock is compared, too. Whether alerts can fire is what
    M(llmmon.stack.alerts_verify) asks.
  - The services are looked at first and once more in the end, so that one which ends again and again is found.
  - All that is wrong is told together. A part that is left out is not proved. O(timeout) holds for each of them.
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
    description: Seconds to wait, for the services and then for all else at once.
    type: float
    default: 60.0
  controller_time:
    description:
      - What time it is on the machine that runs Ansible, in seconds since 1970. This host's may differ by two minutes.
      - Give it as C(now().timestamp()), so that it is the time at which the task begins.
    type: float
extends_documentation_fragment:
  - llmmon.stack.attributes
  - llmmon.stack.services
  - llmmon.stack.proof.parts
requirements:
  - docker (SDK for Python)
  - requests
author:
  - llmmon (@llmmon)
"""

EXAMPLES = r"""
- name: Prove that Prometheus works
  llmmon.stack.stack_verify:
    services:
      - name: prometheus
        container: llmmon-prometheus
        url: http://127.0.0.1:9090
        version: 3.13.2
        config_root: /etc/llmmon/prometheus
        data_directory: /var/lib/llmmon/prometheus
    targets:
      url: http://127.0.0.1:9090
      jobs: [prometheus, llm-auth-proxy]
"""

RETURN = r"""
services:
  description: One record a service, as of M(llmmon.stack.stack_status).
  returned: when the services were looked at
  type: list
  elements: dict
targets:
  description: As of M(llmmon.stack.prometheus_targets).
  returned: when asked for
  type: dict
rules:
  description: As of M(llmmon.stack.prometheus_rules).
  returned: when asked for
  type: dict
grafana:
  description: As of M(llmmon.stack.grafana_verify).
  returned: when asked for
  type: dict
remote_write:
  description: Of each engine, the time of the newest sample that it has taken.
  returned: when asked for
  type: dict
  contains:
    engines: {description: Name to seconds since 1970., type: dict}
query:
  description: What of this Prometheus can be read from the engine.
  returned: when asked for
  type: dict
  contains:
    marker: {description: The query that found it., type: str}
    age_seconds: {description: How old the newest is., type: int}
thanos:
  description: The components of Thanos that do their work.
  returned: when asked for
  type: dict
  contains:
    components: {description: Their names., type: list, elements: str}
    endpoints: {description: The gRPC addresses that the querier reaches., type: list, elements: str}
    bucket: {description: Whether there is a bucket., type: bool}
    upload_age_seconds: {description: How long ago the sidecar has uploaded a block; null before the first., type: int}
receivers:
  description: Who is told of alerts.
  returned: when asked for
  type: dict
  contains:
    names: {description: Receivers that are in force and tell a person., type: list, elements: str}
    nobody: {description: Whether it is certain that nobody is told., type: bool}
    line: {description: "All of it in a line, with when each was tried.", type: str}
    why: {description: "Why nobody is told, and what to change; empty when somebody is.", type: str}
clock:
  description: This host's clock beside that of the machine that runs Ansible.
  returned: when asked for
  type: dict
  contains:
    ahead_seconds: {description: "How far it is ahead; below zero, behind. The way there is in it.", type: int}
documentation:
  description: The page that was asked for.
  returned: when asked for
  type: dict
  contains:
    page: {description: Its path., type: str, sample: /runbooks/index.html}
"""

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible_collections.llmmon.stack.plugins.module_utils.clients.engine import DOCKER_IMPORT_ERROR
from ansible_collections.llmmon.stack.plugins.module_utils.errors import StackError
from ansible_collections.llmmon.stack.plugins.module_utils.proof.asked import proof_arguments, prove
from ansible_collections.llmmon.stack.plugins.module_utils.proof.errors import NotProved


def main() -> None:
    """Module entry point."""
    module = AnsibleModule(argument_spec=proof_arguments(), supports_check_mode=True)
    if DOCKER_IMPORT_ERROR:
        module.fail_json(msg=missing_required_lib("docker"), exception=DOCKER_IMPORT_ERROR)
    try:
        facts = prove(module, module.params)
    except NotProved as error:
        module.fail_json(msg=str(error), **error.facts)
    except StackError as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=False, **facts)


if __name__ == "__main__":
    main()
