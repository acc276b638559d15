"""An engine that is away for an hour, and what it has afterwards: `python -m tests.bench.engine_away [--minutes N]`.

A real Prometheus of the version that llmmon ships scrapes gateways and evaluates their rules with the configuration
that a deployment gets, and writes everything to a VictoriaMetrics and to a Thanos Receive. Both are stopped for that
time, and started again. Then every sample of every series that Prometheus has is looked for in both. Beside it runs the
same Prometheus without engines, for its memory.
"""

from __future__ import annotations

import argparse
import platform
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.llmmon.stack.plugins.module_utils.host.waiting import wait_for

from tests.bench.rules import metric
from tests.engines import samples
from tests.engines.writing import WRITE, WRITE_TO_THANOS, Engine, There, engines
from tests.support import exposition, prometheus, rendering
from tests.support.loopback import unused_port
from tests.support.prometheus import Server
from tests.support.versions import SHIPPED

VERSION = SHIPPED["prometheus"]
LABELS = {"site": "bench"}
KINDS = ("canonical", "litellm", "vllm")
BEFORE_SECONDS = 120
ENOUGH_SECONDS = 1800
MEBIBYTE = 2**20


@dataclass(frozen=True)
class Place:
    """An engine that can be taken away and brought back, with its folder and its port."""

    engine: Engine
    folder: Path
    port: int
    path: str

    @property
    def write(self) -> str:
        return f"http://127.0.0.1:{self.port}{self.path}"


class Watch:
    """The greatest memory of each Prometheus, and the most samples that waited, by when it was."""

    def __init__(self, servers: Mapping[str, Server]) -> None:
        self._servers = servers
        self.most: dict[tuple[str, str], float] = {}

    def look(self, when: str) -> None:
        for name, server in self._servers.items():
            self._note(when, f"memory {name}", metric(server, "process_resident_memory_bytes"))
        waiting = self._servers["with engines"].query("sum(prometheus_remote_storage_samples_pending)")
        self._note(when, "samples in the queue", sum(value for _, value in waiting))

    def _note(self, when: str, what: str, value: float) -> None:
        self.most[when, what] = max(value, self.most.get((when, what), 0.0))

    def during(self, when: str, seconds: float) -> None:
        begun = time.monotonic()
        while time.monotonic() < begun + seconds:
            self.look(when)
            time.sleep(5)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.engine_away", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--scrape-interval", default="5s")
    options = parser.parse_args()
    pages = [page for page in exposition.pages() if page.job in KINDS]
    with tempfile.TemporaryDirectory() as temporary, exposition.served(pages) as target:
        folder = Path(temporary)
        places = places_in(folder)
        for which, wanted in (("with", places), ("without", {})):
            write_configuration(folder / which, target, options.scrape_interval, wanted)
        with (
            prometheus.running(VERSION, folder / "with") as server,
            prometheus.running(VERSION, folder / "without") as alone,
        ):
            watch = Watch({"with engines": server, "without": alone})
            begun = time.time()
            with there(places) as engine:
                assert wait_for(lambda: all_written(server) or None, ENOUGH_SECONDS)
                watch.during("before", BEFORE_SECONDS)
                assert not any(
                    samples.read(Server(it.read), LABELS, begun, time.time()) == {} for it in engine.values()
                )
            watch.during("away", options.minutes * 60)
            with there(places) as engine:
                back = time.time()
                while not all_written(server):
                    watch.look("catching up")
                    time.sleep(1)
                seconds = time.time() - back
                watch.during("after", 60)
                until = int(time.time()) - 10
                report(watch, seconds)
                own = samples.read(server, {}, begun, until)
                same = True
                for name, it in engine.items():
                    found = samples.read(Server(it.read), LABELS, begun, until)
                    same = verdict(name, samples.compare(own, found, numbers_only=it.numbers_only)) and same
                return 0 if same else 1


def places_in(folder: Path) -> dict[str, Place]:
    """The newest VictoriaMetrics, and Thanos Receive."""
    found = {}
    for name, engine in engines(VERSION).items():
        kind = name.rpartition("-")[0]
        if kind != "prometheus":
            path = WRITE_TO_THANOS if kind == "thanos" else WRITE
            found[kind] = Place(engine, folder / kind, unused_port(), path)
    return found


@contextmanager
def there(places: Mapping[str, Place]) -> Iterator[dict[str, There]]:
    with ExitStack() as stack:
        yield {name: stack.enter_context(place.engine(place.folder, place.port)) for name, place in places.items()}


def all_written(server: Server) -> bool:
    """Whether all engines are written to, and none is 15 seconds behind."""
    sent = server.query("prometheus_remote_storage_queue_highest_sent_timestamp_seconds")
    return len(sent) > 1 and all(time.time() - value < 15 for _, value in sent)


def write_configuration(folder: Path, target: str, interval: str, places: Mapping[str, Place]) -> None:
    tree = rendering.render_tree(
        llmmon_services=["prometheus"],
        llmmon_gateways=[
            {"name": kind, "kind": kind, "targets": [target], "metrics_path": f"/{kind}"} for kind in KINDS
        ],
        llmmon_prometheus_alertmanagers=[],
        llmmon_prometheus_version=VERSION,
        llmmon_prober_enabled=False,
        llmmon_prometheus_external_labels=LABELS,
        llmmon_prometheus_scrape_interval=interval,
        llmmon_prometheus_scrape_timeout=interval,
        llmmon_remote_write=[
            {"name": name, "url": place.write, "send": "everything"} for name, place in places.items()
        ],
    )
    for name, content in tree.items():
        path = folder / "current" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")


def report(watch: Watch, seconds: float) -> None:
    print(f"Prometheus {VERSION}, Python {platform.python_version()}")
    print(f"caught up {seconds:.0f} s after the engines were back")
    for when in dict.fromkeys(when for when, _ in watch.most):
        for own, what in watch.most:
            if own == when:
                value = watch.most[own, what]
                said = f"{value / MEBIBYTE:.0f} MiB" if what.startswith("memory") else f"{value:.0f}"
                print(f"{when:12} at most: {what:22} {said}")


def verdict(name: str, found: samples.Compared) -> bool:
    print(
        f"{name}: {found.series} series, {found.samples} samples; lost {found.lost}, other values {found.other_values},"
        f" too many {found.too_many}, out of order {found.out_of_order}"
    )
    for example in found.examples:
        print(f"  lost of {example}")
    return found.same


if __name__ == "__main__":
    sys.exit(main())
