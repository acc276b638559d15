#!/usr/bin/python
# SPDX-License-Identifier: Apache-2.0
"""Look at the services of a host."""

from __future__ import annotations

DOCUMENTATION = r"""
module: stack_status
short_description: Report the state of a host's services, and fail on trouble if wanted
version_added: 0.1.0
description:
  - Looks at each service's container, configuration release and API and returns one record a service.
  - With O(require_healthy=true) it fails when a service is not running, not ready, not of the expected version, or does
    not run the configuration release that is current.
attributes:
  check_mode:
    support: full
    details: Reads only; tells whether O(record_to) would be written.
  diff_mode:
    support: none
  idempotent:
    support: full
options:
  require_healthy:
    description: Fail when something is not as it should be.
    type: bool
    default: false
  timeout:
    description: Seconds to wait for the services to be ready, when O(require_healthy=true).
    type: float
    default: 30.0
  record_to:
    description: JSON file on the host in which versions, images, digests and releases are written down.
    type: path
  first_starts:
    description:
      - Services of O(services) whose containers were started where there were none. They are waited for, and the
        release that they have started with is the one that runs. One whose containers are not there is passed over.
    type: list
    elements: dict
    default: []
    version_added: 1.1.0
    suboptions:
      service: {description: The service., type: str, required: true}
      containers: {description: All containers that read its configuration., type: list, elements: str, required: true}
  start_timeout:
    description: Seconds that each container of O(first_starts) may take to become ready.
    type: float
    default: 120.0
    version_added: 1.1.0
  compared:
    description:
      - Containers that were compared with their descriptions, as options of M(llmmon.stack.container_compared). How
        they are found is noted.
    type: dict
    version_added: 1.1.0
    suboptions:
      path: {description: File of the notes., type: path, required: true}
      containers:
        description: The containers that are as described.
        type: list
        elements: dict
        required: true
        suboptions:
          name: {description: Its name., type: str, required: true}
          asked: {description: Digest of its description., type: str, required: true}
  backup_directory:
    description: Directory of the archives; the last good ones are told.
    type: path
  data_root:
    description: Directory of the journal of operations; one that was interrupted is told.
    type: path
  prober:
    description: Container of the prober; that there is none is told as a problem of Prometheus.
    type: str
  documentation:
    description: Container of the documentation; that there is none is told in RV(problems).
    type: str
  canary:
    description: Container of the canary; that there is none is told in RV(problems).
    type: str
    version_added: 1.1.0
  jobs:
    description: Scrape jobs of Prometheus; that one has no target is told as a problem of Prometheus.
    type: list
    elements: str
    default: []
extends_documentation_fragment:
  - llmmon.stack.attributes
  - llmmon.stack.services
  - llmmon.stack.proof.thanos
  - llmmon.stack.proof.told
requirements:
  - docker (SDK for Python)
  - requests
author:
  - llmmon (@llmmon)
"""

EXAMPLES = r"""
- name: Look at Prometheus
  llmmon.stack.stack_status:
    services:
      - name: prometheus
        container: llmmon-prometheus
        url: http://127.0.0.1:9090
        version: 3.13.2
        config_root: /etc/llmmon/prometheus
        data_directory: /var/lib/llmmon/prometheus
"""

RETURN = r"""
services:
  description: One record a service.
  returned: always
  type: list
  elements: dict
  contains:
    name: {description: The service., type: str}
    state: {description: State of its container as the engine says or missing., type: str}
    ready: {description: Whether it answers that it is ready., type: bool}
    version: {description: Version it reports., type: str}
    started_at: {description: When its container started (UTC)., type: str}
    up_seconds: {description: Seconds since then., type: int}
    release: {description: Current configuration release., type: str}
    running_release: {description: Release it has proved to run., type: str}
    image: {description: Image reference of the container., type: str}
    digests: {description: Repository digests of that image., type: list, elements: str}
    restarts: {description: How often the engine restarted it., type: int}
    data_bytes: {description: Disk that its data use., type: int}
    targets_up: {description: Scrape targets up (Prometheus) but for those that the prober asks., type: int}
    targets_total: {description: Scrape targets (Prometheus) but for those that the prober asks., type: int}
    scraped_jobs: {description: Jobs that have a target (Prometheus)., type: list, elements: str}
    firing_alerts: {description: Names of firing alerts without the Watchdog (Prometheus)., type: list, elements: str}
    problems: {description: One sentence for each thing that is not as it should be., type: list, elements: str}
problems:
  description: One sentence for each thing beside the services that is not as it should be.
  returned: always
  type: list
  elements: str
thanos:
  description: What there is to say of the components of Thanos, as of M(llmmon.stack.stack_verify).
  returned: when asked for
  type: dict
receivers:
  description: Who is told of alerts.
  returned: when asked for
  type: dict
  contains:
    names: {description: Receivers that are in force and tell a person., type: list, elements: str}
    nobody: {description: Whether it is certain that nobody is told., type: bool}
    line: {description: "All of it in a line, with when each was tried.", type: str}
    why: {description: "Why nobody is told, and what to change; empty when somebody is.", type: str}
interrupted:
  description: What was interrupted on the host and what to run again, empty when nothing was.
  returned: when O(data_root) is given
  type: str
backups:
  description: The last good archive of each scope.
  returned: when O(backup_directory) is given
  type: list
  elements: dict
  contains:
    scope: {description: What is in it., type: str}
    archive: {description: Its path., type: str}
    created: {description: When it was made (UTC)., type: str}
    age_seconds: {description: How long ago that is., type: int}
    bytes: {description: Its size., type: int}
"""

from pathlib import Path
from typing import Any, Optional

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible_collections.llmmon.stack.plugins.module_utils.arguments import (
    compared_arguments,
    first_starts_argument,
    receivers_arguments,
    services_argument,
    thanos_argument,
)
from ansible_collections.llmmon.stack.plugins.module_utils.backup.retention import last_good
from ansible_collections.llmmon.stack.plugins.module_utils.clients.engine import (
    DOCKER_IMPORT_ERROR,
    Engine,
    EngineError,
)
from ansible_collections.llmmon.stack.plugins.module_utils.clients.readiness import wait_until_ready
from ansible_collections.llmmon.stack.plugins.module_utils.containers.first_start import finish_first_start
from ansible_collections.llmmon.stack.plugins.module_utils.containers.startup import NotRunning
from ansible_collections.llmmon.stack.plugins.module_utils.errors import StackError
from ansible_collections.llmmon.stack.plugins.module_utils.host.disk import why_not_written
from ansible_collections.llmmon.stack.plugins.module_utils.host.files import write_atomically
from ansible_collections.llmmon.stack.plugins.module_utils.host.operation import OperationError, Operations
from ansible_collections.llmmon.stack.plugins.module_utils.look import compared
from ansible_collections.llmmon.stack.plugins.module_utils.proof.receivers import look_at_receivers
from ansible_collections.llmmon.stack.plugins.module_utils.proof.services import deployed, look_at
from ansible_collections.llmmon.stack.plugins.module_utils.proof.thanos import Thanos


def beside(what: str, container: Optional[str], engine: Engine) -> list[str]:
    """What is wrong with a container that runs beside the services, if there should be one."""
    attributes = engine.inspect(container) if container else None
    if container and attributes is None:
        return [f"the {what} has no container {container}: run site.yml"]
    if attributes and attributes["State"]["Status"] != "running":
        return [f"the container {container} of the {what} is {attributes['State']['Status']}: run site.yml"]
    return []


def scraping_problems(records: list[dict[str, Any]], jobs: list[str], prober: Optional[str], engine: Engine) -> None:
    """Add to the problems of Prometheus what is missing beside it: the prober, and targets of jobs."""
    for record in (record for record in records if record["name"] == "prometheus"):
        record["problems"] += beside("prober", prober, engine)
        if "scraped_jobs" in record:
            record["problems"] += [
                f"prometheus has no target of {job}: run verify.yml, which says why"
                for job in jobs
                if job not in record["scraped_jobs"]
            ]


def interrupted(data_root: Path) -> str:
    """What the journal of operations says; it is not to keep anybody from looking at the services."""
    try:
        journal = Operations(data_root).journal()
    except OperationError as error:
        return str(error)
    return journal.sentence() if journal else ""


def record(path: Path, content: str, check_mode: bool = False) -> bool:
    """Write the file unless it says so already; whoever reads it sees the old content or the new."""
    if path.is_file() and path.read_text(encoding="utf-8", errors="replace") == content:
        return False
    if not check_mode:
        write_atomically(path, content, 0o640)
    return True


def finish_first_starts(module: AnsibleModule, engine: Engine) -> None:
    """Wait for all that was started for the first time; raises EngineError or NotRunning."""
    refusals = []
    roots = {service["name"]: service["config_root"] for service in module.params["services"]}
    for start in module.params["first_starts"]:
        if start["service"] not in roots:
            module.fail_json(msg=f"first_starts names {start['service']}, which is not in services")
        root = roots[start["service"]]
        limit = module.params["start_timeout"]
        try:
            finish_first_start(engine, Path(root), start["containers"], limit, module.check_mode)
        except NotRunning as error:
            refusals.append(str(error))
        except OSError as error:
            module.fail_json(msg=f"the release that runs cannot be remembered: {why_not_written(error, root)}")
    if refusals:
        raise NotRunning(" | ".join(refusals))


def main() -> None:
    """Module entry point."""
    module = AnsibleModule(
        argument_spec={
            "services": services_argument(),
            "require_healthy": {"type": "bool", "default": False},
            "timeout": {"type": "float", "default": 30.0},
            "record_to": {"type": "path"},
            "first_starts": first_starts_argument(),
            "start_timeout": {"type": "float", "default": 120.0},
            "compared": {"type": "dict", "options": compared_arguments()},
            "backup_directory": {"type": "path"},
            "data_root": {"type": "path"},
            "prober": {"type": "str"},
            "documentation": {"type": "str"},
            "canary": {"type": "str"},
            "jobs": {"type": "list", "elements": "str", "default": []},
            "thanos": thanos_argument(),
            "receivers": {"type": "dict", "options": receivers_arguments()},
        },
        supports_check_mode=True,
    )
    if DOCKER_IMPORT_ERROR:
        module.fail_json(msg=missing_required_lib("docker"), exception=DOCKER_IMPORT_ERROR)
    records: list[dict[str, Any]] = []
    others: list[str] = []
    thanos: list[Thanos] = []

    def trouble() -> list[str]:
        records[:] = [look_at(service, engine) for service in module.params["services"]]
        scraping_problems(records, module.params["jobs"], module.params["prober"], engine)
        others[:] = [
            problem for what in ("documentation", "canary") for problem in beside(what, module.params[what], engine)
        ]
        others.extend(problem for components in thanos for problem in components.problems())
        return [problem for record in records for problem in record["problems"]] + others

    try:
        engine = Engine()
        if module.params["thanos"]:
            thanos.append(Thanos(module.params["thanos"], engine))
        finish_first_starts(module, engine)
        required = module.params["require_healthy"]
        found = wait_until_ready(trouble, module.params["timeout"], interval=1.0) if required else trouble()
    except (EngineError, NotRunning) as error:
        module.fail_json(msg=str(error))
    if found and required:
        module.fail_json(msg=" | ".join(found), services=records)
    target = module.params["record_to"]
    try:
        changed = bool(target) and record(Path(target), deployed(records), module.check_mode)
    except OSError as error:
        module.fail_json(
            msg=f"what is deployed cannot be written down: {why_not_written(error, target)}", services=records
        )
    notes = module.params["compared"]
    if notes:
        try:
            compared.note(engine, Path(notes["path"]), notes["containers"], check_mode=module.check_mode)
        except StackError as error:
            module.fail_json(msg=str(error), services=records)
    directory = module.params["backup_directory"]
    backups = {"backups": last_good(Path(directory))} if directory else {}
    root = module.params["data_root"]
    operations = {"interrupted": interrupted(Path(root))} if root else {}
    asked = module.params["receivers"]
    told = {"receivers": look_at_receivers(asked)} if asked else {}
    of_thanos = {"thanos": thanos[0].facts()} if thanos else {}
    module.exit_json(changed=changed, services=records, problems=others, **backups, **operations, **told, **of_thanos)


if __name__ == "__main__":
    main()
