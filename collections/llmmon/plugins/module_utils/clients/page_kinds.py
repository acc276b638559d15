# SPDX-License-Identifier: Apache-2.0
"""Of what kind a gateway is, by the metrics that Prometheus found on its page.

A page that answers is "up", whatever is on it. With another kind's metrics, or without any, no rule finds a request
and no alert can ever fire.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.llmmon.stack.plugins.module_utils.clients.http import HttpClient

# What a name of a series has beyond the name that the page declares: whether it has it there depends on the format.
_SUFFIX = re.compile(r"_(?:total|count|sum|bucket|created)$")
# A gateway that was begun to be watched, or was started, less long ago may have had no request yet.
FRESH_SECONDS = 3600


@dataclasses.dataclass(frozen=True)
class Page:
    """What is known of one gateway's page: names with samples, and names that it declares without having any yet."""

    job: str
    kind: str
    sampled: frozenset[str]
    declared: frozenset[str] = frozenset()
    fresh: bool = False
    idle: bool = False


@dataclasses.dataclass(frozen=True)
class Finding:
    """What there is to say of a page: at most one of the two."""

    problem: str = ""
    note: str = ""


def judge_page(page: Page, kinds: Mapping[str, list[str]]) -> Finding:
    """Compare a page with the metrics that count requests, of every kind."""
    wanted = kinds[page.kind]
    if page.sampled & set(wanted):
        return Finding()
    declared = {_family(name) for name in page.declared}
    if declared & {_family(name) for name in wanted}:
        return Finding(note=f"{page.job} has had no request yet: its page declares {wanted[0]}, without a sample")
    seen = {_family(name) for name in page.sampled} | declared
    others = [kind for kind, names in kinds.items() if kind != page.kind and seen & {_family(name) for name in names}]
    missing = f"the page of {page.job} has no metric that counts requests of the kind {page.kind} ({', '.join(wanted)})"
    if others:
        return Finding(f"{missing}, but has those of {' and '.join(others)}: correct its kind in llmmon_gateways")
    if page.idle or page.fresh:
        when = "llmmon_idle_gateways expects that" if page.idle else "verify.yml asks again"
        return Finding(note=f"{missing} yet, which is right only as long as nobody asks it; {when}")
    return Finding(
        f"{missing}, nor of any other kind, so no alert about it can ever fire: let it expose its metrics, correct its"
        " kind in llmmon_gateways, or add it to llmmon_idle_gateways while nobody asks it"
    )


def pages(
    client: HttpClient, gateways: Mapping[str, str], idle: Iterable[str], kinds: Mapping[str, list[str]]
) -> list[Page]:
    """The pages of gateways (job to kind), as Prometheus has them now. Raises HttpError when it does not answer."""
    jobs = _one_of(gateways)
    names = _one_of({name for of_kind in kinds.values() for name in of_kind})
    sampled: dict[str, set[str]] = {job: set() for job in gateways}
    for metric in _ask(client, f"group by (job, __name__) ({{job=~{jobs},__name__=~{names}}})"):
        sampled[metric["job"]].add(metric["__name__"])
    silent = [job for job, kind in gateways.items() if not sampled[job] & set(kinds[kind])]
    known = _known_for_long(client, silent) if silent else set()
    return [
        Page(
            job,
            kind,
            frozenset(sampled[job]),
            frozenset(_declared(client, job)) if job in silent else frozenset(),
            fresh=job in silent and job not in known,
            idle=job in idle,
        )
        for job, kind in gateways.items()
    ]


def findings(
    client: HttpClient, gateways: Mapping[str, str], idle: Iterable[str], kinds: Mapping[str, list[str]]
) -> list[Finding]:
    """What there is to say of the gateways' pages, which are scraped by now. Raises HttpError as ``pages`` does."""
    return [judge_page(page, kinds) for page in pages(client, gateways, idle, kinds)] if gateways else []


def _known_for_long(client: HttpClient, jobs: list[str]) -> set[str]:
    """Jobs that were up an hour ago, and whose process, where it tells, has not been started since."""
    of_jobs = f"job=~{_one_of(jobs)}"
    before = _ask(client, f"group by (job) (up{{{of_jobs}}} offset {FRESH_SECONDS}s == 1)")
    young = _ask(client, f"group by (job) (time() - process_start_time_seconds{{{of_jobs}}} < {FRESH_SECONDS})")
    return {metric["job"] for metric in before} - {metric["job"] for metric in young}


def _declared(client: HttpClient, job: str) -> set[str]:
    """Names that a job's pages declare (``# TYPE``), samples or not."""
    answer = client.get("/api/v1/targets/metadata", match_target=f"{{job={json.dumps(job)}}}")
    return {entry["metric"] for entry in answer["data"]}


def _ask(client: HttpClient, query: str) -> list[dict[str, str]]:
    found: list[dict[str, Any]] = client.get("/api/v1/query", query=query)["data"]["result"]
    return [sample["metric"] for sample in found]


def _one_of(values: Iterable[str]) -> str:
    """A regular expression for any of the values, quoted as PromQL wants it."""
    return json.dumps("|".join(re.escape(value) for value in sorted(values)))


def _family(name: str) -> str:
    return _SUFFIX.sub("", name)
