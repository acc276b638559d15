# SPDX-License-Identifier: Apache-2.0
"""What is wrong with llmmon_gateways, as sentences that name the gateway and what to change."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from ansible_collections.llmmon.stack.plugins.plugin_utils.gateways import kind_of
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.addresses import LOOPBACK, host_and_port
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.gateway_access import access_problems
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.regexes import regex_problem
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.shapes import (
    dictionaries,
    dictionary_problems,
    list_problems,
    repeated,
    shown,
)

OWN_JOBS = (
    *("prometheus", "alertmanager", "grafana", "prober", "llm-metrics-probe", "llm-metrics-noauth"),
    *("host-node", "host-gpu"),
)
OWN_LABELS = ("job", "instance")
LABELS_OF_ALERTS = ("alertname", "severity", "component")

_VARIABLE = "llmmon_gateways"
_EXAMPLE = '[{name: litellm, kind: litellm, targets: ["litellm.example:4000"]}]'

# Matched in full: "$" would let a line break at the end through.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
_LABEL = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def gateway_problems(
    gateways: list[dict[str, Any]], kinds: list[str], host_name: str, places: Sequence[str] | None = None
) -> list[str]:
    """What is wrong with llmmon_gateways.

    ``kinds`` are those there is a preset for; ``host_name`` is a name of the host itself that its containers know, or
    empty; ``places`` are folders in which relative paths are looked for first.
    """
    usable, found = dictionaries(_VARIABLE, gateways, _EXAMPLE)
    found += [
        f"{_VARIABLE}: the name {name} appears twice; a name is a job label and must be unique"
        for name in repeated(gateway.get("name") for gateway in usable)
    ]
    for gateway in usable:
        found += _problems_of(gateway, kinds, host_name) + access_problems(gateway, places or ())
    return found


def relabeling_problems(gateways: list[dict[str, Any]]) -> list[str]:
    """Which regular expressions of the gateways' relabeling do not compile.

    Of gateways that are not a list of dictionaries gateway_problems says so.
    """
    usable, _ = dictionaries(_VARIABLE, gateways, _EXAMPLE)
    found = []
    for gateway in usable:
        place, steps = f"metric_relabel_configs of {gateway.get('name')}", gateway.get("metric_relabel_configs")
        usable_steps, problems = dictionaries(
            f"{_VARIABLE}: {place}", [] if steps is None else steps, '[{action: labeldrop, regex: "request_id"}]'
        )
        found += problems
        for step in usable_steps:
            why = regex_problem(str(step.get("regex", "")))
            if why:
                found.append(f"{_VARIABLE}: the regex {shown(step['regex'])} in {place} does not compile: {why}")
    return found


def _problems_of(gateway: dict[str, Any], kinds: list[str], host_name: str) -> list[str]:
    name, kind, targets = gateway.get("name"), kind_of(gateway), gateway.get("targets")
    found = []
    if not _NAME.fullmatch(str(name or "")):
        found.append(
            f"{_VARIABLE}: the name {shown(name)} must consist of at most 63 letters, digits, '.', '_' and '-', and"
            " begin with a letter or digit; it becomes a job label and part of a file's name"
        )
    if name in OWN_JOBS:
        found.append(f"{_VARIABLE}: {name} is the job of llmmon's own service; choose another name")
    if kind not in kinds:
        found.append(
            f"{_VARIABLE}: the kind {shown(kind)} of {name} is unknown; known are {', '.join(sorted(kinds))}, and each"
            " KIND.yml in llmmon_presets_directory"
        )
    if targets:
        not_a_list = list_problems(f"{_VARIABLE}: targets of {name}", targets, '["gateway.example:8000"]')
        found += not_a_list
        for target in [] if not_a_list else targets:
            found += target_problems(str(name), target, host_name)
    else:
        found.append(f"{_VARIABLE}: {name} has no targets; write at least one host:port")
    return found + _label_problems(str(name), gateway.get("labels"))


def target_problems(gateway: str, target: Any, host_name: str) -> list[str]:
    """What is wrong with one ``host:port``."""
    parts = host_and_port(target)
    if parts is None:
        return [
            f"{_VARIABLE}: the target {shown(target)} of {gateway} is not of the form host:port"
            " (the path goes to metrics_path, http or https to scheme)"
        ]
    host, port = parts
    if LOOPBACK.fullmatch(host):
        return [
            f"{_VARIABLE}: the target {target} of {gateway} would be Prometheus's own container; for a gateway on"
            f" the same host write {host_name or 'a name from llmmon_etc_hosts'}:{port}, and let it listen on more"
            " than loopback"
        ]
    return []


def _label_problems(gateway: str, labels: Any) -> list[str]:
    found = dictionary_problems(f"{_VARIABLE}: labels of {gateway}", {} if labels is None else labels)
    if found or not labels:
        return found
    names = sorted(map(str, labels))
    reserved = [label for label in names if label in OWN_LABELS or label.startswith("__")]
    of_alerts = [label for label in names if label in LABELS_OF_ALERTS]
    if reserved:
        found.append(
            f"{_VARIABLE}: the labels of {gateway} must not contain {', '.join(reserved)}: Prometheus sets them itself,"
            " and rules and dashboards rely on them"
        )
    if of_alerts:
        found.append(
            f"{_VARIABLE}: the labels of {gateway} must not contain {', '.join(of_alerts)}: every alert sets them"
            " itself; llmmon_alerts changes the severity of an alert"
        )
    return found + [
        f"{_VARIABLE}: the label {shown(label)} of {gateway} must consist of letters, digits and '_', and not begin"
        " with a digit"
        for label in names
        if not _LABEL.fullmatch(label)
    ]
