# SPDX-License-Identifier: Apache-2.0
"""Whether Prometheus scrapes its targets, and why it does not."""

from __future__ import annotations

import dataclasses
import datetime
import functools
import re
from typing import Any, Optional
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
from ansible_collections.llmmon.stack.plugins.module_utils.proof.errors import NotProved

# So many redirects are looked into: each may take seconds.
_MOST_REDIRECTS = 10
# So many targets are told of one by one.
_MOST_SENTENCES = 10

_UNITS = {
    "ms": datetime.timedelta(milliseconds=1),
    "s": datetime.timedelta(seconds=1),
    "m": datetime.timedelta(minutes=1),
    "h": datetime.timedelta(hours=1),
    "d": datetime.timedelta(days=1),
    "w": datetime.timedelta(days=7),
    "y": datetime.timedelta(days=365),
}
_DURATION_PART = re.compile(r"(\d{1,9})(ms|[smhdwy])")
_DURATION = re.compile(rf"(?:{_DURATION_PART.pattern})+")


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

    @functools.cached_property
    def _names(self) -> frozenset[str]:
        return frozenset([*self.jobs, *self.own_jobs])

    @functools.cached_property
    def _own(self) -> frozenset[str]:
        return frozenset(self.own_jobs)

    def has(self, job: str) -> bool:
        return not self.jobs or job in self._names

    def is_own(self, job: str) -> bool:
        return job in self._own

    def variable_of(self, job: str) -> str:
        """Where the user says it."""
        return OWN_FILES if self.is_own(job) else GATEWAYS


@dataclasses.dataclass(frozen=True)
class Pools:
    """The jobs that Prometheus knows to scrape, and whether it failed to begin or to change some since it started."""

    jobs: set[str] = dataclasses.field(default_factory=set)
    some_refused: bool = False
    some_not_changed: bool = False


def outdated_jobs(active: list[dict[str, Any]], scrape_urls: dict[str, list[str]]) -> set[str]:
    """Jobs whose targets are not yet, or no more, the ones of the configuration."""
    places: dict[str, set[Any]] = {job: set() for job in scrape_urls}
    for target in active:
        if target["labels"]["job"] in places:
            places[target["labels"]["job"]].add(same_place(target["scrapeUrl"]))
    return {job for job, urls in scrape_urls.items() if places[job] != {same_place(url) for url in urls}}


def last_interval(target: dict[str, Any]) -> datetime.timedelta:
    """How long ago a target was scraped last, at the most, while Prometheus scrapes it as configured."""
    return seconds(target.get("scrapeInterval", "")) + seconds(target.get("scrapeTimeout", ""))


def seconds(duration: str) -> datetime.timedelta:
    """A duration as Prometheus writes it, for instance 1m30s; none for what is not one."""
    parts = _DURATION_PART.findall(duration) if _DURATION.fullmatch(duration) else []
    return sum((int(number) * _UNITS[unit] for number, unit in parts), datetime.timedelta())


def assess(
    active: list[dict[str, Any]],
    wanted: Wanted,
    since: datetime.datetime,
    pools: Optional[Pools] = None,
    now: Optional[datetime.datetime] = None,
) -> list[Target]:
    """Judge the ``activeTargets`` of Prometheus; only scrapes after ``since`` of targets as configured are evidence.

    With ``now`` a scrape within a target's last interval is evidence, too.
    """
    looked_at = [target for target in active if wanted.has(target["labels"]["job"])]
    pools = pools or Pools()
    outdated = outdated_jobs(looked_at, wanted.scrape_urls)
    found = _without_targets(wanted, {target["labels"]["job"] for target in looked_at}, pools)
    for target in looked_at:
        job, instance, health = target["labels"]["job"], target["labels"]["instance"], target["health"]
        if job in outdated:
            cause, error = (RELOAD_REFUSED if pools.some_not_changed else OUTDATED), ""
        elif moment(target["lastScrape"]) < (min(since, now - last_interval(target)) if now else since):
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
        if job in present or (wanted.is_own(job) and job in pools.jobs):
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


def judge(client: HttpClient, wanted: Wanted, since: datetime.datetime, fresh: bool = True) -> list[Target]:
    """The verdict on each target as of now; if not ``fresh``, by its last scrape too."""
    active = client.get("/api/v1/targets", state="active")["data"]["activeTargets"]
    present = {target["labels"]["job"] for target in active}
    needed = bool({*wanted.jobs, *wanted.own_jobs} - present or outdated_jobs(active, wanted.scrape_urls))
    return assess(active, wanted, since, read_pools(client, needed), None if fresh else utc_now())


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
    sentences = [target.sentence() for target in failing[:_MOST_SENTENCES]]
    if len(failing) > len(sentences):
        sentences.append(f"and {len(failing) - len(sentences)} more")
    return f"{len(failing)} of {len(targets)} scrape targets are not up. " + " | ".join(sentences)


def verify_targets(client: HttpClient, parameters: dict[str, Any], timeout: float) -> dict[str, Any]:
    """Wait for all targets to be up with pages of the right kind, or raise NotProved. ``parameters`` as documented."""
    wanted = Wanted(*(parameters[name] for name in ("jobs", "own_jobs", "scrape_urls", "usual_paths")))
    since = utc_now()
    latest: list[Target] = []
    trouble: list[str] = []

    def probe() -> Optional[bool]:
        try:
            latest[:] = judge(client, wanted, since, parameters["fresh"])
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
        # Not by asdict, which copies each value.
        "targets": [dict(vars(target)) for target in latest],
        "up": sum(not target.cause for target in latest),
        "total": len(latest),
    }
    message = verdict(latest)
    if message:
        raise NotProved(message, facts)
    try:
        found = findings(client, *(parameters[name] for name in ("gateways", "idle_gateways", "kinds")))
    except HttpError as error:
        raise NotProved(f"Prometheus cannot be asked what is on the gateways' pages: {error}", facts) from error
    problems = [finding.problem for finding in found if finding.problem]
    if problems:
        raise NotProved(" | ".join(problems), facts)
    return {"notes": [finding.note for finding in found if finding.note], **facts}
