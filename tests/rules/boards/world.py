"""An hour of every kind of gateway at once, with a failure in it, in a real Prometheus.

Each kind is a gateway that looks like its page in fixtures/. The rules of a deployment are filled in by asking
Prometheus for each expression at every minute, those first that read nothing recorded; alerts are Prometheus's own
series ALERTS and ALERTS_FOR_STATE.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import requests
from ansible_collections.llmmon.stack.plugins.plugin_utils.overrides import OF_GATEWAYS, OF_MODELS
from ansible_collections.llmmon.stack.plugins.plugin_utils.presets import SPENDERS

from tests.rules import catalogue, recorded
from tests.rules.month import filling
from tests.rules.month.episodes import STEP, Firing, fired
from tests.support import exposition, prometheus, rendering
from tests.support.exposition import Page, Sample

# An hour that is shown, and what a rate needs before it.
SHOWN = 60
MINUTES = SHOWN + 10
FAILS_FROM = MINUTES - 25
DAY = 86400
# The metrics page does not answer then.
GONE = range(30, 33)
# Less fails before the failure.
HEALTHY = 0.1

# Asks gateways for their metrics page.
PROBER = "llm-metrics-probe"
# Asks the models of each gateway. Its last answer, for each of its gauges.
CANARY = "canary"
CANARY_GAUGES = {
    "agreement": 1,
    "cap_left_dollars": 0.4,
    "certificate_days_left": 60,
    "connect_seconds": 0.02,
    "duration_seconds": 1.5,
    "first_token_seconds": 0.3,
    "tokens_per_second": 40,
}
# What exporters of one machine say; it serves every gateway.
HOST_JOBS = ("host-node", "host-gpu")
HOST_GAUGES = {
    'node_memory_MemAvailable_bytes{job="host-node",host="m-1"}': 1,
    'node_memory_MemTotal_bytes{job="host-node",host="m-1"}': 2,
    'node_filesystem_avail_bytes{job="host-node",host="m-1",mountpoint="/",fstype="ext4"}': 1,
    'node_filesystem_size_bytes{job="host-node",host="m-1",mountpoint="/",fstype="ext4"}': 2,
    'DCGM_FI_DEV_GPU_UTIL{job="host-gpu",host="m-1",gpu="0"}': 50,
    'DCGM_FI_DEV_FB_USED{job="host-gpu",host="m-1",gpu="0"}': 70000,
    'DCGM_FI_DEV_FB_FREE{job="host-gpu",host="m-1",gpu="0"}': 10000,
    'DCGM_FI_DEV_GPU_TEMP{job="host-gpu",host="m-1",gpu="0"}': 60,
    'DCGM_FI_DEV_POWER_USAGE{job="host-gpu",host="m-1",gpu="0"}': 300,
    'DCGM_FI_DEV_CLOCKS_EVENT_REASONS{job="host-gpu",host="m-1",gpu="0"}': 0x20,
    'DCGM_FI_DEV_XID_ERRORS{job="host-gpu",host="m-1",gpu="0"}': 79,
    'DCGM_FI_DEV_ECC_DBE_VOL_TOTAL{job="host-gpu",host="m-1",gpu="0"}': 1,
}
# The gateway that has more of everything than a graph has room for.
MANY = "many"
MODELS = 50
# Nobody has a price for it.
UNPRICED = Sample("llm_tokens_used_total", 'model="unpriced",type="input"', 60, counts=True)
_MODEL_AND_TEAM = re.compile(r'\b(model|team)="([^"]*)"')

# What is there to be compared with is there within the hour, not within weeks.
SHORTER = {
    "[6h]) >= 60": "[6h]) >= 30",
    "[1d:30m] offset 1h) >= 6": "[1d:10m]) >= 3",
    "[1d:30m] offset 1h": "[1d:10m]",
}

Labels = tuple[tuple[str, str], ...]
Series = dict[Labels, dict[int, float]]


@dataclass
class World:
    """A Prometheus that has it all, and what is known of each gateway."""

    server: prometheus.Server
    end: int
    # Gateway to kind.
    kinds: Mapping[str, str]
    rules: list[dict[str, Any]]
    # What each gateway has, and under "" what belongs to none.
    names: dict[str, set[str]] = field(default_factory=dict)

    def had(self, gateway: str) -> set[str]:
        """What there is to read when this gateway is chosen."""
        # What some gateways have, this one has only if it has it itself.
        of_gateways = set().union(*(self.names.get(other, set()) for other in self.kinds))
        return self.names.get(gateway, set()) | (self.names[""] - of_gateways) | self.names[PROBER] | self.names[CANARY]

    def has(self, gateway: str, selector: str) -> bool:
        """Whether there is such a series of it."""
        return any(labels.get("job") == gateway for labels in self.series(selector))

    def models(self, gateway: str, name: str) -> set[str]:
        """What a series calls the models of a gateway; one of no gateway, such as prices, is of all."""
        return {labels.get("model", "") for labels in self.series(name) if labels.get("job", gateway) == gateway}

    def range(self, expression: str) -> list[tuple[dict[str, str], float]]:
        """Every series in the hour, with its last value."""
        start = self.end - SHOWN * STEP
        return [
            (found["metric"], float(found["values"][-1][1]))
            for found in ask(self.server, "query_range", expression, start=start, end=self.end, step=STEP)
        ]

    def now(self, expression: str) -> list[tuple[dict[str, str], float]]:
        return [
            (found["metric"], float(found["value"][1]))
            for found in ask(self.server, "query", expression, time=self.end)
        ]

    def series(self, selector: str) -> list[dict[str, str]]:
        """The labels of what there is in the hour."""
        wanted = {"match[]": selector, "start": str(self.end - SHOWN * STEP), "end": str(self.end)}
        return list(self.server.get("series", **wanted))


def ask(server: prometheus.Server, path: str, expression: str, **parameters: int) -> list[dict[str, Any]]:
    """As Grafana does: by POST, which has room for any number of names. A refused query is an error."""
    answer = requests.post(f"{server.url}/api/v1/{path}", data={"query": expression, **parameters}, timeout=60)
    if answer.status_code != requests.codes.ok:
        raise ValueError(f"{expression}\n{answer.json()['error']}")
    found = answer.json()["data"]
    # A number without labels, such as of time().
    return [{"metric": {}, "value": found["result"]}] if found["resultType"] == "scalar" else found["result"]


def pages() -> list[Page]:
    """One for each kind, and one with 50 models."""
    found = {page.kind: page for page in exposition.pages() if page.job == page.kind}
    many = [line for number in range(MODELS) for line in _numbered(found["canonical"], number)]
    found["canonical"] = Page("canonical", [*found["canonical"].lines, UNPRICED])
    return [*found.values(), Page(MANY, [*many, UNPRICED])]


def _numbered(page: Page, number: int) -> Iterator[Sample]:
    for sample in page.samples:
        yield replace(sample, labels=_MODEL_AND_TEAM.sub(rf'\1="\2-{number}"', sample.labels))


def kind_of(page: Page) -> str:
    return "canonical" if page.job == MANY else page.kind


@cache
def rendered() -> dict[str, str]:
    """The rules of a deployment that has all gateways and uses everything that there is to set."""
    files = rendering.render_rules(
        llmmon_gateways=[{"name": page.job, "kind": kind_of(page), "targets": ["a:1"]} for page in pages()],
        llmmon_token_prices=recorded.PRICES,
        llmmon_token_price_file=str(Path(__file__).parents[1] / "prices.json"),
        llmmon_token_price_models=["made-up-*"],
        __llmmon_inventory_folder="/",
        llmmon_slo={"latency": 0.95},
        llmmon_threshold_overrides=[
            {"gateway": MANY, **dict.fromkeys(OF_MODELS, 0.5), **dict.fromkeys(OF_GATEWAYS, 7)},
        ],
        llmmon_top_spenders={"by": list(SPENDERS), "limit": 5},
        llmmon_budgets={"teams": {"search": {"month": 720, "day": 50}}, "gateways": {"litellm": 500}, "all": 5000},
        llmmon_hosts=[
            {
                "name": "m-1",
                "node": "http://m-1:9100",
                "gpu": "http://m-1:9400",
                "gateways": [page.job for page in pages()],
            }
        ],
    )
    return {name: _shorter(content) for name, content in files.items() if name != "stack_alerts.yml"}


def _shorter(content: str) -> str:
    for weeks, hour in SHORTER.items():
        content = content.replace(weeks, hour)
    return content


@contextmanager
def filled(folder: Path) -> Iterator[World]:
    """The hour that has just ended."""
    end = int(time.time()) // STEP * STEP
    begin = end - MINUTES * STEP
    rules = catalogue.rules(rendered())
    _write(folder, "pages", (line for page in pages() for line in _samples(page, begin)))
    _write(folder, "hosts", _samples_of_a_host(begin))
    recording = [rule for rule in rules if "record" in rule]
    alerts = [rule for rule in rules if "alert" in rule]
    first = filling.asked_for(rules)
    before = filling.needed(recording, first)
    _fill(folder, before, begin, end)
    _fill_alerts(folder, first, begin, end)
    _fill(folder, [rule for rule in recording if rule not in before], begin, end)
    _fill_alerts(folder, [rule for rule in alerts if rule not in first], begin, end)
    with prometheus.running(filling.VERSION, folder, *filling.FLAGS) as server:
        world = World(server, end, {page.job: kind_of(page) for page in pages()}, rules)
        for labels in world.series('{__name__=~".+"}'):
            world.names.setdefault(labels.get("job", ""), set()).add(labels["__name__"])
        yield world


def _samples(page: Page, begin: int) -> Iterator[str]:
    """What Prometheus has of a page that is scraped once a minute, and of its target."""
    failing = _failing(page)
    for sample in page.samples:
        name = f'{sample.name}{{job="{page.job}",instance="a:1"{sample.labels and ","}{sample.labels}}}'
        total = 0.0
        for minute in range(MINUTES + 1):
            share = HEALTHY if sample.name in failing and minute < FAILS_FROM else 1
            # Of many models, now these are busy and now those.
            busy = 1 + (minute // 10 + _number(sample)) % 5 if page.job == MANY else 1
            total += sample.value * share * busy
            if minute not in GONE:
                yield f"{name} {total if sample.counts else sample.value:.10g} {begin + minute * STEP}"
    for minute in range(MINUTES + 1):
        target, at, up = f'job="{page.job}",instance="a:1"', begin + minute * STEP, int(minute not in GONE)
        yield f"up{{{target}}} {up} {at}"
        yield f"process_start_time_seconds{{{target}}} {begin - DAY} {at}"
        yield f"scrape_duration_seconds{{{target}}} 0.1 {at}"
        yield f"scrape_samples_post_metric_relabeling{{{target}}} {up * len(page.samples)} {at}"
        for prober, code in ((PROBER, 200), ("llm-metrics-noauth", 401)):
            yield f'probe_http_status_code{{job="{prober}",gateway="{page.job}",instance="a:1"}} {code} {at}'
        asking = f'job="{CANARY}",instance="c:1",canary="of-{page.job}",gateway="{page.job}",model="m"'
        for gauge, value in CANARY_GAUGES.items():
            yield f"llmmon_canary_{gauge}{{{asking}}} {value} {at}"
        yield f'llmmon_canary_requests_total{{{asking},cause="stalled"}} {max(0, minute - FAILS_FROM)} {at}'


def _samples_of_a_host(begin: int) -> Iterator[str]:
    """What Prometheus has of the machine's exporters."""
    for minute in range(MINUTES + 1):
        at = begin + minute * STEP
        for job in HOST_JOBS:
            yield f'up{{job="{job}",host="m-1",instance="m-1:1"}} 1 {at}'
        for series, value in HOST_GAUGES.items():
            yield f"{series} {value} {at}"
        yield f'node_cpu_seconds_total{{job="host-node",host="m-1",cpu="0",mode="idle"}} {30 * minute} {at}'


def _failing(page: Page) -> set[str]:
    preset = rendering.presets()[kind_of(page)]
    return {name for entry in preset.get("failures", {}).get("all", []) for name in entry["metrics"]}


def _number(sample: Sample) -> int:
    found = re.search(r'model="[^"]*-(\d+)"', sample.labels)
    return int(found[1]) if found else 0


def _fill(folder: Path, rules: list[dict[str, Any]], begin: int, end: int) -> None:
    for number, level in enumerate(filling.levels(rules)):
        found: dict[Labels, dict[int, float]] = {}
        for rule, series in _evaluated(folder, level, begin, end):
            own = {"__name__": rule["record"]}
            for labels, values in series.items():
                # Two branches of an expression may take turns in one series.
                found.setdefault(_labels(dict(labels), rule, own), {}).update(values)
        _write(folder, f"level-{number}", _lines(found))


def _fill_alerts(folder: Path, alerts: list[dict[str, Any]], begin: int, end: int) -> None:
    firings = []
    for rule, series in _evaluated(folder, alerts, begin, end):
        for labels, values in series.items():
            merged = _labels(dict(labels), rule, {"alertname": rule["alert"]})
            firings.append(Firing(dict(merged), rule, sorted(values)))
    active: dict[Labels, dict[int, float]] = {}
    for firing in firings:
        for since, until in fired(firing.seconds, {**firing.rule, "for": "0s"}):
            key = tuple(sorted({**firing.labels, "__name__": "ALERTS_FOR_STATE"}.items()))
            active.setdefault(key, {}).update(dict.fromkeys(range(since, until, STEP), float(since)))
    _write(folder, "alerts", [*filling.firing_lines(firings), *_lines(active)])


def _evaluated(
    folder: Path, rules: list[dict[str, Any]], begin: int, end: int
) -> Iterator[tuple[dict[str, Any], Series]]:
    """What each rule finds at every minute."""
    with prometheus.running(filling.VERSION, folder, *filling.FLAGS) as server, ThreadPoolExecutor(2) as pool:

        def evaluate(rule: dict[str, Any]) -> Series:
            answer = ask(server, "query_range", str(rule["expr"]), start=begin, end=end, step=STEP)
            return {
                tuple(sorted(found["metric"].items())): {int(at): float(value) for at, value in found["values"]}
                for found in answer
            }

        yield from zip(rules, pool.map(evaluate, rules), strict=True)


def _labels(found: dict[str, str], rule: dict[str, Any], own: dict[str, str]) -> Labels:
    found.pop("__name__", None)
    templates = {name: str(value) for name, value in rule.get("labels", {}).items()}
    return tuple(sorted((name, value) for name, value in {**found, **templates, **own}.items() if value))


def _lines(series: Series) -> Iterator[str]:
    for labels, values in series.items():
        found = dict(labels)
        name = found.pop("__name__")
        text = ",".join(f"{label}={_quoted(value)}" for label, value in found.items())
        yield from (f"{name}{{{text}}} {value!r} {at}" for at, value in sorted(values.items()))


def _quoted(value: str) -> str:
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def _write(folder: Path, name: str, lines: Iterable[str]) -> None:
    """As a block of the Prometheus in this folder."""
    text = folder / name
    # One metric after the other, as the format wants it.
    ordered = sorted(lines, key=lambda line: line.partition("{")[0])
    if not ordered:
        return
    text.write_text("\n".join([*ordered, "# EOF\n"]), encoding="utf-8")
    filling.import_page(text, folder / "data")
    text.unlink()
