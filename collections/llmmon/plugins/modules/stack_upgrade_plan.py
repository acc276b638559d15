#!/usr/bin/python
# SPDX-License-Identifier: Apache-2.0
"""Plan an upgrade: what would change, from what to what, and whether it may."""

from __future__ import annotations

DOCUMENTATION = r"""
module: stack_upgrade_plan
short_description: Plan the upgrade of a host's services, and refuse what cannot go well, before anything is touched
version_added: 0.1.0
description:
  - Pulls the images, compares each service that runs with the version and image it should have, and returns a step for
    each that differs, in the order of O(services). A service of which nothing differs has no step and is left alone.
  - Fails, with nothing touched, when an image cannot be pulled, when the way from one version to the other is none that
    the service supports, when a service to be upgraded is not well, or when the disk is too full.
attributes:
  check_mode:
    support: full
    details: Plans without pulling; an image that is not on the host yet counts as another one.
  diff_mode:
    support: none
  idempotent:
    support: full
    details: Pulls an image only when the host lacks it, and changes nothing else.
options:
  backup:
    description: Whether a backup will be made before anything is touched.
    type: bool
    required: true
  allow_downgrade:
    description: Whether an older version may follow where the service can still read its data.
    type: bool
    default: false
  minimum_free_mb:
    description: Free disk in MiB that must be left, over what keeping the old data takes.
    type: int
    default: 1024
extends_documentation_fragment:
  - llmmon.stack.attributes
  - llmmon.stack.services.image
requirements:
  - docker (SDK for Python)
  - requests
author:
  - llmmon (@llmmon)
"""

EXAMPLES = r"""
- name: Plan the upgrade of Alertmanager
  llmmon.stack.stack_upgrade_plan:
    backup: true
    services:
      - name: alertmanager
        container: llmmon-alertmanager
        url: http://127.0.0.1:9093
        version: 0.33.1
        image: docker.io/prom/alertmanager:v0.33.1
        config_root: /etc/llmmon/alertmanager
        data_directory: /var/lib/llmmon/alertmanager
"""

RETURN = r"""
steps:
  description: What would be done, in order; empty when there is nothing to do.
  returned: always
  type: list
  elements: dict
  contains:
    name: {description: The service., type: str}
    before: {description: Version and image and identity of the image that runs., type: dict}
    after: {description: The same of what would run., type: dict}
    why: {description: What differs., type: str}
    containers: {description: Containers that would be replaced., type: list, elements: str}
    kept_bytes: {description: Disk that keeping the old data takes., type: int}
versions:
  description: Service to the version that it reports now.
  returned: success
  type: dict
  sample: {"prometheus": "2.53.3"}
"""

import shutil
from pathlib import Path
from typing import Any, Optional

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible_collections.llmmon.stack.plugins.module_utils.arguments import services_argument
from ansible_collections.llmmon.stack.plugins.module_utils.clients.engine import (
    DOCKER_IMPORT_ERROR,
    Engine,
    EngineError,
)
from ansible_collections.llmmon.stack.plugins.module_utils.clients.http import (
    REQUESTS_IMPORT_ERROR,
    Connection,
    HttpClient,
    HttpError,
)
from ansible_collections.llmmon.stack.plugins.module_utils.clients.service_api import reported_version
from ansible_collections.llmmon.stack.plugins.module_utils.errors import StackError
from ansible_collections.llmmon.stack.plugins.module_utils.upgrade.kept_data import KeptData
from ansible_collections.llmmon.stack.plugins.module_utils.versions import Allowed, refusal, same_version


class UpgradeRefused(StackError):
    """The upgrade must not begin."""


def plan(service: dict[str, Any], running: dict[str, Any], wanted: dict[str, str]) -> Optional[dict[str, Any]]:
    """The step that a service needs, None when it needs none.

    ``running`` holds the version and, by container, image and identity of the image; ``wanted`` the identities of the
    images that there should be, empty for those that are not on the host.
    """
    main, before = service["container"], running["version"]
    wanted_images = {main: service["image"], **{c["container"]: c["image"] for c in service["companions"]}}
    reasons = []
    replaced = []
    for name, image in wanted_images.items():
        # A companion that does not run yet is for site.yml to start.
        if name not in running["containers"]:
            continue
        another = running["containers"][name]["image_id"] != wanted[name]
        if name == main and not same_version(service["version"], before):
            reasons.append("another version")
            another = True
        elif another:
            reasons.append(f"another image ({running['containers'][name]['image']} -> {image})")
        if another:
            replaced.append(name)
    if not replaced:
        return None
    return {
        **{key: service[key] for key in ("name", "container", "url", "config_root", "data_directory")},
        "before": {"version": before, **running["containers"][main]},
        "after": {"version": service["version"], "image": service["image"], "image_id": wanted[main]},
        "why": ", ".join(reasons),
        "containers": replaced,
        "members": list(wanted_images),
    }


def look_at(service: dict[str, Any], engine: Engine) -> dict[str, Any]:
    """Version, and image of every container, of a service that runs."""
    containers = {}
    for name in [service["container"], *(companion["container"] for companion in service["companions"])]:
        attributes = engine.inspect(name)
        if attributes is not None:
            containers[name] = {"image": attributes["Config"]["Image"], "image_id": attributes["Image"]}
    if service["container"] not in containers:
        raise UpgradeRefused(f"{service['name']} has no container {service['container']}: run site.yml first")
    try:
        version = reported_version(service["name"], HttpClient(Connection(url=service["url"], timeout=5)))
    except HttpError as error:
        raise UpgradeRefused(
            f"{service['name']} is not ready, so nobody could tell whether an upgrade made it so ({error}): read its"
            f" log with logs.yml -e service={service['name']}"
        ) from error
    return {"version": version, "containers": containers}


def fetch(service: dict[str, Any], engine: Engine, pull: bool) -> dict[str, str]:
    """Container to the identity of the image it should have; pulls what is missing."""
    found = {}
    variables = {service["container"]: f"llmmon_{service['name']}_image"}
    wanted = {service["container"]: service["image"]}
    for companion in service["companions"]:
        variables[companion["container"]] = companion["image_variable"]
        wanted[companion["container"]] = companion["image"]
    for name, image in wanted.items():
        try:
            if pull:
                engine.pull(image)
        except EngineError as error:
            raise UpgradeRefused(f"{error} (the image is set by {variables[name]}); nothing was touched") from error
        found[name] = engine.image_id(image)
    return found


def check_disk(steps: list[dict[str, Any]], free: dict[str, int], minimum: int) -> None:
    """Refuse when keeping the old data would leave less than the minimum free."""
    for step in steps:
        directory = step["data_directory"]
        if free[directory] - step["kept_bytes"] < minimum:
            raise UpgradeRefused(
                f"only {free[directory] // 2**20} MiB of disk are free at {directory}, where keeping the data of"
                f" {step['name']} takes {step['kept_bytes'] // 2**20} MiB and {minimum // 2**20} are to stay free: free"
                " some, or lower llmmon_minimum_free_mb"
            )


def main() -> None:
    """Module entry point."""
    module = AnsibleModule(
        argument_spec={
            "services": services_argument(
                image={"type": "str", "required": True},
                companions={
                    "type": "list",
                    "elements": "dict",
                    "default": [],
                    "options": {
                        "container": {"type": "str", "required": True},
                        "image": {"type": "str", "required": True},
                        "image_variable": {"type": "str", "required": True},
                    },
                },
            ),
            "backup": {"type": "bool", "required": True},
            "allow_downgrade": {"type": "bool", "default": False},
            "minimum_free_mb": {"type": "int", "default": 1024},
        },
        supports_check_mode=True,
    )
    for library, missing in (("docker", DOCKER_IMPORT_ERROR), ("requests", REQUESTS_IMPORT_ERROR)):
        if missing:
            module.fail_json(msg=missing_required_lib(library), exception=missing)
    parameters = module.params
    allowed = Allowed(backup=parameters["backup"], downgrade=parameters["allow_downgrade"])
    steps: list[dict[str, Any]] = []
    versions = {}
    try:
        engine = Engine()
        refusals = []
        running = {service["name"]: look_at(service, engine) for service in parameters["services"]}
        # What cannot go well is said before anything is downloaded.
        for service in parameters["services"]:
            versions[service["name"]] = before = running[service["name"]]["version"]
            if not same_version(service["version"], before):
                refusals.append(refusal(service["name"], before, service["version"], allowed))
        if any(refusals):
            raise UpgradeRefused(" | ".join(sentence for sentence in refusals if sentence))
        had = {name for name in images(parameters["services"]) if engine.has_image(name)}
        for service in parameters["services"]:
            step = plan(service, running[service["name"]], fetch(service, engine, pull=not module.check_mode))
            if step is not None:
                kept = KeptData(service["name"], Path(service["data_directory"]))
                steps.append({**step, "kept_bytes": kept.bytes_to_copy() if main_is_replaced(step) else 0})
        free = {step["data_directory"]: shutil.disk_usage(step["data_directory"]).free for step in steps}
        check_disk(steps, free, parameters["minimum_free_mb"] * 2**20)
        pulled = {name for name in images(parameters["services"]) if engine.has_image(name)} - had
    except StackError as error:
        module.fail_json(msg=str(error), steps=steps)
    module.exit_json(changed=bool(pulled), steps=steps, versions=versions)


def main_is_replaced(step: dict[str, Any]) -> bool:
    """Whether the service itself gets another container, and not just a companion."""
    return step["container"] in step["containers"]


def images(services: list[dict[str, Any]]) -> set[str]:
    """All images that services and companions should have."""
    return {service["image"] for service in services} | {
        companion["image"] for service in services for companion in service["companions"]
    }


if __name__ == "__main__":
    main()
