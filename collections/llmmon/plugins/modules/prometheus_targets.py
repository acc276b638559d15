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
  - Reads C(/api/v1/targets) of Prometheus and changes nothing. A target that redirects is asked for its page, without a
    token, so that the hint can say where it leads.
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
  own_jobs:
    description: Jobs of the user's own, all of whose targets must be up, too. One may have none for now.
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
  usual_paths:
    description: Job to the path at which gateways of its kind have their page, for hints about one that redirects.
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
    url: {description: What is scraped; empty when up., type: str}
"""

import dataclasses
import datetime
from typing import Any, Optional
from urllib.parse import urlsplit

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.llmmon.stack.plugins.module_utils.arguments import http_arguments, http_client
from ansible_collections.llmmon.stack.plugins.module_utils.clients.http import HttpClient, HttpError
from ansible_collections.llmmon.stack.plugins.module_utils.clients.metrics import sample
from ansible_collections.llmmon.stack.plugins.module_utils.clients.page_kinds import findings
from ansible_collections.llmmon.stack.plugins.module_utils.clients.redirects import (
    leads_to,
    redirect_hint,
    same_place,
)
from ansible_collections.llmmon.stack.plugins.module_utils.clients.scrape_causes import (
    GATEWAYS,
    MISSING,
    OUTDATED,
    OWN_FILES,
    PENDING,
    POOL_REFUSED,
    RELOAD_REFUSED,
    Cause,
    classify,
)
from ansible_collections.llmmon.stack.plugins.module_utils.host.clock import moment, utc_now
from ansible_collections.llmmon.stack.plugins.module_utils.host.waiting import wait_for

# So many redirects are looked into: each may take seconds.
_MOST_REDIRECTS = 10


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
    url: str = ""

    def sentence(self) -> str:
        words = f" ({self.error})" if self.error else ""
        return f"{self.job} {self.instance}: {self.cause}{words}; {self.hint}".replace(" :", ":")


@dataclasses.dataclass(frozen=True)
class Wanted:
    """What must be scraped: jobs, those of the user's own, and the URLs that jobs must have.

    No jobs at all means every target there is.
    """

    jobs: list[str]
    own_jobs: list[str] = dataclasses.field(default_factory=list)
    scrape_urls: dict[str, list[str]] = dataclasses.field(default_factory=dict)
    usual_paths: dict[str, str] = dataclasses.field(default_factory=dict)

    def has(self, job: str) -> bool:
        return not self.jobs or job in self.jobs or job in self.own_jobs

    def variable_of(self, job: str) -> str:
        """Where the user says it."""
        return OWN_FILES if job in self.own_jobs else GATEWAYS


@dataclasses.dataclass(frozen=True)
class Pools:
    """The jobs that Prometheus knows to scrape, and whether it failed to begin or to change some since it started."""

    jobs: set[str] = dataclasses.field(default_factory=set)
    some_refused: bool = False
    some_not_changed: bool = False


def outdated_jobs(active: list[dict[str, Any]], scrape_urls: dict[str, list[str]]) -> set[str]:
    """Jobs whose targets are not yet, or no more, the ones of the configuration."""
    found = set()
    for job, urls in scrape_urls.items():
        has = {same_place(target["scrapeUrl"]) for target in active if target["labels"]["job"] == job}
        if has != {same_place(url) for url in urls}:
            found.add(job)
    return found


def assess(
    active: list[dict[str, Any]], wanted: Wanted, since: datetime.datetime, pools: Optional[Pools] = None
) -> list[Target]:
    """Judge the ``activeTargets`` of Prometheus; only scrapes after ``since`` of targets as configured are evidence."""
    looked_at = [target for target in active if wanted.has(target["labels"]["job"])]
    pools = pools or Pools()
    outdated = outdated_jobs(looked_at, wanted.scrape_urls)
    found = _without_targets(wanted, {target["labels"]["job"] for target in looked_at}, pools)
    for target in looked_at:
        job, instance, health = target["labels"]["job"], target["labels"]["instance"], target["health"]
        if job in outdated:
            cause, error = (RELOAD_REFUSED if pools.some_not_changed else OUTDATED), ""
        elif moment(target["lastScrape"]) < since:
            cause, error = PENDING, ""
        elif health == "up":
            found.append(Target(job, instance, health))
            continue
        else:
            cause, error = classify(target["lastError"]), target["lastError"]
        hint = cause.hint_in(wanted.variable_of(job))
        url = target.get("scrapeUrl", "")
        found.append(Target(job, instance, health, cause.name, hint, error, cause.settled, url))
    return sorted(found, key=lambda target: (not target.cause, target.job, target.instance))


def _without_targets(wanted: Wanted, present: set[str], pools: Pools) -> list[Target]:
    """Jobs that must have a target and have none. One of the user's own may have none, once Prometheus has it."""
    found = []
    for job in [*wanted.jobs, *wanted.own_jobs]:
        if job in present or (job in wanted.own_jobs and job in pools.jobs):
            continue
        cause: Cause = POOL_REFUSED if pools.some_refused and job not in pools.jobs else MISSING
        hint = cause.hint_in(wanted.variable_of(job))
        found.append(Target(job, "", "unknown", cause.name, hint, settled=cause.settled))
    return found


def read_pools(client: HttpClient, needed: bool) -> Pools:
    """What Prometheus says of its pools; it is asked only where some job is not as it should be."""
    if not needed:
        return Pools()
    page = client.text("/metrics")
    return Pools(
        set(client.get("/api/v1/scrape_pools")["data"]["scrapePools"]),
        (sample(page, "prometheus_target_scrape_pools_failed_total") or 0) > 0,
        (sample(page, "prometheus_target_scrape_pool_reloads_failed_total") or 0) > 0,
    )


def judge(client: HttpClient, wanted: Wanted, since: datetime.datetime) -> list[Target]:
    """The verdict on each target as of now."""
    active = client.get("/api/v1/targets", state="active")["data"]["activeTargets"]
    present = {target["labels"]["job"] for target in active}
    needed = bool({*wanted.jobs, *wanted.own_jobs} - present or outdated_jobs(active, wanted.scrape_urls))
    return assess(active, wanted, since, read_pools(client, needed))


def with_redirects(targets: list[Target], wanted: Wanted) -> list[Target]:
    """The targets, those that redirect with where they do."""
    hints = {}
    for target in [target for target in targets if target.cause == "redirect" and target.url][:_MOST_REDIRECTS]:
        leads = leads_to(target.url)
        usual = wanted.usual_paths.get(target.job, "")
        if leads:
            hints[target.url] = redirect_hint(target.url, leads, wanted.variable_of(target.job))
        elif usual and usual != urlsplit(target.url).path:
            hints[target.url] = (
                f"the gateway redirects, and others of its kind have their page at {usual}: write metrics_path: {usual}"
                f" in {GATEWAYS}"
            )
    return [
        dataclasses.replace(target, hint=hints[target.url])
        if target.cause == "redirect" and target.url in hints
        else target
        for target in targets
    ]


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


def main() -> None:
    """Module entry point."""
    module = AnsibleModule(
        argument_spec={
            **http_arguments(),
            "jobs": {"type": "list", "elements": "str", "default": []},
            "own_jobs": {"type": "list", "elements": "str", "default": []},
            "scrape_urls": {"type": "dict", "default": {}},
            "gateways": {"type": "dict", "default": {}},
            "idle_gateways": {"type": "list", "elements": "str", "default": []},
            "kinds": {"type": "dict", "default": {}},
            "usual_paths": {"type": "dict", "default": {}},
            "timeout": {"type": "float", "default": 60.0},
        },
        supports_check_mode=True,
    )
    client = http_client(module)
    wanted = Wanted(*(module.params[name] for name in ("jobs", "own_jobs", "scrape_urls", "usual_paths")))
    since = utc_now()
    latest: list[Target] = []
    trouble: list[str] = []

    def probe() -> Optional[bool]:
        try:
            latest[:] = judge(client, wanted, since)
        except HttpError as error:
            trouble[:] = [str(error)]
            return None
        trouble.clear()
        return True if finished(latest) else None

    wait_for(probe, module.params["timeout"], interval=0.5)
    if trouble:
        module.fail_json(msg=f"the scrape targets cannot be read: {trouble[0]}")
    latest[:] = with_redirects(latest, wanted)
    facts = {
        "targets": [dataclasses.asdict(target) for target in latest],
        "up": sum(not target.cause for target in latest),
        "total": len(latest),
    }
    message = verdict(latest)
    if message:
        module.fail_json(msg=message, **facts)
    try:
        found = findings(client, *(module.params[name] for name in ("gateways", "idle_gateways", "kinds")))
    except HttpError as error:
        module.fail_json(msg=f"Prometheus cannot be asked what is on the gateways' pages: {error}", **facts)
    problems = [finding.problem for finding in found if finding.problem]
    if problems:
        module.fail_json(msg=" | ".join(problems), **facts)
    module.exit_json(changed=False, notes=[finding.note for finding in found if finding.note], **facts)


if __name__ == "__main__":
    main()
