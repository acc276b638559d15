#!/usr/bin/python
# SPDX-License-Identifier: Apache-2.0
"""Take one step of an upgrade, or put back what an earlier one left."""

from __future__ import annotations

DOCUMENTATION = r"""
module: stack_upgrade
short_description: Replace services by their next version, keeping the old one until the new one is proved
version_added: 0.1.0
description:
  - An upgrade is a run of steps, all written to a journal (C(operation.json) below O(data_root)) before they are taken.
  - V(recover) puts back what an upgrade that was killed has left. V(begin) writes the plan down. V(swap) stops a
    service's container, keeps it and its data, and starts the container that was created as C(NAME-next) in its place.
    V(accept) removes what was kept, V(put_back) makes it run again. V(end) reports and closes the journal.
  - What is kept does not depend on any variable, it is the very container that ran, renamed to C(NAME-previous), with
    its data and the configuration release it ran.
attributes:
  check_mode:
    support: full
    details: Tells whether the step would do something, and does nothing.
  diff_mode:
    support: none
  idempotent:
    support: partial
    details: V(recover), V(put_back) and V(accept) do nothing that was done already; the others need their turn.
options:
  step:
    description: The step to take.
    type: str
    required: true
    choices: [recover, begin, swap, accept, put_back, end]
  data_root:
    description: Directory of the services' data, where lock and journal lie.
    type: path
    required: true
  plan:
    description: Steps of M(llmmon.stack.stack_upgrade_plan), for V(begin).
    type: list
    elements: dict
    default: []
  inventory:
    description: What M(llmmon.stack.grafana_inventory) found before, for V(begin).
    type: dict
    default: {}
  service:
    description: Which service it is about, for V(swap), V(accept) and V(put_back).
    type: str
  why:
    description: Why the service is put back, for the report.
    type: str
    default: an earlier upgrade was interrupted
  timeout:
    description: Seconds a service may take to become ready.
    type: float
    default: 120.0
  stay:
    description:
      - Seconds that a new version has to stay up, counted from when it was ready, before V(accept) removes the old one.
        A container that was started anew since it was ready is refused, however long that is.
    type: float
    default: 45.0
extends_documentation_fragment:
  - llmmon.stack.attributes
requirements:
  - docker (SDK for Python)
  - requests
author:
  - llmmon (@llmmon)
"""

EXAMPLES = r"""
- name: Put back what an upgrade that was killed has left
  llmmon.stack.stack_upgrade:
    step: recover
    data_root: /var/lib/llmmon
"""

RETURN = r"""
report:
  description: One row a service of the upgrade; after V(recover), of the one that was interrupted.
  returned: success
  type: list
  elements: dict
  contains:
    name: {description: The service., type: str}
    before: {description: Version before., type: str}
    after: {description: Version it was to have., type: str}
    outcome: {description: upgraded or rolled back or not attempted., type: str}
    gap_seconds: {description: How long the service was away in seconds., type: float}
    silences_carried: {description: Silences that had to be created again by the API (Alertmanager)., type: int}
    why: {description: Why it was rolled back., type: str}
inventory:
  description: What Grafana held before the upgrade that is under way.
  returned: after V(swap) of Grafana
  type: dict
"""

from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible_collections.llmmon.stack.plugins.module_utils.clients.engine import (
    DOCKER_IMPORT_ERROR,
    Engine,
)
from ansible_collections.llmmon.stack.plugins.module_utils.clients.http import REQUESTS_IMPORT_ERROR
from ansible_collections.llmmon.stack.plugins.module_utils.errors import StackError
from ansible_collections.llmmon.stack.plugins.module_utils.host.disk import why_not_written
from ansible_collections.llmmon.stack.plugins.module_utils.host.operation import Operations
from ansible_collections.llmmon.stack.plugins.module_utils.upgrade.generations import (
    OPERATION,
    Generations,
)


def rows(generations: Generations) -> list[dict[str, Any]]:
    """The report as far as the upgrade came."""
    return [record.row() for record in generations.records()]


def recover(generations: Generations, why: str) -> dict[str, Any]:
    """Put back every service of an upgrade that was interrupted, the last one first."""
    records = generations.records()
    for record in reversed(records):
        generations.put_back(record, why)
    report = rows(generations)
    generations.operations.end()
    return {"changed": bool(records), "report": report}


def take(step: str, generations: Generations, parameters: dict[str, Any]) -> dict[str, Any]:
    """One step and its result."""
    if step == "recover":
        return recover(generations, parameters["why"])
    if step == "begin":
        generations.begin(parameters["plan"], {"grafana": parameters["inventory"]})
        return {"changed": True, "report": rows(generations)}
    if step == "end":
        report = rows(generations)
        generations.operations.end()
        return {"changed": bool(report), "report": report}
    record = generations.record(parameters["service"])
    if step == "swap":
        generations.swap(record)
    elif step == "accept":
        generations.accept(record, parameters["stay"])
    else:
        generations.put_back(record, parameters["why"])
    return {"changed": True, "report": rows(generations), "inventory": record.inventory}


def main() -> None:
    """Module entry point."""
    module = AnsibleModule(
        argument_spec={
            "step": {
                "type": "str",
                "required": True,
                "choices": ["recover", "begin", "swap", "accept", "put_back", "end"],
            },
            "data_root": {"type": "path", "required": True},
            "plan": {"type": "list", "elements": "dict", "default": []},
            "inventory": {"type": "dict", "default": {}},
            "service": {"type": "str"},
            "why": {"type": "str", "default": "an earlier upgrade was interrupted"},
            "timeout": {"type": "float", "default": 120.0},
            "stay": {"type": "float", "default": 45.0},
        },
        required_if=[("step", step, ("service",)) for step in ("swap", "accept", "put_back")],
        supports_check_mode=True,
    )
    for library, missing in (("docker", DOCKER_IMPORT_ERROR), ("requests", REQUESTS_IMPORT_ERROR)):
        if missing:
            module.fail_json(msg=missing_required_lib(library), exception=missing)
    parameters = module.params
    step = parameters["step"]
    operations = Operations(Path(parameters["data_root"]))
    try:
        if module.check_mode:
            operations.refuse_others(OPERATION)
            journal = operations.journal()
            module.exit_json(changed=step != "recover" or journal is not None, report=[])
        with operations.locked(OPERATION):
            # Stopping in order takes as long as it takes.
            generations = Generations(Engine(timeout=120), operations, parameters["timeout"])
            result = take(step, generations, parameters)
    except StackError as error:
        module.fail_json(msg=str(error))
    except OSError as error:
        reason = why_not_written(error, parameters["data_root"])
        module.fail_json(msg=f"the data cannot be kept or put back: {reason}")
    module.exit_json(**result)


if __name__ == "__main__":
    main()
