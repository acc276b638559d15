#!/usr/bin/python
# SPDX-License-Identifier: Apache-2.0
"""Propose thresholds that fit what Prometheus has recorded."""

from __future__ import annotations

DOCUMENTATION = r"""
module: prometheus_calibrate
short_description: Propose thresholds for each gateway and model that fit what Prometheus has recorded
version_added: 1.0.0
description:
  - Reads the recorded response times, failures and requests of each model, and proposes thresholds that leave alone
    what was usual, with what those in force and those proposed would have told in that time.
  - Models with too little traffic get no proposal.
attributes:
  check_mode:
    support: full
    details: Reads only.
  diff_mode:
    support: none
  idempotent:
    support: full
options:
  days:
    description: How many days to look back.
    type: float
    default: 7.0
  until:
    description: Where to stop looking, in seconds since 1970 (UTC); now, when it is left out.
    type: float
  minimum_requests:
    description: Requests of a model in 5 minutes below which its response times and failures say too little.
    type: float
    default: 20.0
  thresholds:
    description:
      - The thresholds in force, C(latency_p95_seconds), C(failure_ratio), C(request_surge_ratio) and
        C(token_surge_ratio).
    type: dict
    required: true
  availability:
    description: The availability that gateways owe that have no recorded objective.
    type: float
    required: true
extends_documentation_fragment:
  - llmmon.stack.attributes
  - llmmon.stack.http
author:
  - llmmon (@llmmon)
"""

EXAMPLES = r"""
- name: Propose thresholds out of the last two weeks
  llmmon.stack.prometheus_calibrate:
    url: http://127.0.0.1:9090
    days: 14
    thresholds: {latency_p95_seconds: 2, failure_ratio: 0.2, request_surge_ratio: 3, token_surge_ratio: 5}
    availability: 0.99
"""

RETURN = r"""
note:
  description: A sentence when there is nothing to propose, else empty.
  returned: always
  type: str
hours:
  description: Hours between the first and the last minute with requests enough to judge by.
  returned: always
  type: float
models:
  description: What is known of each model.
  returned: always
  type: list
  elements: dict
  contains:
    gateway: {description: Its gateway., type: str}
    model: {description: Its name., type: str}
    requests_per_hour: {description: Requests per hour on average., type: float}
    minutes: {description: Minutes with requests enough to judge by., type: int}
    enough: {description: Whether that is enough for proposals., type: bool}
    p95_median: {description: P95 in seconds; half of the time it was below., type: float}
    p95_high: {description: P95 in seconds; 99 of 100 minutes it was below., type: float}
    failures: {description: Share of failed requests; half of the time it was below., type: float}
    proposals:
      description: The numbers that are proposed.
      type: list
      elements: dict
      contains:
        name: {description: The threshold., type: str}
        current: {description: What is in force., type: float}
        fired: {description: How often that would have told., type: int}
        proposed: {description: What is proposed., type: float}
        would_fire: {description: How often that would have told., type: int}
gateways:
  description: What is known of the surges of each gateway.
  returned: always
  type: list
  elements: dict
  contains:
    gateway: {description: Its name., type: str}
    proposals: {description: As those of models., type: list, elements: dict}
objectives:
  description: Availability proposed for each gateway that does not keep the one in force.
  returned: always
  type: dict
overrides:
  description: Entries for llmmon_threshold_overrides.
  returned: always
  type: list
  elements: dict
yaml:
  description: The same as text to paste.
  returned: always
  type: str
"""

import dataclasses
import time
from typing import Any

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.llmmon.stack.plugins.module_utils.arguments import http_arguments, http_client
from ansible_collections.llmmon.stack.plugins.module_utils.calibration.history import ENOUGH_MINUTES, History, read
from ansible_collections.llmmon.stack.plugins.module_utils.calibration.proposals import (
    Finding,
    as_yaml,
    findings,
    gateway_findings,
    objectives,
    overrides,
)
from ansible_collections.llmmon.stack.plugins.module_utils.clients.http import HttpError


def note(found: list[Finding], url: str, days: float) -> str:
    """Why there is nothing to propose, or nothing."""
    if not found:
        return (
            f"Prometheus at {url} has recorded no requests in the last {days:g} days: let it watch some traffic first,"
            " or look further back with llmmon_calibrate_days"
        )
    if not any(finding.enough for finding in found):
        return (
            f"no model had traffic enough for a proposal: each needs {ENOUGH_MINUTES} minutes with requests enough"
            " (llmmon_alert_minimum_requests in 5 minutes)"
        )
    return ""


def hours_seen(history: History) -> float:
    """Hours between the first and the last sample."""
    times = [series.times for model in history.models for series in (model.latency, model.failures) if series.times]
    if not times:
        return 0.0
    return round((max(own[-1] for own in times) - min(own[0] for own in times)) / 3600, 1)


def main() -> None:
    """Module entry point."""
    module = AnsibleModule(
        argument_spec={
            **http_arguments(),
            "days": {"type": "float", "default": 7.0},
            "until": {"type": "float"},
            "minimum_requests": {"type": "float", "default": 20.0},
            "thresholds": {"type": "dict", "required": True},
            "availability": {"type": "float", "required": True},
        },
        supports_check_mode=True,
    )
    given: dict[str, Any] = module.params
    if given["days"] <= 0:
        module.fail_json(msg=f"days is {given['days']:g}, but must be above 0: correct llmmon_calibrate_days")
    end = time.time() if given["until"] is None else given["until"]
    try:
        history = read(http_client(module), end - given["days"] * 86400, end, given["minimum_requests"])
    except HttpError as error:
        module.fail_json(msg=f"the history of Prometheus cannot be read: {error}")
    current = {name: float(value) for name, value in given["thresholds"].items()}
    found = findings(history, current)
    targets = objectives(history, given["availability"])
    surges = gateway_findings(history, current)
    entries = overrides(found, surges, targets)
    module.exit_json(
        changed=False,
        note=note(found, given["url"], given["days"]),
        hours=hours_seen(history),
        models=[{**dataclasses.asdict(finding), "enough": finding.enough} for finding in found],
        gateways=[dataclasses.asdict(finding) for finding in surges],
        objectives=targets,
        overrides=entries,
        yaml=as_yaml(entries),
    )


if __name__ == "__main__":
    main()
