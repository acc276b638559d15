# SPDX-License-Identifier: Apache-2.0
"""How much a counter grew in 5 minutes, its first value included.

``rate()`` sees what is added to a value, and never the value that a series begins with. A gateway that labels its
counters with keys and users begins a series with most of its requests.

The value of a series that was not there 5 minutes ago is what it grew, if it began at 0 since then: its target was
scraped then, under the labels that it has now, and did not show it. Whatever else is new has counted before, and would
be a surge of everything that it ever counted: the series of a target that was added, came back, or got other labels, of
a Prometheus that was away, and series whose labels a deployment has changed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence

from ansible_collections.llmmon.stack.plugins.plugin_utils.gateways import Gateway
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.model import Rule, record
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.promql import one_of_jobs, selector
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.seesaw import SEESAW

# Targets whose new series began at 0. What reads it needs it of the same moment: each group records its own.
BEGUN = "job_instance:llm_series_begun:since5m"
BEGUN_OF_LATENCIES = "job_instance:llm_series_begun_of_latencies:since5m"
BEGUN_OF_TEAMS = "job_instance:llm_series_begun_of_teams:since5m"
_RELABELLING = "llmmon:relabelling"


def relabellings(gateways: Iterable[Gateway]) -> list[Rule]:
    """How a gateway's series are relabelled, for rules of later to know since when."""
    return [record(_RELABELLING, "vector(1)", job=gateway["name"], id=_relabelling(gateway)) for gateway in gateways]


def begun(name: str, gateways: Sequence[Gateway]) -> list[Rule]:
    """The targets whose new series began at 0, under one of the names above.

    A process that is younger than 5 minutes has counted nothing before, wherever it was then.
    """
    if not gateways:
        return []
    jobs = one_of_jobs(gateway["name"] for gateway in gateways)
    up, started = selector("up", jobs), selector("process_start_time_seconds", jobs)
    # Those that the rules were rendered for, so that a deployment changes both at once.
    relabelled = "|".join(sorted({_relabelling(gateway) for gateway in gateways}))
    return [
        record(
            name,
            "group by (job, instance) (\n"
            f"  {up} and {up} offset 5m == 1\n"
            f"  or {up} and on (job, instance) time() - {started} < 300\n"
            ")\n"
            f'and on (job) {_RELABELLING}{{id=~"{relabelled}"}} offset 5m\n'
            f"unless on (job, instance) {SEESAW}",
        )
    ]


def per_second(counter: str, begun_at: str, widest: str = "") -> str:
    """A counter's growth in the last 5 minutes, per second; ``begun_at`` is empty where new series may be old ones.

    Once a series has been there for 5 minutes, its first value is over, and ``rate()`` knows the rest. All buckets of a
    histogram begin together: only the ``widest`` is looked up in the past, which spares reading the others there.
    """
    rate = f"rate({counter}[5m]) unless on (job, instance) {SEESAW}"
    if not begun_at:
        return rate
    there = f"unless ignoring (le) {widest}" if widest else f"unless {counter}"
    return f"(({counter} {there} offset 5m) and on (job, instance) {begun_at}) / 300 or {rate}"


def _relabelling(gateway: Gateway) -> str:
    """What tells one way of relabelling a gateway's series from another."""
    said = json.dumps([gateway["name"], gateway.get("metric_relabel_configs", [])], sort_keys=True, default=str)
    return hashlib.sha256(said.encode()).hexdigest()[:12]
