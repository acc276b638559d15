#!/usr/bin/python
# SPDX-License-Identifier: Apache-2.0
"""Prove in one run that a stack works."""

from __future__ import annotations

DOCUMENTATION = r"""
module: stack_verify
short_description: Prove in one run that services, scrape targets, rules and Grafana are as they should be
version_added: 1.0.0
description:
  - Does what M(llmmon.stack.stack_status) with O(llmmon.stack.stack_status#module:require_healthy=true),
    M(llmmon.stack.prometheus_targets), M(llmmon.stack.prometheus_rules) and M(llmmon.stack.grafana_verify) do, in one
    module run, and waits for the last three at once.
  - The services are looked at first and once more in the end, so that one which ends again and again is found.
  - All that is wrong is told together. A part that is left out is not proved.
attributes:
  check_mode:
    support: full
    details: Reads only.
  diff_mode:
    support: none
  idempotent:
    support: full
options:
  targets:
    description: Options of M(llmmon.stack.prometheus_targets) but for its timeout, with O(targets.url) of Prometheus.
    type: dict
    suboptions:
      url: {description: Address of Prometheus., type: str, required: true}
      jobs: {description: Jobs that must have a target., type: list, elements: str, default: []}
      own_jobs: {description: Jobs of the user's own., type: list, elements: str, default: []}
      scrape_urls: {description: Job to the URLs that its targets must have., type: dict, default: {}}
      gateways: {description: Job of each gateway to its kind., type: dict, default: {}}
      idle_gateways: {description: Jobs that may show no request., type: list, elements: str, default: []}
      kinds: {description: Kind to the names of the metrics that count its requests., type: dict, default: {}}
      usual_paths: {description: Job to the path where others of its kind have their page., type: dict, default: {}}
      fresh: {description: Whether only a scrape since the start counts., type: bool, default: true}
  rules:
    description: Options of M(llmmon.stack.prometheus_rules) but for its timeout, with O(rules.url) of Prometheus.
    type: dict
    suboptions:
      url: {description: Address of Prometheus., type: str, required: true}
      directory: {description: Directory of the current release., type: path, required: true}
      folders:
        description: Folders of rule files in it, each with the variable that sets them.
        type: dict
        default: {rules: "", rules.d: llmmon_prometheus_rule_files}
  grafana:
    description: Options of M(llmmon.stack.grafana_verify), with O(grafana.url) of Grafana.
    type: dict
    suboptions:
      url: {description: Address of Grafana., type: str, required: true}
      user: {description: Name of the administrator., type: str, default: admin}
      password_file: {description: File on the host with the password., type: path, required: true}
      data_source_uid: {description: Uid of the data source., type: str, required: true}
      expression: {description: PromQL that must give at least one sample., type: str, default: up}
      dashboards_directory: {description: Directory of the dashboards that must be there., type: path, required: true}
      folder_uid: {description: Uid of their folder., type: str, required: true}
  timeout:
    description: Seconds to wait, for the services and then for all else at once.
    type: float
    default: 60.0
extends_documentation_fragment:
  - llmmon.stack.attributes
  - llmmon.stack.services
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
"""

from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible_collections.llmmon.stack.plugins.module_utils.arguments import (
    grafana_proof_arguments,
    rules_arguments,
    services_argument,
    targets_arguments,
)
from ansible_collections.llmmon.stack.plugins.module_utils.clients.engine import DOCKER_IMPORT_ERROR, Engine
from ansible_collections.llmmon.stack.plugins.module_utils.clients.grafana import GrafanaApi
from ansible_collections.llmmon.stack.plugins.module_utils.clients.http import Connection, HttpClient
from ansible_collections.llmmon.stack.plugins.module_utils.errors import StackError
from ansible_collections.llmmon.stack.plugins.module_utils.proof.errors import NotProved
from ansible_collections.llmmon.stack.plugins.module_utils.proof.grafana import verify_grafana
from ansible_collections.llmmon.stack.plugins.module_utils.proof.rules import verify_rules
from ansible_collections.llmmon.stack.plugins.module_utils.proof.stack import Part, verify_stack
from ansible_collections.llmmon.stack.plugins.module_utils.proof.targets import verify_targets

_URL: dict[str, Any] = {"url": {"type": "str", "required": True}}
_SIGN_IN: dict[str, Any] = {
    "user": {"type": "str", "default": "admin"},
    "password_file": {"type": "path", "required": True, "no_log": False},
}


def show_in_grafana(wanted: dict[str, Any]) -> dict[str, Any]:
    """What Grafana shows to its administrator."""
    try:
        password = Path(wanted["password_file"]).read_text(encoding="utf-8").rstrip("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise NotProved(f"the password file {wanted['password_file']} cannot be read: {error}") from error
    client = HttpClient(Connection(url=wanted["url"], user=wanted["user"], password=password))
    return verify_grafana(GrafanaApi(client), wanted)


def parts_of(parameters: dict[str, Any]) -> dict[str, Part]:
    """The parts that are asked for, each ready to be proved."""
    timeout = parameters["timeout"]
    found: dict[str, Part] = {}
    if parameters["targets"]:
        targets = parameters["targets"]
        found["targets"] = lambda: verify_targets(HttpClient(Connection(url=targets["url"])), targets, timeout)
    if parameters["rules"]:
        rules = parameters["rules"]
        found["rules"] = lambda: verify_rules(HttpClient(Connection(url=rules["url"])), rules, timeout)
    if parameters["grafana"]:
        grafana = parameters["grafana"]
        found["grafana"] = lambda: show_in_grafana(grafana)
    return found


def main() -> None:
    """Module entry point."""
    module = AnsibleModule(
        argument_spec={
            "services": services_argument(),
            "targets": {"type": "dict", "options": {**_URL, **targets_arguments()}},
            "rules": {"type": "dict", "options": {**_URL, **rules_arguments()}},
            "grafana": {"type": "dict", "options": {**_URL, **_SIGN_IN, **grafana_proof_arguments()}},
            "timeout": {"type": "float", "default": 60.0},
        },
        supports_check_mode=True,
    )
    parameters = module.params
    if DOCKER_IMPORT_ERROR:
        module.fail_json(msg=missing_required_lib("docker"), exception=DOCKER_IMPORT_ERROR)
    try:
        facts = verify_stack(parameters["services"], Engine(), parts_of(parameters), parameters["timeout"])
    except NotProved as error:
        module.fail_json(msg=str(error), **error.facts)
    except StackError as error:
        module.fail_json(msg=str(error))
    module.exit_json(changed=False, **facts)


if __name__ == "__main__":
    main()
