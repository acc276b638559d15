#!/usr/bin/python
# SPDX-License-Identifier: Apache-2.0
"""Fire every alert on synthetic series, and see whether each arrives."""

from __future__ import annotations

DOCUMENTATION = r"""
module: stack_drill
short_description: Fire every alert on synthetic series beside the live stack, and see whether each arrives
version_added: 1.1.0
description:
  - Reads the rules that the live Prometheus has loaded, and runs a Prometheus and an Alertmanager of its own from the
    same images, on series that make each alert fire. The routes and the texts are the deployed ones, the receiver is
    this module, unless the deployed ones are wanted.
  - The live stack is only read. All that the drill made is removed in the end, also when it fails; what a drill left
    that was killed, the next one removes.
  - Alerts do not wait (C(for)) and do not keep one another quiet, and no time interval mutes them; all fire at once.
  - An alert of a rule file of the user's own is fired on the series of its test in O(own_tests). Without one it is sent
    to the routes with the labels and texts of its rule, since nobody knows what makes it fire.
attributes:
  check_mode:
    support: full
    details: Only says which alerts would be fired, and how.
  diff_mode:
    support: none
  idempotent:
    support: full
options:
  gateways:
    description: The gateways, each with C(name), C(kind) and C(sample_limit).
    type: list
    elements: dict
    required: true
  presets:
    description: Kind of gateway to its preset, which says by which metrics it is read.
    type: dict
    required: true
  failure_definition:
    description: Which failures count.
    type: str
    default: all
    choices: [all, provider]
  minimum_requests:
    description: Requests of a model in 5 minutes below which alerts leave it alone.
    type: float
    default: 20.0
  alerts:
    description: Names of the alerts that are wanted; all when it is empty.
    type: list
    elements: str
    default: []
  own_tests:
    description:
      - What is in test files of the user's own rules, as C(promtool test rules) reads them. An alert that a test
        expects is fired on the input series of that test.
    type: list
    elements: dict
    default: []
  real_receivers:
    description: Whether the deployed receivers are told as well, by texts that begin with the word DRILL.
    type: bool
    default: false
  routes:
    description: The deployed configuration of Alertmanager, as data.
    type: dict
    required: true
  sending:
    description: The C(external_labels) and C(alert_relabel_configs) of the deployed Prometheus.
    type: dict
    default: {}
  config_root:
    description: Directory of the configuration.
    type: path
    required: true
  data_root:
    description: Directory of the data, where the drill has its own for as long as it lasts.
    type: path
    required: true
  prometheus:
    description: The live Prometheus, whose image is taken.
    type: dict
    required: true
    suboptions:
      container: {description: Name of its container., type: str, required: true}
      uid: {description: Numeric user that it runs as., type: int, required: true}
      gid: {description: Numeric group that it runs as., type: int, required: true}
  alertmanager:
    description: The live Alertmanager, whose image is taken.
    type: dict
    required: true
    suboptions:
      container: {description: Name of its container., type: str, required: true}
      uid: {description: Numeric user that it runs as., type: int, required: true}
      gid: {description: Numeric group that it runs as., type: int, required: true}
  prometheus_flags:
    description: Flags of the live Prometheus without which its rules would be refused, such as C(--enable-feature=...).
    type: list
    elements: str
    default: []
  etc_hosts:
    description: Names and addresses that the containers know besides.
    type: dict
    default: {}
  timeout:
    description: Seconds to wait for the alerts.
    type: float
    default: 60.0
extends_documentation_fragment:
  - llmmon.stack.attributes
  - llmmon.stack.http
requirements:
  - docker (SDK for Python)
author:
  - llmmon (@llmmon)
"""

EXAMPLES = r"""
- name: Fire every alert
  llmmon.stack.stack_drill:
    url: http://127.0.0.1:9090
    gateways: [{name: llm-auth-proxy, kind: canonical, sample_limit: 50000}]
    presets: {canonical: {requests: [{metrics: [llm_requests_total]}]}}
    routes: {route: {receiver: chat}, receivers: [{name: chat, slack_configs: [{api_url_file: /etc/slack}]}]}
    config_root: /etc/llmmon
    data_root: /var/lib/llmmon
    prometheus: {container: llmmon-prometheus, uid: 65534, gid: 65534}
    alertmanager: {container: llmmon-alertmanager, uid: 65534, gid: 65534}
"""

RETURN = r"""
alerts:
  description: A row for each alert.
  returned: when the drill was held, and in check mode
  type: list
  elements: dict
  contains:
    alert: {description: Its name., type: str}
    fired_after: {description: Seconds after the drill began at which it fired; null when it did not., type: float}
    arrived_after: {description: "Seconds after the drill began at which it arrived; null for never.", type: float}
    receivers:
      description: Receivers that it came to; C(nobody) is where the routes lead to none.
      type: list
      elements: str
    title: {description: The message's title., type: str}
    text: {description: The message., type: str}
    waits: {description: How long it waits in the live Prometheus before it fires; empty for not at all., type: str}
    how:
      description: C(series) when it fired on synthetic series, C(route only) when it was sent to the routes.
      type: str
    problem: {description: "Why it is no success; empty when it arrived.", type: str}
  sample:
    - alert: LLMTargetDown
      fired_after: 3.1
      arrived_after: 3.3
      receivers: [slack]
      title: "[FIRING:1] LLMTargetDown llm-auth-proxy (critical)"
      text: "*An LLM gateway cannot be scraped*"
      waits: 3m
      how: series
      problem: ""
seconds:
  description: How long the drill took.
  returned: when the drill was held
  type: float
failed_integrations:
  description: With O(real_receivers), what Alertmanager could not send by.
  returned: when the drill was held
  type: list
  elements: str
"""

import time
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible_collections.llmmon.stack.plugins.module_utils.arguments import http_arguments, http_client
from ansible_collections.llmmon.stack.plugins.module_utils.clients.engine import DOCKER_IMPORT_ERROR, Engine
from ansible_collections.llmmon.stack.plugins.module_utils.drill.containers import Containers, Program
from ansible_collections.llmmon.stack.plugins.module_utils.drill.listening import Mailbox
from ansible_collections.llmmon.stack.plugins.module_utils.drill.loaded import Loaded
from ansible_collections.llmmon.stack.plugins.module_utils.drill.own_series import own_cases
from ansible_collections.llmmon.stack.plugins.module_utils.drill.plan import Plan, plan_of
from ansible_collections.llmmon.stack.plugins.module_utils.drill.report import Row, rows, verdict
from ansible_collections.llmmon.stack.plugins.module_utils.drill.running import Drill
from ansible_collections.llmmon.stack.plugins.module_utils.errors import StackError
from ansible_collections.llmmon.stack.plugins.module_utils.host.disk import why_not_written
from ansible_collections.llmmon.stack.plugins.module_utils.host.operation import Operations


def hold(parameters: dict[str, Any], plan: Plan, groups: list[dict[str, Any]]) -> tuple[list[Row], list[str]]:
    """Hold the drill on this host; its rows, and the integrations that failed."""
    data_root, config_root = Path(parameters["data_root"]), f"{parameters['config_root']}/alertmanager"
    drill = Drill(
        plan,
        Loaded(groups),
        parameters["routes"],
        f"{config_root}/current",
        parameters["sending"],
        parameters["real_receivers"],
    )
    containers = Containers(
        Engine(timeout=120),
        data_root,
        Program(**parameters["prometheus"], flags=tuple(parameters["prometheus_flags"])),
        Program(**parameters["alertmanager"]),
        config_root,
        parameters["etc_hosts"],
    )
    with Operations(data_root).locked("fire_drill"):
        containers.clear()
        try:
            return drill.hold(containers, parameters["timeout"]), drill.failed_deliveries
        finally:
            containers.clear()


def main() -> None:
    """Module entry point."""
    program = {
        "type": "dict",
        "required": True,
        "options": {
            "container": {"type": "str", "required": True},
            "uid": {"type": "int", "required": True},
            "gid": {"type": "int", "required": True},
        },
    }
    module = AnsibleModule(
        argument_spec={
            **http_arguments(),
            "gateways": {"type": "list", "elements": "dict", "required": True},
            "presets": {"type": "dict", "required": True},
            "failure_definition": {"type": "str", "default": "all", "choices": ["all", "provider"]},
            "minimum_requests": {"type": "float", "default": 20.0},
            "alerts": {"type": "list", "elements": "str", "default": []},
            "own_tests": {"type": "list", "elements": "dict", "default": []},
            "real_receivers": {"type": "bool", "default": False},
            "routes": {"type": "dict", "required": True},
            "sending": {"type": "dict", "default": {}},
            "config_root": {"type": "path", "required": True},
            "data_root": {"type": "path", "required": True},
            "prometheus": program,
            "alertmanager": program,
            "prometheus_flags": {"type": "list", "elements": "str", "default": []},
            "etc_hosts": {"type": "dict", "default": {}},
            "timeout": {"type": "float", "default": 60.0},
        },
        supports_check_mode=True,
    )
    if DOCKER_IMPORT_ERROR:
        module.fail_json(msg=missing_required_lib("docker"), exception=DOCKER_IMPORT_ERROR)
    parameters = module.params
    began = time.monotonic()
    try:
        groups = http_client(module).get("/api/v1/rules", exclude_alerts="true")["data"]["groups"]
        plan = plan_of(
            groups,
            parameters["gateways"],
            parameters["presets"],
            {name: parameters[name] for name in ("failure_definition", "minimum_requests")},
            parameters["alerts"],
            own_cases(parameters["own_tests"]),
        )
        if module.check_mode:
            planned = [row.as_dict() | {"problem": ""} for row in rows(plan, {}, Mailbox(), 0, {})]
            module.exit_json(changed=False, alerts=planned)
        found, failed = hold(parameters, plan, groups)
    except StackError as error:
        module.fail_json(msg=str(error))
    except OSError as error:
        module.fail_json(msg=f"the drill cannot be held: {why_not_written(error, parameters['data_root'])}")
    facts = {
        "alerts": [row.as_dict() for row in found],
        "seconds": round(time.monotonic() - began, 1),
        "failed_integrations": failed,
    }
    message = verdict(found, parameters["alerts"], failed)
    if message:
        module.fail_json(msg=message, **facts)
    module.exit_json(changed=False, **facts)


if __name__ == "__main__":
    main()
