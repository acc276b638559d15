"""Whether verify.yml names every alert that cannot fire, and none that can.

A real Prometheus has half an hour of every kind of gateway. What breaks is translated on the way to it: a metric that
was renamed is asked for by a name that nobody has, and shows on the page under its new one.
"""

from __future__ import annotations

import functools
import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.alive.gateways import Gateway
from ansible_collections.llmmon.stack.plugins.module_utils.alive.judging import Found, Judge
from ansible_collections.llmmon.stack.plugins.module_utils.alive.prometheus import Labels, Seen, samples
from ansible_collections.llmmon.stack.plugins.module_utils.alive.reading import Rules
from ansible_collections.llmmon.stack.plugins.plugin_utils.counted import counted

from tests.rules import catalogue, promtool
from tests.rules.month import filling
from tests.rules.month.episodes import STEP
from tests.support import exposition, prometheus, rendering

OURS = "/etc/llmmon/prometheus/current/rules/"
MINUTES = 30
PAGES = {page.job: page for page in exposition.pages()}
# One page of each kind, of its newest release.
KINDS = [job for job, page in PAGES.items() if job == page.kind]

# What each alert cannot do without, of all that gateways count.
_BY_NEED: dict[tuple[str, ...], tuple[str, ...]] = {
    ("requests", "failures"): (
        "LLMHighFailureRatio",
        "LLMLowTrafficFailing",
        "LLMFailuresUnusual",
        "LLMErrorBudgetBurnFast",
        "LLMErrorBudgetBurnSlow",
    ),
    ("requests", "latency"): (
        "LLMHighLatencyP95",
        "LLMSlowRequestsOver5Percent",
        "LLMLatencyThresholdUnfit",
        "LLMLatencyDegraded",
    ),
    ("latency",): ("LLMLatencyBudgetBurnFast", "LLMLatencyBudgetBurnSlow"),
    ("requests",): ("LLMRequestSurge", "LLMMetricsMissing", "LLMNoTraffic", "LLMCountersSeesaw"),
    ("tokens",): ("LLMTokenSurge",),
    ("waiting",): ("LLMRequestsWaiting",),
    ("kv_cache_usage",): ("LLMKVCacheNearlyFull",),
    ("fallbacks", "requests"): ("LLMFallbacksInUse",),
    ("deployment_failures", "deployment_requests"): ("LLMDeploymentFailing",),
}
NEEDS = {alert: set(needed) for needed, alerts in _BY_NEED.items() for alert in alerts}
# These tell of each model by itself.
OF_MODELS = {name for name in NEEDS if "LLMHigh" in name or name in {"LLMLatencyDegraded", "LLMFailuresUnusual"}}

# Of the stack's own, by the metric's beginning.
JOBS = {"prometheus_": "prometheus", "process_": "prometheus", "alertmanager_": "alertmanager", "thanos_": "thanos"}
JOBS |= {"llmmon_canary": "canary", "probe_failed": "llm-metrics-noauth", "probe_http": "llm-metrics-probe"}
OF_STACK = {
    *catalogue.RAW_METRICS,
    "prometheus_tsdb_head_chunks_storage_size_bytes",
    "prometheus_tsdb_storage_blocks_bytes",
    "prometheus_tsdb_wal_storage_size_bytes",
} - {"ALERTS", "up", "scrape_samples_post_metric_relabeling"}

Ask = Callable[[str], list[tuple[Labels, float]]]


@dataclass(frozen=True)
class Fault:
    """Names and labels that are called otherwise now; ``always``: and were before, as far as Prometheus knows."""

    names: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    always: bool = False

    def asked(self, query: str) -> str:
        """The query for what has these names."""
        if " offset " in query and not self.always:
            return query
        for old, new in self.names.items():
            query = re.sub(rf"(?<![\w:]){old}(?![\w:])", f"{new}_is_not_there", query)
        for old, new in self.labels.items():
            query = re.sub(rf"(?<![\w:]){old}(?=[!=])", f"{new}_is_not_there", query)
        return query

    def answered(self, query: str, answer: list[tuple[Labels, float]]) -> list[tuple[Labels, float]]:
        """What is on the page."""
        if query.startswith("group by (__name__)") and (self.always or " offset " not in query):
            return [({"__name__": self.names.get(one["__name__"], one["__name__"])}, value) for one, value in answer]
        return answer


@dataclass
class World:
    """A Prometheus at the end of its half hour, and what is loaded."""

    ask: Ask
    rules: Rules

    def judged(self, jobs: Iterable[str], fault: Fault, declared: Iterable[str] = ()) -> list[Found]:
        """What is said of all alerts where there are these gateways."""

        def ask(query: str) -> list[tuple[Labels, float]]:
            return fault.answered(query, self.ask(fault.asked(query)))

        said = {job: one for job, one in counts().items() if job in jobs}
        judge = Judge(
            self.rules, [Gateway.of(job, one) for job, one in said.items()], Seen(ask, lambda _: {*declared}), OURS
        )
        return [found for alert in self.rules.alerts for found in judge.judge(alert)]


def gateways() -> list[dict[str, Any]]:
    return [{"name": page.job, "kind": page.kind, "targets": ["a:1"], "labels": {}} for page in PAGES.values()]


@functools.cache
def counts() -> dict[str, dict[str, Any]]:
    return counted(gateways(), rendering.presets())  # type: ignore[arg-type]


def loaded(files: Mapping[str, str]) -> Rules:
    """The rules as Prometheus tells them."""

    def told(rule: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "type": "alerting" if "alert" in rule else "recording",
            "name": rule.get("alert") or rule["record"],
            "query": str(rule["expr"]),
            "labels": rule.get("labels", {}),
        }

    return Rules(
        {"file": f"{OURS}{name}", "rules": [told(rule) for rule in group["rules"]]}
        for name, content in files.items()
        for group in catalogue.groups(content)
    )


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("alive")
    end = int(time.time()) // STEP * STEP
    page = folder / "page"
    lines = [*_of_gateways(end), *_of_stack(end)]
    page.write_text("\n".join([*sorted(lines, key=lambda line: line.partition("{")[0]), "# EOF\n"]), encoding="utf-8")
    filling.import_page(page, folder / "data")
    files = rendering.render_rules(
        llmmon_gateways=gateways(),
        llmmon_slo={"latency": 0.95},
        llmmon_remote_write=[{"name": "vm", "url": "http://vm:8428"}],
        llmmon_backup_schedule="daily",
        llmmon_backup_restic_repository="/mnt/copies",
        llmmon_budgets={"teams": {"search": {"month": 720, "day": 50}}, "gateways": {"litellm": 500}, "all": 5000},
    )
    with prometheus.running(promtool.VERSION, folder) as server:

        @functools.cache
        def ask(query: str) -> list[tuple[Labels, float]]:
            return samples({"data": server.get("query", query=query, time=str(end))})

        yield World(ask, loaded(files))


def _of_gateways(end: int) -> Iterator[str]:
    for job, page in PAGES.items():
        target = f'job="{job}",instance="a:1"'
        for minute in range(MINUTES + 1):
            at = end - (MINUTES - minute) * STEP
            yield f"up{{{target}}} 1 {at}"
            yield f"scrape_samples_post_metric_relabeling{{{target}}} {len(page.samples)} {at}"
            for sample in page.samples:
                value = sample.value * (minute + 1) if sample.counts else sample.value
                yield f"{sample.name}{{{','.join(filter(None, [target, sample.labels]))}}} {value!r} {at}"


def _of_stack(end: int) -> Iterator[str]:
    for minute in range(MINUTES + 1):
        at = end - (MINUTES - minute) * STEP
        for job in ("prometheus", "alertmanager", "grafana", "prober", "canary"):
            yield f'up{{job="{job}",instance="p:1"}} 1 {at}'
        for name in sorted(OF_STACK):
            job = next((job for start, job in JOBS.items() if name.startswith(start)), "backup")
            more = ',integration="slack",remote_name="vm",url="http://vm",reason="too_old",engine="vm"'
            yield f'{name}{{job="{job}",instance="p:1"{more}}} {minute} {at}'


def names_of(found: Iterable[Found], job: str = "") -> set[str]:
    return {one.alert for one in found if one.problem and (not job or one.job == job)}


def test_no_healthy_gateway_of_any_kind_has_a_dead_alert(world: World) -> None:
    found = world.judged(PAGES, Fault())
    assert [one for one in found if one.problem] == []
    # What they lack is said all the same.
    notes = {one.note for one in found}
    assert "litellm-2025 has no litellm_proxy_failed_requests_metric_total: no request has failed" in notes
    assert any("the threshold is no edge of tgi_request_duration_bucket" in note for note in notes)
    assert {*NEEDS} <= {alert.name for alert in world.rules.alerts}


@pytest.mark.parametrize("declared", [True, False])
def test_a_gateway_that_nobody_has_asked_yet_has_no_dead_alert(declared: bool, world: World) -> None:
    """Its page shows nothing, or only declares what it will count."""
    shown = {name for page in PAGES.values() for name in page.names}

    class Silent(Fault):
        def asked(self, query: str) -> str:
            return "vector(0) > 1" if any(name in query for name in shown) else query

        def answered(self, query: str, answer: list[tuple[Labels, float]]) -> list[tuple[Labels, float]]:
            return [] if query.startswith("group by (__name__)") else answer

    families = [name for job in PAGES for names in counts()[job]["signals"].values() for name in names]
    found = world.judged(PAGES, Silent(), families if declared else ())
    assert [one for one in found if one.problem] == []
    assert any("declares" in one.note for one in found) == declared


def cases() -> Iterator[Any]:
    for job in KINDS:
        for signal, names in counts()[job]["signals"].items():
            there = {
                name for name in PAGES[job].names if name in names or re.sub("_(bucket|sum|count)$", "", name) in names
            }
            if there and any(signal in needed for needed in NEEDS.values()):
                yield pytest.param(job, signal, frozenset(there), id=f"{job}-{signal}")


def expected(world: World, job: str, renamed: frozenset[str]) -> set[str]:
    """The alerts that need a signal of which nothing is left under a name that is known."""
    signals = counts()[job]["signals"]
    gone = {
        signal
        for signal, names in signals.items()
        if (
            there := {
                one for one in PAGES[job].names if one in names or re.sub("_(bucket|sum|count)$", "", one) in names
            }
        )
        and there <= renamed
    }
    alerts = {alert.name for alert in world.rules.alerts}
    # Slow answers are counted by the buckets of a histogram alone.
    counted_slow = any(name.endswith("_bucket") for name in PAGES[job].names) or "latency" not in gone
    return {
        name
        for name, needed in NEEDS.items()
        if needed & gone and needed <= signals.keys() and name in alerts and (counted_slow or "Slow" not in name)
    }


# How it is called now, and whether Prometheus has never seen it otherwise.
RENAMED = [("v2_{}", False), ("v2_{}", True), ("{}_v2", True), ("dropped total", False)]


@pytest.mark.parametrize(("way", "always"), RENAMED)
@pytest.mark.parametrize(("job", "signal", "there"), [*cases()])
def test_a_renamed_metric_is_named(
    job: str, signal: str, there: frozenset[str], way: str, always: bool, world: World
) -> None:
    new = {name: _renamed(name, way) for name in there}
    found = world.judged([job], Fault(new, always=always))
    wanted = expected(world, job, there)
    assert wanted
    assert wanted <= names_of(found, job), signal
    # Whatever does not read it is as it was.
    untouched = {name for name, needed in NEEDS.items() if not needed & _sharing(job, there)}
    assert names_of(found, job) & untouched == set()


def _renamed(name: str, way: str) -> str:
    if way == "dropped total":
        # A newer exporter's unit, and no suffix.
        return f"{re.sub('_total$', '', name)}_requests"
    base, suffix = re.fullmatch(r"(.*?)((?:_(?:total|bucket|sum|count))?)", name).groups()  # type: ignore[union-attr]
    return f"{way.format(base)}{suffix}"


def _sharing(job: str, there: frozenset[str]) -> set[str]:
    """All signals that any of these names belongs to."""
    return {
        signal
        for signal, names in counts()[job]["signals"].items()
        for name in there
        if name in names or re.sub("_(bucket|sum|count)$", "", name) in names
    }
