# SPDX-License-Identifier: Apache-2.0
"""All that can be asked of a stack, as the module stack_verify takes it."""

from __future__ import annotations

import time
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.llmmon.stack.plugins.module_utils.arguments import (
    client_of,
    grafana_argument,
    grafana_proof_arguments,
    http_arguments,
    query_arguments,
    receivers_arguments,
    remote_write_arguments,
    rules_arguments,
    services_argument,
    targets_arguments,
    thanos_argument,
)
from ansible_collections.llmmon.stack.plugins.module_utils.clients.engine import Engine
from ansible_collections.llmmon.stack.plugins.module_utils.clients.grafana import GrafanaApi
from ansible_collections.llmmon.stack.plugins.module_utils.host.clock import BEGINNING
from ansible_collections.llmmon.stack.plugins.module_utils.proof.clock import verify_clock
from ansible_collections.llmmon.stack.plugins.module_utils.proof.documentation import verify_documentation
from ansible_collections.llmmon.stack.plugins.module_utils.proof.grafana import verify_grafana
from ansible_collections.llmmon.stack.plugins.module_utils.proof.parts import Part
from ansible_collections.llmmon.stack.plugins.module_utils.proof.receivers import verify_receivers
from ansible_collections.llmmon.stack.plugins.module_utils.proof.remote_write import verify_query, verify_remote_write
from ansible_collections.llmmon.stack.plugins.module_utils.proof.rules import verify_rules
from ansible_collections.llmmon.stack.plugins.module_utils.proof.stack import verify_stack
from ansible_collections.llmmon.stack.plugins.module_utils.proof.targets import verify_targets
from ansible_collections.llmmon.stack.plugins.module_utils.proof.thanos import Thanos, verify_thanos

# Of Prometheus's log, when an engine takes nothing: it is tried several times a second.
_LINES = 500
# A marker is made every half minute, and an engine may show what it has half a minute later.
_SHOWN_SECONDS = 120.0


def proof_arguments() -> dict[str, Any]:
    """Options of ``stack_verify``."""
    return {
        "services": services_argument(),
        "targets": {"type": "dict", "options": {**http_arguments(), **targets_arguments()}},
        "rules": {"type": "dict", "options": {**http_arguments(), **rules_arguments()}},
        "grafana": grafana_argument(grafana_proof_arguments()),
        "remote_write": {"type": "dict", "options": {**http_arguments(), **remote_write_arguments()}},
        "query": grafana_argument(query_arguments()),
        "thanos": thanos_argument(),
        "documentation": {"type": "dict", "options": http_arguments()},
        "receivers": {"type": "dict", "options": receivers_arguments()},
        "timeout": {"type": "float", "default": 60.0},
        "controller_time": {"type": "float"},
    }


def prove(module: AnsibleModule, asked: dict[str, Any]) -> dict[str, Any]:
    """Prove all that is asked for; returns what was found. Raises NotProved with that, and StackError."""
    engine = Engine()
    return verify_stack(asked["services"], engine, _parts(module, asked, engine), asked["timeout"])


def _parts(module: AnsibleModule, asked: dict[str, Any], engine: Engine) -> dict[str, Part]:
    """The parts that are asked for, each ready to be proved."""
    targets, rules, grafana = (asked[name] for name in ("targets", "rules", "grafana"))
    documentation, timeout = asked["documentation"], asked["timeout"]
    remote_write, query, receivers = (asked[name] for name in ("remote_write", "query", "receivers"))
    found: dict[str, Part] = {}
    if asked["controller_time"] is not None:
        # Now, and not when the services have been waited for.
        ahead = time.time() - asked["controller_time"]
        found["clock"] = lambda: verify_clock(ahead)
    if targets:
        found["targets"] = lambda: verify_targets(client_of(module, targets), targets, timeout)
    if rules:
        found["rules"] = lambda: verify_rules(client_of(module, rules), rules, timeout)
    if grafana:
        found["grafana"] = lambda: verify_grafana(GrafanaApi(client_of(module, grafana)), grafana, timeout)
    if remote_write:

        def log() -> list[str]:
            return engine.logs_since(remote_write["container"], BEGINNING, _LINES)

        client = client_of(module, remote_write)
        found["remote_write"] = lambda: verify_remote_write(client, remote_write, log, timeout)
    if query:
        shown = max(timeout, _SHOWN_SECONDS) if timeout else 0.0
        found["query"] = lambda: verify_query(GrafanaApi(client_of(module, query)), query, shown)
    if asked["thanos"]:
        thanos = Thanos(asked["thanos"], engine)
        found["thanos"] = lambda: verify_thanos(thanos, timeout)
    if receivers:
        found["receivers"] = lambda: verify_receivers(receivers)
    if documentation:
        found["documentation"] = lambda: verify_documentation(client_of(module, documentation), timeout)
    return found
