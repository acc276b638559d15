"""What the rules cost and what they save, on a real Prometheus: `python -m tests.bench.rules`.

Gateways that look like LiteLLM's metrics page are scraped every 15 seconds, as a deployment does it, and all rules that
it renders are evaluated. One gateway in ten fails and is slow, so its alerts fire. What rules read of past weeks is
there from the start. Two questions, each with a limit:

- Of each interval, how much do the rules take? Asked twice: by Prometheus's own clock (what an evaluation of each group
  took), which also runs while others have the machine, and by the processor time of Prometheus with the rules less that
  without them.
- How much faster is a dashboard's figure from what is recorded than from the raw series?
"""

from __future__ import annotations

import argparse
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import requests

from tests.support import exposition, prometheus, rendering, versions
from tests.support.exposition import Page, Sample
from tests.support.prometheus import Server
from tests.testbed.tools import tool

CORES = 2
MOST_OF_AN_INTERVAL = 0.10
LEAST_SPEEDUP = 10
KIND = "litellm"
PRESET = rendering.presets()[KIND]
TEAM = PRESET["labels"]["team"][0]
MODEL = "|".join(PRESET["labels"]["model"])
FAILED = PRESET["failures"]["all"][0]["metrics"]
LATENCY = PRESET["latency"]["metrics"][0]
MINUTE, DAY = 60, 86400
# A rate of 5 minutes is complete then, and what is computed of it has been computed.
WARM_UP = 6 * MINUTE
STEP = 15

# Recorded once a minute, and read over so many days.
HISTORY = {
    "job:llm_requests:rate5m": 22,
    "job:llm_tokens_used:rate5m": 22,
    "job:llm_requests_failed:rate5m": 3,
    "job:llm_response_latency_seconds_count:rate5m": 3,
    "job:llm_response_latency_seconds_slow:rate5m": 3,
    "job:llm_cost_usd:rate5m": 30,
    "job_team:llm_cost_usd:rate5m": 30,
}


@dataclass(frozen=True)
class Load:
    """How much there is to watch."""

    gateways: int
    models: int
    teams: int

    def jobs(self) -> list[str]:
        return [f"gateway-{number}" for number in range(self.gateways)]

    def page(self, base: Page, number: int) -> Page:
        """The base page with as many models and teams."""
        lines: dict[str | Sample, None] = {}
        for line in base.lines if number % 10 == 0 else healthy(base):
            if isinstance(line, str):
                lines[line] = None
                continue
            for model in range(self.models):
                named = re.sub(rf'\b({MODEL})="([^"]*)"', rf'\1="\2-{model}"', line.labels)
                for team in range(self.teams):
                    labels = re.sub(rf'\b{TEAM}="([^"]*)"', rf'{TEAM}="\1-{team}"', named)
                    # What has no such label is there once.
                    lines[replace(line, labels=labels)] = None
        return Page(self.jobs()[number], list(lines))


def healthy(page: Page) -> Iterator[str | Sample]:
    """A page's lines with a tenth of its failures, and without slow answers."""
    answers = {line.labels: line.value for line in page.samples if line.name == f"{LATENCY}_count"}
    for line in page.lines:
        if isinstance(line, Sample) and line.name in FAILED:
            yield replace(line, value=line.value / 10)
        elif isinstance(line, Sample) and line.name == f"{LATENCY}_bucket" and 'le="2.0"' in line.labels:
            yield replace(line, value=answers[line.labels.partition(",le=")[0]])
        else:
            yield line


@dataclass(frozen=True)
class Figure:
    """One of a dashboard's, from what is recorded and from the raw series."""

    name: str
    recorded: str
    raw: str


ALL = 'rate(litellm_proxy_total_requests_metric_total{requested_model!=""}[5m])'
FAILURES = 'rate(litellm_proxy_failed_requests_metric_total{requested_model!=""}[5m])'
BUCKETS, COUNT = f"{LATENCY}_bucket", f"{LATENCY}_count"
EACH = "by (job, requested_model)"
FIGURES = [
    Figure("requests per second", "sum(job_model:llm_requests:rate5m)", f"sum({ALL})"),
    Figure(
        "share of failures",
        "sum(job_model:llm_requests_failed:rate5m) / (sum(job_model:llm_requests:rate5m) > 0)",
        f"sum({FAILURES}) / (sum({ALL}) > 0)",
    ),
    Figure(
        "share of failures, worst 5 models",
        "topk(5, job_model:llm_requests_failed:ratio_rate5m)",
        f"topk(5, sum {EACH} ({FAILURES}) / (sum {EACH} ({ALL}) > 0))",
    ),
    Figure(
        "95th percentile, slowest 5 models",
        "topk(5, job_model:llm_response_latency_seconds:p95_rate5m)",
        f"topk(5, histogram_quantile(0.95, sum by (job, requested_model, le) (rate({BUCKETS}[5m]))))",
    ),
    Figure(
        "share of slow answers, worst 5",
        "topk(5, job_model:llm_response_latency_seconds_slow:ratio_rate5m)",
        f'topk(5, 1 - sum {EACH} (rate({BUCKETS}{{le=~"2(\\\\.0)?"}}[5m])) / (sum {EACH} (rate({COUNT}[5m])) > 0))',
    ),
    Figure(
        "tokens per second",
        "sum(job_model:llm_tokens_used:rate5m)",
        "sum(rate(litellm_input_tokens_metric_total[5m])) + sum(rate(litellm_output_tokens_metric_total[5m]))",
    ),
    Figure(
        "dollars per second, by team",
        "sum by (team) (job_team:llm_cost_usd:rate5m)",
        "sum by (team_alias) (rate(litellm_spend_metric_total[5m]))",
    ),
]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.rules", description=__doc__)
    parser.add_argument("--gateways", type=int, default=20)
    parser.add_argument("--models", type=int, default=50, help="of each gateway")
    parser.add_argument("--teams", type=int, default=4, help="that use each model")
    parser.add_argument("--minutes", type=int, default=10, help="of measuring, after 6 until rates are complete")
    parser.add_argument("--runs", type=int, default=7, help="of each query")
    parser.add_argument("--version", choices=versions.ALL["prometheus"], default=versions.SHIPPED["prometheus"])
    options = parser.parse_args()
    load = Load(options.gateways, options.models, options.teams)
    (base,) = (page for page in exposition.pages() if page.job == KIND)
    pages = [load.page(base, number) for number in range(load.gateways)]
    with tempfile.TemporaryDirectory() as name, exposition.served(pages) as target:
        folder = Path(name)
        write_configuration(folder, load, options.version, target)
        write_history(folder, load, options.version)
        flags = (f"--storage.tsdb.retention.time={40 * DAY}s", "--web.enable-lifecycle")
        with prometheus.running(options.version, folder, *flags) as server:
            time.sleep(WARM_UP)
            seconds = options.minutes * MINUTE
            series = metric(server, "prometheus_tsdb_head_series")
            cost = Cost(*evaluations_and_processor(server, seconds))
            speedups = [measure(server, figure, options.runs, seconds) for figure in FIGURES]
            without_rules(folder, server)
            cost.without_rules = processor(server, seconds)
        print(f"machine: {os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f}; Prometheus {options.version}")
        print(f"load:    {load.gateways} gateways x {load.models} models x {load.teams} teams, {series:.0f} series")
        return 0 if all([cost.report(), report(speedups, options)]) else 1


def write_configuration(folder: Path, load: Load, version: str, target: str) -> None:
    tree = rendering.render_tree(
        llmmon_gateways=[
            {"name": job, "kind": KIND, "targets": [target], "metrics_path": f"/{job}"} for job in load.jobs()
        ],
        llmmon_budgets={"teams": {f"search-{team}": 100000 for team in range(load.teams)}, "all": 1000000},
        llmmon_services=["prometheus"],
        llmmon_prometheus_version=version,
    )
    for path, content in tree.items():
        place = folder / "current" / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(content, encoding="utf-8")


def write_history(folder: Path, load: Load, version: str) -> None:
    """Blocks of what the rules would have recorded until now."""
    now = int(time.time()) // MINUTE * MINUTE
    lines = folder / "history.txt"
    with lines.open("w", encoding="utf-8") as output:
        for name, days in HISTORY.items():
            for labels in history_labels(name, load):
                output.writelines(
                    f"{name}{{{labels}}} {1 + at % 7} {at}\n" for at in range(now - days * DAY, now, MINUTE)
                )
        output.write("# EOF\n")
    # In one block: promtool reads the file once for each.
    arguments = ["tsdb", "create-blocks-from", "--max-block-duration=1458h", "openmetrics", lines, folder / "data"]
    subprocess.run([str(tool("promtool", version)), *map(str, arguments)], check=True, capture_output=True, timeout=600)
    lines.unlink()


def history_labels(name: str, load: Load) -> Iterator[str]:
    for job in load.jobs():
        if name.startswith("job_team:"):
            yield from (f'job="{job}",source="{KIND}",team="search-{team}"' for team in range(load.teams))
        else:
            yield f'job="{job}"'


# -- what the rules cost


@dataclass
class Cost:
    """By group its interval and what evaluations of it took, and how many cores Prometheus kept busy."""

    groups: dict[str, tuple[float, list[float]]]
    with_rules: float
    without_rules: float = 0.0

    def report(self) -> bool:
        """Whether the rules keep to their share of the interval."""
        share = 0.0
        print(f"rules:   {'group':24}{'interval':>9}{'evaluation (median, worst)':>29}{'share':>8}")
        for name, (interval, durations) in sorted(self.groups.items()):
            middle, worst = statistics.median(durations), max(durations)
            share += middle / interval
            times = f"{middle * 1000:.1f} ms, {worst * 1000:.1f} ms"
            print(f"         {name:24}{interval:7.0f} s{times:>29}{middle / interval:8.2%}")
        by_processor = (self.with_rules - self.without_rules) / CORES
        print(f"         all groups, by the clock: {share:.2%} of the interval")
        print(
            f"         by processor time: {self.with_rules:.3f} cores with rules, {self.without_rules:.3f} without,"
            f" which is {by_processor:.2%} of {CORES} cores"
        )
        print(f"         allowed: {MOST_OF_AN_INTERVAL:.0%} of each")
        return max(share, by_processor) <= MOST_OF_AN_INTERVAL


def evaluations_and_processor(server: Server, seconds: int) -> tuple[dict[str, tuple[float, list[float]]], float]:
    """What evaluations took in this time, by group with its interval, and how many cores were busy."""
    found: dict[tuple[str, str], tuple[float, float]] = {}
    begun, used = time.monotonic(), metric(server, "process_cpu_seconds_total")
    while time.monotonic() < begun + seconds:
        for group in server.get("rules")["groups"]:
            assert not any(rule["lastError"] for rule in group["rules"] if "lastError" in rule), group["name"]
            found[group["name"], group["lastEvaluation"]] = (group["interval"], group["evaluationTime"])
        time.sleep(5)
    busy = (metric(server, "process_cpu_seconds_total") - used) / (time.monotonic() - begun)
    groups: dict[str, tuple[float, list[float]]] = {}
    for (name, _), (interval, duration) in found.items():
        groups.setdefault(name, (interval, []))[1].append(duration)
    return groups, busy


def without_rules(folder: Path, server: Server) -> None:
    for path in (folder / "current" / "rules").iterdir():
        path.unlink()
    requests.post(f"{server.url}/-/reload", timeout=60).raise_for_status()
    assert server.get("rules")["groups"] == []


def processor(server: Server, seconds: int) -> float:
    """How many cores Prometheus keeps busy."""
    begun, used = time.monotonic(), metric(server, "process_cpu_seconds_total")
    time.sleep(seconds)
    return (metric(server, "process_cpu_seconds_total") - used) / (time.monotonic() - begun)


def metric(server: Server, name: str) -> float:
    """Of Prometheus itself, as it is now."""
    page = requests.get(f"{server.url}/metrics", timeout=20).text
    (value,) = re.findall(rf"^{name} (\S+)$", page, re.MULTILINE)
    return float(value)


# -- what they save


@dataclass(frozen=True)
class Answer:
    """Of one query: how long it took, how many samples were read for it, and its last value."""

    seconds: float
    samples: int
    value: float


@dataclass(frozen=True)
class Speedup:
    """What the two queries of a figure took."""

    figure: Figure
    recorded: list[Answer]
    raw: list[Answer]

    @property
    def times(self) -> tuple[float, float]:
        """The medians of both."""
        recorded, raw = (statistics.median(answer.seconds for answer in side) for side in (self.recorded, self.raw))
        return recorded, raw


def measure(server: Server, figure: Figure, runs: int, seconds: int) -> Speedup:
    """One after the other, so that both meet the same load."""
    end = time.time() - STEP
    # As Grafana does, which keeps its connection open.
    with requests.Session() as session:
        both = [
            (ask(session, server, figure.recorded, end, seconds), ask(session, server, figure.raw, end, seconds))
            for _ in range(runs)
        ]
    recorded, raw = both[-1]
    assert abs(recorded.value - raw.value) <= 0.02 * raw.value, f"{figure.name}: {recorded.value} and {raw.value}"
    return Speedup(figure, [answer for answer, _ in both], [answer for _, answer in both])


def ask(session: requests.Session, server: Server, expression: str, end: float, seconds: int) -> Answer:
    parameters: dict[str, str | float] = {
        "query": expression,
        "start": end - seconds,
        "end": end,
        "step": STEP,
        "stats": "all",
    }
    begun = time.monotonic()
    answer = session.get(f"{server.url}/api/v1/query_range", params=parameters, timeout=120)
    elapsed = time.monotonic() - begun
    answer.raise_for_status()
    data: dict[str, Any] = answer.json()["data"]
    samples = data["stats"]["samples"]["totalQueryableSamples"]
    return Answer(elapsed, samples, float(data["result"][0]["values"][-1][1]))


def report(speedups: list[Speedup], options: argparse.Namespace) -> bool:
    """Whether every figure is enough faster."""
    print(f"queries: {'figure':34}{'recorded':>26}{'raw':>26}{'faster':>8}")
    for speedup in speedups:
        recorded, raw = speedup.times
        cells = [
            f"{seconds * 1000:.1f} ms, {answers[0].samples} samples"
            for seconds, answers in ((recorded, speedup.recorded), (raw, speedup.raw))
        ]
        print(f"         {speedup.figure.name:34}{cells[0]:>26}{cells[1]:>26}{raw / recorded:7.0f}x")
    print(f"         medians of {options.runs} runs, {options.minutes} minutes in steps of {STEP} s;", end=" ")
    print(f"at least {LEAST_SPEEDUP}x")
    return all(raw / recorded >= LEAST_SPEEDUP for recorded, raw in (speedup.times for speedup in speedups))


if __name__ == "__main__":
    sys.exit(main())
