#!/usr/bin/python
# SPDX-License-Identifier: Apache-2.0
"""Prove that Alertmanager reaches its receivers."""

from __future__ import annotations

DOCUMENTATION = r"""
module: alertmanager_probe
short_description: Prove that alerts reach every receiver, and say which one they do not reach and why
version_added: 0.1.0
description:
  - Sends a synthetic alert to Alertmanager, watches Alertmanager's own counters of notifications
    (C(alertmanager_notifications_total), C(alertmanager_notifications_failed_total) and the same of single requests)
    until each receiver has got it or failed, and resolves the alert.
  - B(People get the message), and another one when it is resolved, so run it when they expect it.
  - Alertmanager needs a route that takes the alert to every receiver at once; llmmon's role has one. A receiver that
    fails does not keep the others from getting theirs; Alertmanager gives each about ten seconds.
  - Counters for each receiver need Alertmanager's feature C(receiver-name-in-metrics). Without it receivers of one
    integration are told apart by their number only.
  - In a cluster each Alertmanager proves its own way to the receivers. The later ones in its order wait 15 seconds for
    each that comes before them; leave time for that.
attributes:
  check_mode:
    support: full
    details: Sends nothing.
  diff_mode:
    support: none
  idempotent:
    support: none
    details: Every run sends an alert of its own. Nothing on the host changes but what O(record_to) remembers of it.
options:
  receivers:
    description: Who must be reached.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: The receiver's name in Alertmanager's configuration.
        type: str
        required: true
      integration:
        description: What it sends by, such as V(slack), V(email) or V(webhook).
        type: str
        required: true
      variable:
        description: What to change when it is not reached.
        type: str
        default: llmmon_receivers
      settings:
        description:
          - A digest of its settings without secrets. With O(record_to), what is written down holds for these settings
            and the secrets in O(secrets_directory) only.
        type: str
        default: ""
  alertname:
    description: Name of the synthetic alert, by which its route knows it.
    type: str
    default: LLMMonDeliveryProbe
  summary:
    description: What the message says in a few words.
    type: str
    default: "A test: nothing is wrong"
  description:
    description: What the message says to whoever gets it.
    type: str
    default: llmmon proves that alerts reach this receiver. There is nothing to do.
  container:
    description: Alertmanager's container on this host, whose log tells why a receiver was not reached.
    type: str
  secrets_directory:
    description: Directory of files whose contents no message may show.
    type: path
  record_to:
    description:
      - JSON file on the host in which is written down when each receiver was tried and whether it was reached, for
        M(llmmon.stack.stack_status) and M(llmmon.stack.stack_verify) to tell. It holds no secret.
    type: path
  timeout:
    description: Seconds to wait for all receivers.
    type: float
    default: 60.0
extends_documentation_fragment:
  - llmmon.stack.attributes
  - llmmon.stack.http
author:
  - llmmon (@llmmon)
"""

EXAMPLES = r"""
- name: Prove that alerts reach their receivers
  llmmon.stack.alertmanager_probe:
    url: http://127.0.0.1:9093
    receivers:
      - {name: slack, integration: slack, variable: llmmon_receivers.slack}
      - {name: oncall, integration: email, variable: llmmon_receivers.oncall}
    container: llmmon-alertmanager
    secrets_directory: /etc/llmmon/alertmanager/current/secrets
"""

RETURN = r"""
reached:
  description: Names of the receivers that got the alert.
  returned: always
  type: list
  elements: str
  sample: [slack, oncall]
unreached:
  description: Names of the receivers that did not.
  returned: always
  type: list
  elements: str
deliveries:
  description: What was counted for each receiver while the alert was on its way.
  returned: when the alert was sent
  type: list
  elements: dict
  contains:
    integration: {description: What it sends by., type: str}
    receivers:
      description: Its name, or several when Alertmanager does not tell them apart.
      type: list
      elements: str
    notifications: {description: Notifications begun., type: int}
    notifications_failed: {description: Notifications given up., type: int}
    requests: {description: Attempts to send., type: int}
    requests_failed: {description: Attempts that failed., type: int}
    reason: {description: "Why it was not reached, in Alertmanager's own words.", type: str}
line:
  description: "Who is told, as a line: each receiver, and when it was tried. Empty when none of them tells a person."
  returned: when the alert was sent
  type: str
  sample: "receivers: slack (tried 2026-01-02T03:04Z)"
seconds:
  description: How long it took until each receiver had got it or failed.
  returned: when the alert was sent
  type: float
  sample: 1.5
"""

import datetime
import time
from pathlib import Path
from typing import Optional

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.llmmon.stack.plugins.module_utils.arguments import http_arguments, http_client
from ansible_collections.llmmon.stack.plugins.module_utils.clients.engine import Engine, EngineError
from ansible_collections.llmmon.stack.plugins.module_utils.clients.http import HttpError
from ansible_collections.llmmon.stack.plugins.module_utils.delivery.counters import Delivery, Key, Receiver
from ansible_collections.llmmon.stack.plugins.module_utils.delivery.masking import masked, secrets_in
from ansible_collections.llmmon.stack.plugins.module_utils.delivery.probe import Probe, watch
from ansible_collections.llmmon.stack.plugins.module_utils.delivery.reasons import failure_reasons
from ansible_collections.llmmon.stack.plugins.module_utils.delivery.told import Told, told_line
from ansible_collections.llmmon.stack.plugins.module_utils.delivery.tries import Tries, Try, fingerprint
from ansible_collections.llmmon.stack.plugins.module_utils.delivery.verdict import delivery_verdict, facts_of
from ansible_collections.llmmon.stack.plugins.module_utils.host.clock import utc_now, written
from ansible_collections.llmmon.stack.plugins.module_utils.host.disk import why_not_written

_LOG_LINES = 2000


def words_of(container: Optional[str], since: datetime.datetime) -> dict[Key, str]:
    """Reasons out of the log of Alertmanager's container, none when it cannot be read."""
    if not container:
        return {}
    try:
        return failure_reasons(Engine().logs_since(container, since, _LOG_LINES))
    except EngineError:
        return {}


def remembered(module: AnsibleModule, deliveries: list[Delivery], at: datetime.datetime) -> str:
    """Write down what became of each receiver, if wanted; the line that says so."""
    path, secrets = module.params["record_to"], module.params["secrets_directory"]
    tried = {
        receiver.name: Try(written(at), delivery.reached, fingerprint(receiver.name, receiver.settings, secrets))
        for delivery in deliveries
        for receiver in delivery.receivers
    }
    try:
        if path:
            Tries(Path(path)).note(tried)
    except OSError as error:
        module.warn(f"when the receivers were tried cannot be written down: {why_not_written(error, path)}")
    told = Told({"": list(tried)}, own=True)
    settings = {name: entry.settings for name, entry in tried.items()}
    return "" if told.nobody else told_line(told, settings, tried, required=True)


def prove(module: AnsibleModule, receivers: list[Receiver]) -> None:
    """Send the alert, and end the module with what became of it."""
    parameters = module.params
    texts = {name: parameters[name] for name in ("summary", "description")}
    probe = Probe(http_client(module), parameters["alertname"], texts, parameters["timeout"])
    started, begun = utc_now(), time.monotonic()
    try:
        deliveries, untried = watch(probe, receivers, parameters["timeout"])
    except HttpError as error:
        module.fail_json(msg=f"the synthetic alert cannot be sent or watched: {error}", reached=[], unreached=[])
    seconds = round(time.monotonic() - begun, 1)
    why: dict[Key, str] = {}
    if not all(delivery.reached for delivery in deliveries):
        secrets = secrets_in(parameters["secrets_directory"])
        why = {key: masked(words, secrets) for key, words in words_of(parameters["container"], started).items()}
    facts = {**facts_of(deliveries, why), "seconds": seconds, "line": remembered(module, deliveries, started)}
    message = delivery_verdict(deliveries, why, untried)
    if message:
        module.fail_json(msg=message, **facts)
    module.exit_json(changed=False, **facts)


def main() -> None:
    """Module entry point."""
    module = AnsibleModule(
        argument_spec={
            **http_arguments(),
            "receivers": {
                "type": "list",
                "elements": "dict",
                "required": True,
                "options": {
                    "name": {"type": "str", "required": True},
                    "integration": {"type": "str", "required": True},
                    "variable": {"type": "str", "default": "llmmon_receivers"},
                    "settings": {"type": "str", "default": ""},
                },
            },
            "alertname": {"type": "str", "default": "LLMMonDeliveryProbe"},
            "summary": {"type": "str", "default": "A test: nothing is wrong"},
            "description": {
                "type": "str",
                "default": "llmmon proves that alerts reach this receiver. There is nothing to do.",
            },
            "container": {"type": "str"},
            "secrets_directory": {"type": "path", "no_log": False},
            "record_to": {"type": "path"},
            "timeout": {"type": "float", "default": 60.0},
        },
        supports_check_mode=True,
    )
    receivers = [Receiver(**receiver) for receiver in module.params["receivers"]]
    if not receivers:
        module.fail_json(
            msg="there is no receiver, so no alert would reach anybody: set llmmon_receivers", reached=[], unreached=[]
        )
    if module.check_mode:
        module.exit_json(changed=False, reached=[], unreached=[])
    prove(module, receivers)


if __name__ == "__main__":
    main()
