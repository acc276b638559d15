"""The shipped rules over data that are there already: promtool fills them in, level by level.

A rule that reads what another one records can be filled in only after it. So rules are sorted into levels; for each,
Prometheus is started on all blocks that there are, and promtool evaluates the level's rules against it. Alerting rules
are filled in as well, each as the series ALERT of when its expression had a result. Where a rule asks which alerts
fire, those come first, and Prometheus's own series ALERTS of them.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import yaml
from ansible_collections.llmmon.stack.plugins.module_utils.calibration import surges

from tests.rules import promql, promtool
from tests.rules.month.episodes import STEP, Firing, fired
from tests.support import prometheus
from tests.testbed.tools import tool

VERSION = promtool.VERSION
ALERT = "month:alert"
# What dashboards alone read is left out; what calibration reads is not.
READ_BY_CALIBRATION = (
    "job:llm_requests:rate5m",
    "job:llm_requests_failed:rate5m",
    *(f"job:{signal}:rate5m_same_time" for signal in surges.SURGES.values()),
    *(f"job:{signal}:surge_ratio" for signal in surges.SURGES.values()),
    "job_model:llm_requests:increase5m",
    "job_model:llm_requests:rate5m",
    "job_model:llm_requests_failed:ratio_rate5m",
    "job_model:llm_response_latency_seconds:p95_rate5m",
    "job_model_le:llm_response_latency_seconds_bucket:rate5m",
    "llmmon:objective",
    "llmmon:threshold_override",
)
# Prometheus spreads groups over their interval by their name and file; with these, rules are evaluated 19 ms after the
# full minute, those of all levels at the same time. (Found by trying.)
GROUP, FILE = "level 710", "level.yml"
# The widest blocks that still are one query of at most 11000 points each.
BLOCK_HOURS = 162
FLAGS = (
    # No sample is read a minute later: as if Prometheus had marked where a series ends.
    "--query.lookback-delta=59990ms",
    "--storage.tsdb.retention.time=100y",
    # Blocks are read as they are: merging them would take longer than it saves.
    f"--storage.tsdb.min-block-duration={BLOCK_HOURS}h",
    f"--storage.tsdb.max-block-duration={BLOCK_HOURS}h",
    "--no-storage.tsdb.allow-overlapping-compaction",
)
# How a rule asks which alerts fire.
_ASKED = re.compile(r'ALERTS\{alertname=~?"([^"]+)", alertstate="firing"\}')
Rule = dict[str, Any]


def needed(rules: Sequence[Rule], alerts: Sequence[Rule], others: Iterable[str] = ()) -> list[Rule]:
    """The recording rules that these alerts read, directly or through others, and those of these names."""
    wanted: set[str] = set()
    fresh = {name for alert in alerts for name in promql.metric_names(alert["expr"])} | set(others)
    while fresh:
        wanted |= fresh
        fresh = {
            name for rule in rules if rule.get("record") in fresh for name in promql.metric_names(rule["expr"])
        } - wanted
    return [rule for rule in rules if rule.get("record") in wanted]


def levels(rules: Sequence[Rule]) -> list[list[Rule]]:
    """Rules by how many others must have been filled in before them."""
    reads = {
        name: {read for rule in rules if rule["record"] == name for read in promql.metric_names(rule["expr"])}
        for name in {rule["record"] for rule in rules}
    }
    depths: dict[str, int] = {}

    def depth(name: str, above: tuple[str, ...] = ()) -> int:
        if name in above:
            raise ValueError(f"rules read each other: {' -> '.join([*above, name])}")
        if name not in depths:
            depths[name] = max((depth(read, (*above, name)) + 1 for read in reads[name] if read in reads), default=0)
        return depths[name]

    found: list[list[Rule]] = [[] for _ in range(max((depth(name) for name in reads), default=-1) + 1)]
    for rule in rules:
        found[depth(rule["record"])].append(rule)
    return found


def as_record(number: int, alert: Rule) -> Rule:
    """An alerting rule as a recording rule; ``number`` tells it from others of its name."""
    labels = {**alert.get("labels", {}), "alertname": alert["alert"], "rule": str(number)}
    return one_series({"record": ALERT, "labels": labels, "expr": alert["expr"]})


def one_series(rule: Rule) -> Rule:
    """A recording rule that gives one series for each set of labels beside those that it sets itself.

    In `a or b` a series of `a` and one of `b` may take turns under names of their own. To a rule they are one series;
    promtool writes one after the other, and of the second loses whatever is older than the end of the first, or calls
    it "out of order".
    """
    own = ", ".join(sorted(rule.get("labels", {})))
    return {**rule, "expr": f"sum without ({own}) (\n{rule['expr']}\n)"}


def import_page(text: Path, blocks: Path) -> None:
    """Makes blocks of samples that are written as OpenMetrics."""
    _promtool("openmetrics", "--quiet", f"--max-block-duration={BLOCK_HOURS}h", str(text), str(blocks))


def fill(folder: Path, blocks: Iterable[Path], files: dict[str, str], start: int, end: int) -> list[Firing]:
    """What the alerts of rendered rule files say from ``start`` to ``end``, both in seconds, given these blocks.

    ``folder`` is a new one, for a Prometheus and its data.
    """
    rules = [
        rule for content in files.values() for group in yaml.safe_load(content)["groups"] for rule in group["rules"]
    ]
    alerts = [rule for rule in rules if "alert" in rule]
    data = folder / "data"
    data.mkdir(parents=True)
    for block in blocks:
        shutil.copytree(block, data / block.name, copy_function=_linked)
    first = asked_for(rules)
    before = needed(rules, first)
    _fill_in_order(folder, before, first, start, end)
    with prometheus.running(VERSION, folder, *FLAGS) as server:
        own = list(_firings(server, first, start, end))
    page = folder / "alerts"
    page.write_text("\n".join([*firing_lines(own), "# EOF\n"]), encoding="utf-8")
    import_page(page, data)
    others = [alert for alert in alerts if alert not in first]
    rest = [rule for rule in needed(rules, others, READ_BY_CALIBRATION) if rule not in before]
    _fill_in_order(folder, rest, others, start, end)
    with prometheus.running(VERSION, folder, *FLAGS) as server:
        return own + list(_firings(server, others, start, end))


def asked_for(rules: Sequence[Rule]) -> list[Rule]:
    """The alerts of which other rules ask whether they fire.

    Raises ValueError when one of those asks for others itself.
    """
    names = {name for rule in rules for found in _ASKED.findall(rule["expr"]) for name in found.split("|")}
    found = [rule for rule in rules if rule.get("alert") in names]
    for rule in (*found, *needed(rules, found)):
        if "ALERTS" in rule["expr"]:
            raise ValueError(f"{rule.get('alert') or rule['record']} asks for alerts, and is asked for by others")
    return found


def firing_lines(firings: Iterable[Firing]) -> Iterator[str]:
    """Prometheus's own series of alerts that fire, as OpenMetrics."""
    for firing in firings:
        labels = {**firing.labels, "alertstate": "firing"}
        text = ",".join(f'{name}="{value}"' for name, value in sorted(labels.items()))
        for since, until in fired(firing.seconds, firing.rule):
            yield from (f"ALERTS{{{text}}} 1 {second}" for second in range(since, until, STEP))


def _fill_in_order(folder: Path, rules: Sequence[Rule], alerts: Sequence[Rule], start: int, end: int) -> None:
    for level in levels(rules):
        fill_level(folder, [one_series(rule) for rule in level], start, end)
    fill_level(folder, [as_record(number, alert) for number, alert in enumerate(alerts)], start, end)


def fill_level(folder: Path, rules: Sequence[Rule], start: int, end: int) -> None:
    """Adds the blocks of rules that read only what is there already."""
    fresh = folder / "fresh"
    with prometheus.running(VERSION, folder, *FLAGS) as server, ThreadPoolExecutor(2) as pool:
        # Two at a time: one reads answers while the other waits for them.
        list(pool.map(lambda part: _fill(folder, server, part, rules[part::2], start, end), range(2)))
    for block in fresh.glob("*/blocks/*"):
        block.rename(folder / "data" / block.name)
    shutil.rmtree(fresh, ignore_errors=True)


def _fill(folder: Path, server: prometheus.Server, part: int, rules: Sequence[Rule], start: int, end: int) -> None:
    if not rules:
        return
    place = folder / "fresh" / str(part)
    place.mkdir(parents=True)
    content = {"groups": [{"name": GROUP, "rules": list(rules)}]}
    (place / FILE).write_text(yaml.safe_dump(content), encoding="utf-8")
    _promtool(
        "rules",
        f"--max-block-duration={BLOCK_HOURS}h",
        f"--url={server.url}",
        f"--start={start}",
        f"--end={end}",
        f"--eval-interval={STEP}s",
        "--output-dir=blocks",
        FILE,
        folder=place,
    )


def _firings(server: prometheus.Server, alerts: Sequence[Rule], start: int, end: int) -> Iterator[Firing]:
    for number, alert in enumerate(alerts):
        series = f'{ALERT}{{alertname="{alert["alert"]}", rule="{number}"}}'
        for found in server.get("query", query=f"{series}[{end - start + STEP}s]", time=str(end))["result"]:
            labels = {name: value for name, value in found["metric"].items() if name not in {"__name__", "rule"}}
            yield Firing(labels, alert, [round(second) for second, _ in found["values"]])


def _promtool(*arguments: str, folder: Path | None = None) -> None:
    result = subprocess.run(
        [tool("promtool", VERSION), "tsdb", "create-blocks-from", *arguments],
        capture_output=True,
        text=True,
        check=False,
        cwd=folder,
    )
    # It logs what went wrong, and in some versions still succeeds.
    if result.returncode or "level=error" in result.stderr or "level=ERROR" in result.stderr:
        raise RuntimeError(f"promtool {' '.join(arguments)}\n{result.stdout}\n{result.stderr}")


def _linked(source: str, target: str) -> None:
    """A second name of a file: blocks are never written again."""
    Path(target).hardlink_to(source)
