# SPDX-License-Identifier: Apache-2.0
"""Whether Prometheus scrapes its targets, and why it does not."""

from __future__ import annotations

import dataclasses
import functools
from collections import defaultdict
from collections.abc import Set
from typing import Any, Callable, NamedTuple, Optional
from urllib.parse import urlsplit

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
    HOSTS,
    MISSING,
    OUTDATED,
    OWN_FILES,
    PENDING,
    POOL_REFUSED,
    REFUSED,
    RELOAD_REFUSED,
    Cause,
    classify,
)
from ansible_collections.llmmon.stack.plugins.module_utils.durations import milliseconds
from ansible_collections.llmmon.stack.plugins.module_utils.host.jobs import GPU_JOB
from ansible_collections.llmmon.stack.plugins.module_utils.host.waiting import wait_for
from ansible_collections.llmmon.stack.plugins.module_utils.proof.errors import NotProved, sentence_list
from ansible_collections.llmmon.stack.plugins.module_utils.proof.evidence import Evidence, evidence
from ansible_collections.llmmon.stack.plugins.module_utils.proof.hosts import NO_DRIVER, gpu_problems

# So many redirects are looked into: each may take seconds.
_MOST_REDIRECTS = 10

ActiveTarget = dict[str, Any]


class Target(NamedTuple):
    """The state of one target."""

    job: str
    instance: str
    health: str
    cause: str = ""
    hint: str = ""
    error: str = ""
    settled: bool = True
    url: str = ""
    host: str = ""

    def sentence(self) -> str:
        words = f" ({self.error})" if self.error else ""
        host = f" of {self.host}" if self.host else ""
        return f"{self.job}{host} {self.instance}: {self.cause}{words}; {self.hint}".replace(" :", ":")


@dataclasses.dataclass(frozen=True)
class Wanted:
    """What must be scraped: jobs, those of the user's own, of llmmon_hosts, and the URLs that jobs must have.

    No jobs at all means every target there is.
    """

    jobs: list[str]
    own_jobs: list[str] = dataclasses.field(default_factory=list)
    scrape_urls: dict[str, list[str]] = dataclasses.field(default_factory=dict)
    usual_paths: dict[str, str] = dataclasses.field(default_factory=dict)
    host_jobs: list[str] = dataclasses.field(default_factory=list)

    @functools.cached_property
    def names(self) -> frozenset[str]:
        """Every job that is named."""
        return frozenset([*self.jobs, *self.own_jobs, *self.host_jobs])

    @functools.cached_property
    def _own(self) -> frozenset[str]:
        return frozenset(self.own_jobs)

    def by_job(self, active: list[ActiveTarget]) -> dict[str, list[ActiveTarget]]:
        """The targets that matter, by their job."""
        found: dict[str, list[ActiveTarget]] = defaultdict(list)
        every, names = not self.jobs, self.names
        for target in active:
            job = target["labels"]["job"]
            if every or job in names:
                found[job].append(target)
        return dict(found)

    def is_own(self, job: str) -> bool:
        return job in self._own

    def may_have_none(self, job: str) -> bool:
        """Whether it is enough that Prometheus knows a job; of a fleet's not even that, as it may bear another name."""
        return job in self.host_jobs and job not in self.jobs

    def variable_of(self, job: str) -> str:
        """Where the user says it."""
        if job in self.host_jobs:
            return HOSTS
        return OWN_FILES if self.is_own(job) else GATEWAYS


@dataclasses.dataclass(frozen=True)
class Pools:
    """The jobs that Prometheus knows to scrape, and whether it failed to begin or to change some since it started."""

    jobs: set[str] = dataclasses.field(default_factory=set)
    some_refused: bool = False
    some_not_changed: bool = False


def outdated_jobs(by_job: dict[str, list[ActiveTarget]], scrape_urls: dict[str, list[str]]) -> set[str]:
    """Jobs whose targets are not yet, or no more, the ones of the configuration."""
    return {
        job
        for job, urls in scrape_urls.items()
        if not _same_places(
            # Those of a fleet are named elsewhere.
            {target["scrapeUrl"] for target in by_job.get(job, ()) if "fleet" not in target["labels"]},
            set(urls),
        )
    }


def _same_places(has: set[str], wanted: set[str]) -> bool:
    # Mostly they are written alike, and taking them apart is what takes time.
    return has == wanted or {same_place(url) for url in has} == {same_place(url) for url in wanted}


def assess(
    active: list[ActiveTarget], wanted: Wanted, counts: Evidence, read_pools: Callable[[], Pools] = Pools
) -> list[Target]:
    """Judge the ``activeTargets`` of Prometheus; only scrapes that count, of targets as configured, are evidence.

    The pools are asked for only where some job is not as it should be.
    """
    by_job = wanted.by_job(active)
    outdated = outdated_jobs(by_job, wanted.scrape_urls)
    pools = read_pools() if outdated or not wanted.names <= by_job.keys() else Pools()
    failing, up = _without_targets(wanted, by_job.keys(), pools), []
    for job, targets in by_job.items():
        moved = (RELOAD_REFUSED if pools.some_not_changed else OUTDATED) if job in outdated else None
        for target in targets:
            instance, health, error = target["labels"]["instance"], target["health"], ""
            if moved:
                cause = moved
            elif not counts.has(target["lastScrape"], last_interval(target) if counts.loaded else 0):
                cause = PENDING
            elif health == "up":
                up.append(Target(job, instance, health))
                continue
            else:
                error = target["lastError"]
                cause = classify(error)
            hint = cause.hint_in(wanted.variable_of(job)) + (NO_DRIVER if job == GPU_JOB and cause == REFUSED else "")
            url = target.get("scrapeUrl", "")
            host = target["labels"].get("host", "") if job in wanted.host_jobs else ""
            failing.append(Target(job, instance, health, cause.name, hint, error, cause.settled, url, host))
    return sorted(failing) + sorted(up)


def last_interval(target: ActiveTarget) -> float:
    """How many seconds ago a target was scraped, at the most, while Prometheus scrapes it as configured."""
    return _seconds(target.get("scrapeInterval", "0")) + _seconds(target.get("scrapeTimeout", "0"))


@functools.lru_cache
def _seconds(duration: str) -> float:
    return milliseconds(duration) / 1000


def _without_targets(wanted: Wanted, present: Set[str], pools: Pools) -> list[Target]:
    """Jobs that must have a target and have none. One of the user's own may have none, once Prometheus has it."""
    found = []
    for job in wanted.names - present:
        if wanted.may_have_none(job) or (wanted.is_own(job) and job in pools.jobs):
            continue
        cause: Cause = POOL_REFUSED if pools.some_refused and job not in pools.jobs else MISSING
        hint = cause.hint_in(wanted.variable_of(job))
        found.append(Target(job, "", "unknown", cause.name, hint, settled=cause.settled))
    return found


def read_pools(client: HttpClient) -> Pools:
    """What Prometheus says of its pools."""
    page = client.text("/metrics")
    return Pools(
        set(client.get("/api/v1/scrape_pools")["data"]["scrapePools"]),
        (sample(page, "prometheus_target_scrape_pools_failed_total") or 0) > 0,
        (sample(page, "prometheus_target_scrape_pool_reloads_failed_total") or 0) > 0,
    )


def judge(client: HttpClient, wanted: Wanted, counts: Evidence) -> list[Target]:
    """The verdict on each target as of now."""
    active = client.get("/api/v1/targets", state="active")["data"]["activeTargets"]
    return assess(active, wanted, counts, lambda: read_pools(client))


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
        target._replace(hint=hints[target.url]) if target.cause == "redirect" and target.url in hints else target
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
    sentences = sentence_list([target.sentence() for target in failing])
    return f"{len(failing)} of {len(targets)} scrape targets are not up. {sentences}"


def verify_targets(client: HttpClient, parameters: dict[str, Any], timeout: float) -> dict[str, Any]:
    """Wait for all targets to be up with pages of the right kind, or raise NotProved. ``parameters`` as documented."""
    wanted = Wanted(*(parameters[name] for name in ("jobs", "own_jobs", "scrape_urls", "usual_paths", "host_jobs")))
    counts = evidence(client, parameters["fresh"])
    latest: list[Target] = []
    trouble: list[str] = []

    def probe() -> Optional[bool]:
        try:
            latest[:] = judge(client, wanted, counts)
        except HttpError as error:
            trouble[:] = [str(error)]
            return None
        trouble.clear()
        return True if finished(latest) else None

    wait_for(probe, timeout, interval=0.5)
    if trouble:
        raise NotProved(f"the scrape targets cannot be read: {trouble[0]}")
    latest[:] = with_redirects(latest, wanted)
    facts = {
        "targets": [target._asdict() for target in latest],
        "up": sum(not target.cause for target in latest),
        "total": len(latest),
    }
    message = verdict(latest)
    if message:
        raise NotProved(message, facts)
    try:
        found = findings(client, *(parameters[name] for name in ("gateways", "idle_gateways", "kinds")))
        without_gpu = gpu_problems(client) if GPU_JOB in wanted.host_jobs else []
    except HttpError as error:
        raise NotProved(f"Prometheus cannot be asked what is on the pages of its targets: {error}", facts) from error
    problems = [finding.problem for finding in found if finding.problem] + without_gpu
    if problems:
        raise NotProved(sentence_list(problems), facts)
    return {"notes": [finding.note for finding in found if finding.note], **facts}
