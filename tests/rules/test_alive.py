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
from ansible_collections.llmmon.stack.plugins.module_utils.alive.absences import (
    OF_GATEWAYS,
    RIGHTLY_ABSENT,
    WITHOUT_RECEIVERS,
)
from ansible_collections.llmmon.stack.plugins.module_utils.alive.gateways import EVENTS, Gateway
from ansible_collections.llmmon.stack.plugins.module_utils.alive.judging import Found, Judge
from ansible_collections.llmmon.stack.plugins.module_utils.alive.paths import ends, known_labels, why_nobody_hears
from ansible_collections.llmmon.stack.plugins.module_utils.alive.prometheus import Labels, Seen, samples
from ansible_collections.llmmon.stack.plugins.module_utils.alive.reading import Rules
from ansible_collections.llmmon.stack.plugins.module_utils.proof.panels import panels_of
from ansible_collections.llmmon.stack.plugins.plugin_utils.counted import counted
from ansible_collections.llmmon.stack.plugins.plugin_utils.routing.paths import alert_paths

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


@dataclass(eq=False)
class World:
    """A Prometheus at the end of its half hour, and what is loaded."""

    ask: Ask
    files: Mapping[str, str]

    @functools.cached_property
    def groups(self) -> list[dict[str, Any]]:
        return loaded(self.files)

    @functools.cached_property
    def rules(self) -> Rules:
        return Rules(self.groups)

    @functools.cache  # noqa: B019 - there is one world
    def rules_of(self, job: str) -> Rules:
        """What is left of the rules where this is the only gateway."""
        return Rules(loaded(self.files, job))

    def judged(self, jobs: Iterable[str], fault: Fault, declared: Iterable[str] = ()) -> list[Found]:
        """What is said of all alerts where there are these gateways."""

        def ask(query: str) -> list[tuple[Labels, float]]:
            return fault.answered(query, self.ask(fault.asked(query)))

        known = [Gateway.of(job, one) for job, one in counts().items() if job in jobs]
        rules = self.rules if len(known) > 1 else self.rules_of(known[0].job)
        judge = Judge(rules, known, Seen(ask, lambda _: {*declared}), OURS)
        return [found for alert in rules.alerts for found in judge.judge(alert)]


def gateways() -> list[dict[str, Any]]:
    return [{"name": page.job, "kind": page.kind, "targets": ["a:1"], "labels": {}} for page in PAGES.values()]


@functools.cache
def counts() -> dict[str, dict[str, Any]]:
    return counted(gateways(), rendering.presets())  # type: ignore[arg-type]


def loaded(files: Mapping[str, str], job: str = "") -> list[dict[str, Any]]:
    """The groups of rules as Prometheus tells them, of all gateways or of one."""

    def applies(rule: Mapping[str, Any]) -> bool:
        labels = rule.get("labels", {})
        of_one = {"source": PAGES[job].kind, "job": job} if job else {}
        return all(labels.get(name, value) == value for name, value in of_one.items())

    def told(rule: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "type": "alerting" if "alert" in rule else "recording",
            "name": rule.get("alert") or rule["record"],
            "query": str(rule["expr"]),
            "labels": rule.get("labels", {}),
        }

    return [
        {"file": f"{OURS}{name}", "rules": [told(rule) for rule in group["rules"] if applies(rule)]}
        for name, content in files.items()
        for group in catalogue.groups(content)
    ]


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

        yield World(ask, files)


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
            more = ',integration="slack",remote_name="vm",url="http://vm",reason="too_old"'
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
RENAMED = [("v2_{}", False), ("{}_v2", True), ("dropped total", False)]


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


def buckets(job: str) -> list[str]:
    """The histograms of how long answers take."""
    return [name for name in counts()[job]["signals"].get("latency", []) if f"{name}_bucket" in PAGES[job].names]


@pytest.mark.parametrize("job", KINDS)
def test_a_model_label_that_is_gone_is_named(job: str, world: World) -> None:
    """For a kind whose series may have no model this is known by what was there before."""
    labels = counts()[job]["model"]
    had = {label for label in labels for sample in PAGES[job].samples if label in sample.label_names}
    found = world.judged([job], Fault(labels={label: f"{label}_now" for label in labels}))
    named = names_of(found, job)
    about_models = {name for name in OF_MODELS if name in {alert.name for alert in world.rules_of(job).alerts}}
    about_models &= {name for name, needed in NEEDS.items() if needed <= counts()[job]["signals"].keys()}
    assert about_models <= named if had else not named


@pytest.mark.parametrize("job", [job for job in KINDS if buckets(job)])
def test_native_histograms_of_a_newer_exporter_are_named(job: str, world: World) -> None:
    """The family is still there, and its buckets are no series any more."""
    parts = {f"{base}_{part}": base for base in buckets(job) for part in ("bucket", "sum", "count")}
    found = world.judged([job], Fault(parts), buckets(job))
    assert "LLMHighLatencyP95" in names_of(found, job)
    assert any("has no buckets (le), of which percentiles are made" in one.problem for one in found)


def of_stack(world: World, fault: Fault) -> list[Found]:
    """What is said of what belongs to no gateway; what each rule reads of the other gateways is another question."""
    return [one for one in world.judged(["canonical"], fault) if one.alert != "LLMCountersSeesaw"]


def test_every_metric_of_the_stack_itself_is_missed(world: World) -> None:
    """Each that is read, by each alert that reads it; but for those that only something that happens begins."""
    own = world.rules_of("canonical")
    readers: dict[str, set[str]] = {}
    for alert in own.alerts:
        for reading in own.readings(alert.expression) if alert.expression else ():
            for name in {*reading.names} & OF_STACK:
                readers.setdefault(name, set()).add(alert.name)
    readers.pop("process_start_time_seconds")
    for name, alerts in readers.items():
        found = of_stack(world, Fault({name: f"{name}_v2"}))
        if name in RIGHTLY_ABSENT:
            assert names_of(found) == set(), name
            assert {one.alert for one in found if RIGHTLY_ABSENT[name] in one.note} == alerts
        else:
            assert alerts == names_of(found), name
    # Of the gateways' own processes not every one tells since when it runs.
    of_processes = of_stack(world, Fault({"process_start_time_seconds": "started"}))
    assert names_of(of_processes) == {
        "PrometheusTSDBWALFailures",
        "PrometheusRemoteWriteBehind",
        "PrometheusRemoteWriteLosing",
    }
    assert any(OF_GATEWAYS["process_start_time_seconds"] in one.note for one in of_processes)


def test_a_label_of_the_stack_itself_is_missed(world: World) -> None:
    found = of_stack(world, Fault(labels={"integration": "channel"}))
    assert names_of(found) == {"AlertNotificationsFailing"}


def test_without_a_receiver_no_notification_is_counted(world: World) -> None:
    gone = Fault({name: f"{name}_x" for name in WITHOUT_RECEIVERS})

    def ask(query: str) -> list[tuple[Labels, float]]:
        return world.ask(gone.asked(query))

    rules = world.rules_of("canonical")
    alert = next(one for one in rules.alerts if one.name == "AlertNotificationsFailing")
    found = Judge(rules, [], Seen(ask, lambda _: set()), OURS, receivers=False).judge(alert)
    assert {one.problem for one in found} == {""}
    assert {one.note for one in found} == {f"{name} is not there: there is no receiver" for name in WITHOUT_RECEIVERS}


def test_each_series_that_may_be_absent_is_one_that_a_rule_reads() -> None:
    assert {*RIGHTLY_ABSENT, *OF_GATEWAYS, *WITHOUT_RECEIVERS} <= catalogue.RAW_METRICS
    assert {*EVENTS} <= {signal for said in counts().values() for signal in said["signals"]}


def test_a_threshold_beyond_the_last_edge_is_named(world: World) -> None:
    files = rendering.render_rules(
        llmmon_gateways=gateways(), llmmon_thresholds={"latency_p95_seconds": 60 * 60 * 24 * 30}
    )
    beyond = World(world.ask, files)
    found = beyond.judged(["canonical"], Fault())
    assert {"LLMHighLatencyP95", "LLMLatencyThresholdUnfit"} <= names_of(found, "canonical")
    (why,) = {one.problem for one in found if one.alert == "LLMHighLatencyP95" and one.problem}
    assert re.fullmatch(r"its histogram ends at \d+, and the threshold is 2\.592e\+06", why)


OF_A_USER = {
    "Typo": ("sum(rate(llm_request_total[5m])) > 1", "llm_request_total has no series here"),
    "OtherSide": ("llm_request_total or llm_requests_total > 1", ""),
    "Constant": ("sum(llm_request_total) or vector(0) == 0", ""),
    "Absent": ("absent(llm_request_total)", ""),
    "LeftOut": ("llm_requests_total > 1 unless llm_request_total", ""),
    "Apart": (
        'llm_requests_total{job="canonical"} * on (model) vllm:prompt_tokens_total > 1',
        'its sides share no value of model: llm_requests_total{job="canonical"} and vllm:prompt_tokens_total',
    ),
    "Together": ('llm_requests_total{job="canonical"} and on (job) up > 0', ""),
    "Renamed": (
        'label_replace(up, "x", "$1", "job", "(.*)") and on (x) label_replace(up{job="tgi"}, "x", "$1", "job", "(.*)")',
        "",
    ),
    "Quiet": ('ALERTS{alertname="Typo"} == 1', ""),
    "NoFamily": ('{__name__=~"llm_nothing.+"} > 1', '{__name__=~"llm_nothing.+"} has no series here'),
    "NotUnderstood": ("sum by (job) (up) fill_left (0) * 2", "NOTE"),
}


def test_alerts_of_the_user_are_judged_as_well(world: World) -> None:
    rules = [{"type": "alerting", "name": name, "query": query} for name, (query, _) in OF_A_USER.items()]
    read = Rules([{"file": "/etc/llmmon/prometheus/current/rules.d/mine.yml", "rules": rules}])
    judge = Judge(read, [], Seen(world.ask, lambda _: set()), OURS)
    said = {alert.name: judge.judge(alert) for alert in read.alerts}
    assert [one.note for one in said.pop("NotUnderstood")] == [
        "its expression is not understood here ('fill_left' was not expected)"
    ]
    assert {name: "".join(one.problem for one in found) for name, found in said.items()} == {
        name: why for name, (_, why) in OF_A_USER.items() if why != "NOTE"
    }


MUTED = "mutes its route for ever"
EXPIRED = "its receiver slack has taken no notification in the last 1h, all of them failed"
RECEIVERS: dict[str, Any] = {"slack": {"webhook_url": "https://slack"}, "heartbeat": {"type": "webhook"}}


def unheard(world: World, routes: list[dict[str, Any]], failing: Mapping[str, str]) -> dict[str, str]:
    """Alerts that nobody hears of, each with the reason."""
    paths = alert_paths(RECEIVERS, routes, ["slack"], {}, {"always": {}, "night": {"times": [NIGHT]}})
    found = {}
    for alert in world.rules.alerts:
        labels = known_labels(alert.name, alert.labels, {"job": "canonical"})
        found[alert.name] = why_nobody_hears(ends(paths, labels), failing, [], labels)
    return {name: why for name, why in found.items() if why}


NIGHT = {"start_time": "22:00", "end_time": "06:00"}
TO_SLACK = {"matchers": ['severity!="none"'], "receivers": ["slack"]}


def test_every_alert_whose_route_is_muted_for_ever_or_whose_receiver_fails_is_named(world: World) -> None:
    everybody = {alert.name for alert in world.rules.alerts} - {"Watchdog"}
    assert len(everybody) > 40
    users = everybody - {"AlertNotificationsFailing"}
    assert unheard(world, [], {}) == {}
    assert unheard(world, [{**TO_SLACK, "mute_time_intervals": ["night"]}], {}) == {}
    muted = unheard(world, [{**TO_SLACK, "mute_time_intervals": ["always"]}], {})
    # That the heartbeat's channel is dead is told by another one, on a route of ours.
    assert {*muted} == users
    assert all(MUTED in why for why in muted.values())
    assert unheard(world, [], {"slack": EXPIRED}) == dict.fromkeys(everybody, EXPIRED)
    assert unheard(world, [], {"heartbeat": "gone"}) == {"Watchdog": "gone"}
    # One severity alone, and nobody at all because it is written so.
    warnings = unheard(world, [{"severity": "warning", "receivers": ["slack"], "mute_time_intervals": ["always"]}], {})
    assert {*warnings} == {alert.name for alert in world.rules.alerts if alert.labels["severity"] == "warning"}
    assert unheard(world, [{"matchers": ['severity!="none"'], "receivers": []}], {}) == {}


BOARDS = rendering.REPOSITORY / "roles" / "grafana" / "files" / "dashboards"


def test_panels_without_data_have_a_reason_as_alerts_do(world: World) -> None:
    """Here none has any: nothing is recorded."""
    panels = panels_of(BOARDS)
    assert len(panels) > 100
    asked = [
        {"type": "alerting", "name": panel.name, "query": expression}
        for panel in panels
        for expression in panel.expressions
    ]
    rules = Rules([*world.groups, {"file": f"{OURS}panels", "rules": asked}])
    questions = [one for one in rules.alerts if one.file == f"{OURS}panels"]
    assert {one.trouble for one in questions} == {""}
    known = [Gateway.of(job, one) for job, one in counts().items()]
    judge = Judge(rules, known, Seen(world.ask, lambda _: set()), OURS)
    found = [one for question in questions for one in judge.judge(question)]
    # What only some engines, or only other hosts, expose is no gateway's fault.
    assert {(one.alert, one.job) for one in found if one.problem and one.job} == set()


def test_a_gateway_that_only_refuses_has_no_dead_alert(world: World) -> None:
    """LiteLLM counts whoever has no key, such as the prober, as a request for no model."""

    class Refusing(Fault):
        def asked(self, query: str) -> str:
            answers = ("tokens", "latency", "spend", "deployment", "time_to_first", "in_flight", "budget")
            counts = "litellm_proxy" in query and not any(word in query for word in answers)
            if query.startswith("group by (job, __name__)"):
                return query
            if 'requested_model!=""' in query or not (counts or "litellm_" not in query):
                return "vector(0) > 1"
            return query

        def answered(self, query: str, answer: list[tuple[Labels, float]]) -> list[tuple[Labels, float]]:
            del query
            kept = ("litellm_proxy", "up", "scrape")
            return [(one, value) for one, value in answer if one.get("__name__", "up").startswith(kept)]

    found = world.judged(["litellm"], Refusing())
    assert names_of(found, "litellm") == set()
    assert any("nobody has got an answer yet" in one.note for one in found)
