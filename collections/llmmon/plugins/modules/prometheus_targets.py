#!/usr/bin/python
# SPDX-License-Identifier: Apache-2.0
"""Verify that Prometheus scrapes its targets."""

from __future__ import annotations

DOCUMENTATION = r"""
module: prometheus_targets
short_description: Verify that Prometheus scrapes its targets, and say why it does not
version_added: 0.1.0
description:
  - Waits until every target of the given jobs has been scraped since the module started and is up.
  - Every target that is not gets a cause and a hint that names the variable to change. Causes that time does not mend,
    such as a refused token, end the wait as soon as they are seen.
  - A page that answers may be of another kind than the settings say, and then no rule finds a request on it. So the
    names of the metrics on the pages of O(gateways) are compared with those that O(kinds) expect, once they are up.
  - Reads C(/api/v1/targets) of Prometheus and changes nothing.
attributes:
  check_mode:
    support: full
    details: Reads only.
  diff_mode:
    support: none
  idempotent:
    support: full
options:
  jobs:
    description: Jobs that must have at least one target, all of them up. Empty means every active target.
    type: list
    elements: str
    default: []
  scrape_urls:
    description:
      - Job to the list of URLs that its targets must have, as the configuration says. Prometheus takes some five
        seconds to follow a new configuration; until then its old targets prove nothing.
      - Jobs that are not named may have any target.
    type: dict
    default: {}
  gateways:
    description: Job of each gateway to its kind, of those whose pages are compared.
    type: dict
    default: {}
  idle_gateways:
    description: Jobs of gateways that may show no request for as long as they like.
    type: list
    elements: str
    default: []
  kinds:
    description: Kind to the names of the metrics that count its requests, of every kind that is known.
    type: dict
    default: {}
  timeout:
    description: Seconds to wait for the targets to come up.
    type: float
    default: 60.0
extends_documentation_fragment:
  - llmmon.stack.attributes
  - llmmon.stack.http
author:
  - llmmon (@llmmon)
"""

EXAMPLES = r"""
- name: Verify that the gateway is scraped
  llmmon.stack.prometheus_targets:
    url: http://127.0.0.1:9090
    jobs: [llm-auth-proxy]
    scrape_urls:
      llm-auth-proxy: ["http://gateway.example.org:8000/metrics"]
"""

RETURN = r"""
up:
  description: Number of targets that are up.
  returned: always
  type: int
total:
  description: Number of targets looked at.
  returned: always
  type: int
notes:
  description: One sentence for each gateway that shows no request yet, where that may be right.
  returned: success
  type: list
  elements: str
targets:
  description: Every target, those with trouble first.
  returned: always
  type: list
  elements: dict
  contains:
    job: {description: Its job., type: str}
    instance: {description: Its instance label., type: str}
    health: {description: up or down or unknown., type: str}
    cause: {description: Empty when up; else one word such as unauthorized or refused or dns., type: str}
    hint: {description: What to change., type: str}
    error: {description: Prometheus's own words., type: str}
    settled: {description: Whether waiting longer would not mend it., type: bool}
"""

import dataclasses
import datetime
from typing import Any, Optional
from urllib.parse import urlsplit

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.llmmon.stack.plugins.module_utils.arguments import http_arguments, http_client
from ansible_collections.llmmon.stack.plugins.module_utils.clients.http import HttpClient, HttpError
from ansible_collections.llmmon.stack.plugins.module_utils.clients.page_kinds import Finding, judge, pages
from ansible_collections.llmmon.stack.plugins.module_utils.clients.scrape_causes import (
    MISSING,
    OUTDATED,
    PENDING,
    classify,
)
from ansible_collections.llmmon.stack.plugins.module_utils.host.clock import moment, utc_now
from ansible_collections.llmmon.stack.plugins.module_utils.host.waiting import wait_for


@dataclasses.dataclass(frozen=True)
class Target:
    """The state of one target."""

    job: str
    instance: str
    health: str
    cause: str = ""
    hint: str = ""
    error: str = ""
    settled: bool = True

    def sentence(self) -> str:
        words = f" ({self.error})" if self.error else ""
        return f"{self.job} {self.instance}: {self.cause}{words}; {self.hint}".replace(" :", ":")


_PORTS = {"http": 80, "https": 443}


def same_place(url: str) -> tuple[str, str, int, str]:
    """What two ways to write one URL have in common: Prometheus 2 adds the port that 3 leaves out."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 0), parts.path


def outdated_jobs(active: list[dict[str, Any]], scrape_urls: dict[str, list[str]]) -> set[str]:
    """Jobs whose targets are not yet, or no more, the ones of the configuration."""
    found = set()
    for job, urls in scrape_urls.items():
        has = {same_place(target["scrapeUrl"]) for target in active if target["labels"]["job"] == job}
        if has != {same_place(url) for url in urls}:
            found.add(job)
    return found


def assess(
    active: list[dict[str, Any]],
    jobs: list[str],
    since: datetime.datetime,
    scrape_urls: Optional[dict[str, list[str]]] = None,
) -> list[Target]:
    """Judge the ``activeTargets`` of Prometheus; only scrapes after ``since`` of targets as configured are evidence."""
    wanted = [target for target in active if not jobs or target["labels"]["job"] in jobs]
    outdated = outdated_jobs(wanted, scrape_urls or {})
    found = [
        Target(job, "", "unknown", MISSING.name, MISSING.hint, settled=MISSING.settled)
        for job in jobs
        if job not in {target["labels"]["job"] for target in wanted}
    ]
    for target in wanted:
        job, instance, health = target["labels"]["job"], target["labels"]["instance"], target["health"]
        if job in outdated:
            cause, error = OUTDATED, ""
        elif moment(target["lastScrape"]) < since:
            cause, error = PENDING, ""
        elif health == "up":
            found.append(Target(job, instance, health))
            continue
        else:
            cause, error = classify(target["lastError"]), target["lastError"]
        found.append(Target(job, instance, health, cause.name, cause.hint, error, cause.settled))
    return sorted(found, key=lambda target: (not target.cause, target.job, target.instance))


def finished(targets: list[Target]) -> bool:
    """Whether waiting longer cannot change the verdict."""
    return bool(targets) and all(target.settled for target in targets)


def verdict(targets: list[Target]) -> Optional[str]:
    """One sentence a failing target, or None when all are up."""
    failing = [target for target in targets if target.cause]
    if not targets:
        return "Prometheus has no scrape target at all: set llmmon_gateways and run site.yml"
    if not failing:
        return None
    return f"{len(failing)} of {len(targets)} scrape targets are not up. " + " | ".join(t.sentence() for t in failing)


def findings(client: HttpClient, parameters: dict[str, Any]) -> list[Finding]:
    """What there is to say of the gateways' pages, which are scraped by now."""
    gateways, kinds = parameters["gateways"], parameters["kinds"]
    if not gateways:
        return []
    return [judge(page, kinds) for page in pages(client, gateways, parameters["idle_gateways"], kinds)]


def main() -> None:
    """Module entry point."""
    module = AnsibleModule(
        argument_spec={
            **http_arguments(),
            "jobs": {"type": "list", "elements": "str", "default": []},
            "scrape_urls": {"type": "dict", "default": {}},
            "gateways": {"type": "dict", "default": {}},
            "idle_gateways": {"type": "list", "elements": "str", "default": []},
            "kinds": {"type": "dict", "default": {}},
            "timeout": {"type": "float", "default": 60.0},
        },
        supports_check_mode=True,
    )
    client = http_client(module)
    since = utc_now()
    latest: list[Target] = []
    trouble: list[str] = []

    def probe() -> Optional[bool]:
        try:
            answer = client.get("/api/v1/targets", state="active")
        except HttpError as error:
            trouble[:] = [str(error)]
            return None
        trouble.clear()
        latest[:] = assess(answer["data"]["activeTargets"], module.params["jobs"], since, module.params["scrape_urls"])
        return True if finished(latest) else None

    wait_for(probe, module.params["timeout"], interval=0.5)
    if trouble:
        module.fail_json(msg=f"the scrape targets cannot be read: {trouble[0]}")
    facts = {
        "targets": [dataclasses.asdict(target) for target in latest],
        "up": sum(not target.cause for target in latest),
        "total": len(latest),
    }
    message = verdict(latest)
    if message:
        module.fail_json(msg=message, **facts)
    try:
        found = findings(client, module.params)
    except HttpError as error:
        module.fail_json(msg=f"Prometheus cannot be asked what is on the gateways' pages: {error}", **facts)
    problems = [finding.problem for finding in found if finding.problem]
    if problems:
        module.fail_json(msg=" | ".join(problems), **facts)
    module.exit_json(changed=False, notes=[finding.note for finding in found if finding.note], **facts)


if __name__ == "__main__":
    main()
