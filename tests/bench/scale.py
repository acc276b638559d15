"""What more hosts and more history cost, on real processes: `python -m tests.bench.scale [--shards 1 2 4] [...]`.

- *Shards*: each is a Prometheus with a sidecar, scrapes its share of the gateways every 15 seconds with the
  configuration that a deployment gets, and evaluates their rules; a querier shows all. How many samples does a core
  take, how much memory do the series need, how long does the overview dashboard take?
- *History*: what the rules record of one gateway, for a year, in a bucket of a real S3, as the compactor leaves it. How
  long does the same dashboard take from the querier, beside a single Prometheus that has the same year on its disk? How
  many bytes does a sample take?
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests
from ansible_collections.llmmon.stack.plugins.module_utils.host.waiting import wait_for
from ansible_collections.llmmon.stack.plugins.plugin_utils.shards import shard_gateways

from tests.bench import overview, year
from tests.bench.overview import Times
from tests.bench.rules import KIND, Load
from tests.support import exposition, prometheus, rendering, thanos
from tests.support.prometheus import Server
from tests.support.versions import SHIPPED

VERSION = SHIPPED["prometheus"]
ENOUGH_SECONDS = 120
# Two scrapes of each target, and two evaluations of each rule.
WARM_UP_SECONDS = 65
LIVE_SECONDS = 300
SPANS = {"1 hour": 3600, "30 days": 30 * 86400, "1 year": 365 * 86400}
MEBIBYTE = 2**20
COUNTERS = ("process_cpu_seconds_total", "prometheus_tsdb_head_samples_appended_total")


@dataclass(frozen=True)
class Measured:
    """Of a number of shards."""

    shards: int
    gateways: int
    series: float
    memory: float
    samples_a_second: float
    cores: float
    times: dict[str, Times]

    def report(self) -> None:
        print(
            f"{self.shards} shard(s), {self.gateways} gateways: {self.series:.0f} series,"
            f" {self.samples_a_second:.0f} samples/s, {self.samples_a_second / self.cores:.0f} samples/s a core,"
            f" {self.memory / MEBIBYTE / self.series * 100_000:.0f} MiB for 100000 series"
        )
        for name, times in self.times.items():
            print(f"  last {LIVE_SECONDS // 60} minutes, {name}: p95 {times.p95 * 1000:.1f} ms")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.scale", description=__doc__)
    parser.add_argument("--shards", type=int, nargs="*", default=[1, 2, 4])
    parser.add_argument("--gateways", type=int, default=20, help="of each shard")
    parser.add_argument("--models", type=int, default=5, help="of each gateway")
    parser.add_argument("--teams", type=int, default=2, help="that use each model")
    parser.add_argument("--seconds", type=int, default=120, help="of measuring, for each number of shards")
    parser.add_argument("--days", type=int, default=365, help="of history; 0 leaves it out")
    parser.add_argument("--runs", type=int, default=3, help="of each query")
    options = parser.parse_args()
    print(f"{os.cpu_count()} cores, Prometheus {VERSION}, Thanos {thanos.VERSION}, Python {platform.python_version()}")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        for number in options.shards:
            measured(folder / str(number), number, options).report()
        if options.days:
            history(folder / "history", options)
    return 0


# -- shards


@contextmanager
def shards(folder: Path, load: Load, number: int, target: str) -> Iterator[tuple[list[Server], Server]]:
    """The Prometheis, and the querier over all of them."""
    hosts = [f"scraping-{n}" for n in range(number)]
    gateways = [{"name": job, "kind": KIND, "targets": [target], "metrics_path": f"/{job}"} for job in load.jobs()]
    with ExitStack() as stack:
        servers, endpoints = [], []
        for host in hosts:
            write_configuration(folder / host, host, shard_gateways(gateways, host, hosts, 1))
            server = stack.enter_context(prometheus.running(VERSION, folder / host))
            sidecar = thanos.sidecar(folder / host / "sidecar", server.url, folder / host / "data")
            endpoints.append(stack.enter_context(thanos.running(sidecar)).grpc)
            servers.append(server)
        query = stack.enter_context(thanos.running(thanos.query(folder / "query", endpoints)))
        yield servers, Server(query.url)


def write_configuration(folder: Path, host: str, gateways: list[Mapping[str, object]]) -> None:
    tree = rendering.render_tree(
        llmmon_services=["prometheus"],
        llmmon_gateways=gateways,
        llmmon_prometheus_alertmanagers=[],
        llmmon_prometheus_version=VERSION,
        llmmon_prober_enabled=False,
        llmmon_prometheus_external_labels={"host": host},
    )
    for name, content in tree.items():
        path = folder / "current" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")


def measured(folder: Path, number: int, options: argparse.Namespace) -> Measured:
    load = Load(options.gateways * number, options.models, options.teams)
    (base,) = (page for page in exposition.pages() if page.job == KIND)
    pages = [load.page(base, gateway) for gateway in range(load.gateways)]
    with exposition.served(pages) as target, shards(folder, load, number, target) as (servers, view):
        all_up = f'count(up{{job=~"gateway-.+"}} == 1) == {load.gateways}'
        assert wait_for(lambda: view.query(all_up) or None, ENOUGH_SECONDS)
        time.sleep(WARM_UP_SECONDS)
        before, begun = totals(servers), time.monotonic()
        time.sleep(options.seconds)
        after, seconds = totals(servers), time.monotonic() - begun
        processor, samples = (after[name] - before[name] for name in COUNTERS)
        urls = {"querier": view.url, **({"Prometheus": servers[0].url} if number == 1 else {})}
        return Measured(
            shards=number,
            gateways=load.gateways,
            series=total(servers, "prometheus_tsdb_head_series"),
            memory=total(servers, "process_resident_memory_bytes"),
            samples_a_second=samples / seconds,
            cores=processor / seconds,
            times=overview.compare(urls, time.time() - 15, LIVE_SECONDS, options.runs),
        )


def totals(servers: list[Server]) -> dict[str, float]:
    return {name: total(servers, name) for name in COUNTERS}


def total(servers: list[Server], name: str) -> float:
    """Of Prometheus itself, as it is now."""
    pages = [requests.get(f"{server.url}/metrics", timeout=20).text for server in servers]
    found = [re.findall(rf"^{name}(?:{{[^}}]*}})? (\S+)$", page, re.MULTILINE) for page in pages]
    assert all(found), name
    return sum(float(value) for values in found for value in values)


# -- history


def history(folder: Path, options: argparse.Namespace) -> None:
    made = year.make(folder, options.days, options.models)
    print(f"history: {options.days} days of {made.series} series, {made.samples / 1e6:.1f} million samples")
    counter = year.bytes_of_a_counter(folder / "counters", min(options.days, 7))
    print(f"  on a disk: {counter:.2f} bytes a sample of simulated counters")
    with year.in_bucket(folder, made) as kept, year.on_disk(folder, made) as server:
        print(f"  in the bucket: {kept.raw_bytes / made.samples:.2f} bytes a sample as uploaded", end=", ")
        print(f"{kept.all_bytes / made.samples:.2f} with the coarser ones")
        urls = {"querier": kept.url, "Prometheus": server.url}
        for name, seconds in SPANS.items():
            if seconds <= options.days * 86400:
                found = overview.compare(urls, made.end, seconds, options.runs)
                print(f"  {name}:", end=" ")
                print(", ".join(f"{server} p95 {times.p95 * 1000:.1f} ms" for server, times in found.items()), end="; ")
                ratio = found["querier"].p95 / found["Prometheus"].p95
                all_of_it = found["querier"].whole / found["Prometheus"].whole
                print(f"querier / Prometheus {ratio:.2f}, of all queries together {all_of_it:.2f}")


if __name__ == "__main__":
    sys.exit(main())
