"""A bucket that is away for an hour, in real time: `python -m tests.bench.bucket_away [--minutes N]`.

A real Prometheus, sidecar, store gateway, querier and Alertmanager with the configuration that a deployment gets, its
intervals and its thresholds. Only blocks are of two minutes, so that many of them wait. While the bucket (SeaweedFS's
S3) is away, a gateway goes down. Afterwards every sample is looked for in the bucket, by a store gateway that is new.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ansible_collections.llmmon.stack.plugins.module_utils.host.waiting import wait_for

from tests.engines import samples
from tests.routing import running
from tests.support import bucket, exposition, prometheus, rendering, thanos
from tests.support.bucket import Bucket
from tests.support.exposition import Page
from tests.support.loopback import Answer, Request, Server
from tests.support.versions import SHIPPED

VERSION = SHIPPED["prometheus"]
LABELS = {thanos.REPLICA: "one"}
KINDS = ("canonical", "litellm")
INCIDENT, OF_THE_BUCKET = "LLMTargetDown", "ThanosBucketFailing"
BLOCK_MINUTES = 2
# The alert wants failures for 30 minutes, and Alertmanager waits before it tells.
LEAST_MINUTES_TO_BE_TOLD = 35
# It ends 20 minutes after the last failure, which is told with the group's next message.
ENDS_SECONDS = 30 * 60
ENOUGH_SECONDS = 600
HOOK = "/hook"


class World:
    """Gateways of which one can be down, and where alerts are told."""

    def __init__(self, pages: list[Page]) -> None:
        self._began = time.monotonic()
        self.down = ""
        # Alert and status, to when it was told first.
        self.told: dict[tuple[str, str], float] = {}
        self.server = Server()
        for page in pages:
            self.server.answers[f"GET /{page.job}"] = partial(self._metrics, page)
        self.server.answers[f"POST {HOOK}"] = self._hear

    def _metrics(self, page: Page, _: Request) -> Answer:
        if page.job == self.down:
            return Answer(503, b"")
        written = page.written((time.monotonic() - self._began) / 60)
        return Answer(200, written.encode(), "text/plain; version=0.0.4; charset=utf-8")

    def _hear(self, request: Request) -> Answer:
        for alert in request.json["alerts"]:
            self.told.setdefault((alert["labels"]["alertname"], alert["status"]), time.time())
        return Answer()


@dataclass(frozen=True)
class Stack:
    """What a host runs, and the view over it."""

    world: World
    there: Bucket
    own: prometheus.Server
    view: prometheus.Server
    data: Path

    def waiting(self) -> set[str]:
        """Blocks that are not in the bucket as a whole."""
        here = {path.parent.name for path in self.data.glob("*/meta.json")}
        return here - {path.partition("/")[0] for path in self.there.objects() if path.endswith("/meta.json")}

    def uploaded_until(self) -> float:
        """The end of the newest block of the bucket."""
        metas = [path for path in self.there.objects() if path.endswith("/meta.json")]
        return max((json.loads(self.there.read(path))["maxTime"] / 1000 for path in metas), default=0.0)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.bucket_away", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary, running_all(Path(temporary)) as stack:
        begun = time.time()
        until_true(lambda: stack.uploaded_until() > begun, "a block is uploaded")
        stack.there.kill()
        away = time.time()
        right = alerts_go_on(stack, away, options.minutes)
        waiting = stack.data.glob("*/meta.json")
        print(f"away for {(time.time() - away) / 60:.0f} min; {len(list(waiting))} blocks on the disk", flush=True)
        stack.there.start()
        back = time.time()
        until_true(lambda: not stack.waiting(), "what waited is uploaded")
        print(f"what waited was in the bucket {time.time() - back:.0f} s after the bucket was back", flush=True)
        # Of the time before, the time away, and the time after.
        until_true(lambda: stack.uploaded_until() > back + 60, "a newer block is uploaded")
        found = compared(Path(temporary), stack, begun)
        print(
            f"{found.series} series, {found.samples} samples; lost {found.lost}, other values {found.other_values},"
            f" too many {found.too_many}, out of order {found.out_of_order}",
            flush=True,
        )
        for example in found.examples:
            print(f"  lost of {example}")
        right = alert_of_the_bucket(stack, away, back, wanted=options.minutes >= LEAST_MINUTES_TO_BE_TOLD) and right
        return 0 if right and found.samples and found.same else 1


@contextmanager
def running_all(folder: Path) -> Iterator[Stack]:
    pages = [page for page in exposition.pages() if page.job in KINDS]
    world, own, address = World(pages), folder / "prometheus", prometheus.unused_address()
    alertmanager = prometheus.unused_address()
    receivers = {"hook": {"type": "webhook", "url": world.server.url + HOOK}}
    flags = rendering.role_variables()["__llmmon_prometheus_sidecar_flags"]
    with (
        world.server,
        bucket.running(folder / "bucket") as there,
        running.alertmanager(
            SHIPPED["alertmanager"], folder / "alertmanager", address=alertmanager, llmmon_receivers=receivers
        ),
    ):
        file = thanos.bucket_file(folder, there.settings)
        sidecar = thanos.sidecar(folder / "sidecar", f"http://{address}", own / "data", file)
        store = thanos.store(folder / "store", file)
        write_configuration(own, world, alertmanager, [sidecar.address, store.address])
        short = [flag.replace("=2h", f"={BLOCK_MINUTES}m") for flag in flags]
        assert short != flags
        with (
            prometheus.running(VERSION, own, *short, address=address) as server,
            thanos.running(sidecar),
            thanos.running(store),
            thanos.running(thanos.query(folder / "query", [sidecar.grpc, store.grpc])) as query,
        ):
            yield Stack(world, there, server, prometheus.Server(query.url), own / "data")


def write_configuration(own: Path, world: World, alertmanager: str, watched: list[str]) -> None:
    tree = rendering.render_tree(
        llmmon_services=["prometheus"],
        llmmon_gateways=[
            {"name": kind, "kind": kind, "targets": [world.server.address], "metrics_path": f"/{kind}"}
            for kind in KINDS
        ],
        llmmon_prometheus_alertmanagers=[alertmanager],
        llmmon_prometheus_version=VERSION,
        llmmon_prober_enabled=False,
        llmmon_prometheus_external_labels=LABELS,
        llmmon_prometheus_replica_label=thanos.REPLICA,
        llmmon_thanos_watched=watched,
    )
    for name, content in tree.items():
        path = own / "current" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")


def alerts_go_on(stack: Stack, away: float, minutes: float) -> bool:
    """A gateway is down from the middle of that time on, until that is told; the querier shows what is new."""
    told, until = stack.world.told, away + minutes * 60
    time.sleep(minutes * 30)
    stack.world.down = KINDS[-1]
    down = time.time()
    wait_for(lambda: (INCIDENT, "firing") in told or None, until - time.time(), interval=1.0)
    seen = told.get((INCIDENT, "firing"), 0.0)
    print(f"{INCIDENT} was told {seen - down:.0f} s after it began" if seen else f"{INCIDENT} was not told", flush=True)
    stack.world.down = ""
    time.sleep(max(0.0, until - time.time()))
    ((_, age),) = stack.view.query("max(time() - timestamp(up))")
    print(f"the newest samples that the querier shows are {age:.0f} s old", flush=True)
    return 0 < seen < until and age < 60


def alert_of_the_bucket(stack: Stack, away: float, back: float, *, wanted: bool) -> bool:
    """Whether it was told that the bucket fails, and that it does not any more."""
    fired = stack.world.told.get((OF_THE_BUCKET, "firing"), 0.0)
    if not fired:
        print(f"{OF_THE_BUCKET} was not told", flush=True)
        return not wanted
    print(f"{OF_THE_BUCKET} was told {(fired - away) / 60:.0f} min after the bucket was away", flush=True)
    resolved = (OF_THE_BUCKET, "resolved")
    until_true(lambda: resolved in stack.world.told, f"{OF_THE_BUCKET} ends", ENDS_SECONDS)
    ended = stack.world.told[resolved]
    print(f"its end was told {(ended - back) / 60:.0f} min after the bucket was back", flush=True)
    return away < fired < back < ended


def compared(folder: Path, stack: Stack, begun: float) -> samples.Compared:
    """What Prometheus has, and what a store gateway finds in the bucket."""
    until = stack.uploaded_until() - 0.001
    store = thanos.store(folder / "new-store", folder / "object_storage.yml")
    with thanos.running(store), thanos.running(thanos.query(folder / "new-query", [store.grpc])) as query:
        view = prometheus.Server(query.url)
        until_true(lambda: bool(view.get("query", query="up", time=str(until))["result"]), "the bucket is read")
        return samples.compare(samples.read(stack.own, {}, begun, until), samples.read(view, LABELS, begun, until))


def until_true(condition: Callable[[], bool], what: str, seconds: float = ENOUGH_SECONDS) -> None:
    assert wait_for(lambda: condition() or None, seconds, interval=1.0), f"not in {seconds:.0f} s: {what}"


if __name__ == "__main__":
    sys.exit(main())
