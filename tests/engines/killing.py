"""Two scraping hosts as a deployment makes them, of which one at a time is killed, and what people see and hear of it.

A host is a Prometheus, a Thanos sidecar and an Alertmanager, all of which are killed at once. A querier shows both
hosts as one. Beside each kill, sooner or later, one gateway is down for good: its incident.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from ansible_collections.llmmon.stack.plugins.module_utils.host.waiting import wait_for

from tests.routing import running
from tests.support import exposition, prometheus, rendering, thanos
from tests.support.loopback import Answer, Request, Server, unused_port
from tests.support.versions import SHIPPED

ALERT = "LLMTargetDown"
SCRAPES_SECONDS = 1
ENOUGH_SECONDS = 60
# Alertmanager's own are for a network that is slow, and for minutes.
_GOSSIP = ("--cluster.peer-timeout=2s", "--cluster.gossip-interval=50ms", "--cluster.settle-timeout=2s")
_HOOK = "/hook"


@dataclass(frozen=True)
class Outcome:
    """What was seen and heard.

    ``told`` is how often each incident was; the others are the longest times between two samples of a gateway: of both
    hosts together, and where the querier shows them as one. ``empty_steps`` is how many points are missing in graphs of
    the gateways, with a point for each scrape, that the querier draws.
    """

    kills: int
    interval: int
    seconds: float
    longest_gap: float
    longest_gap_shown: float
    empty_steps: int
    told: dict[str, int]


class Gateways:
    """Their metrics pages, and where alerts are told."""

    def __init__(self, number: int) -> None:
        (self._page,) = (page for page in exposition.pages() if page.job == "canonical")
        self.names = [f"gateway-{n}" for n in range(number)]
        self._began = time.monotonic()
        self._down: set[str] = set()
        self.told: Counter[str] = Counter()
        self.server = Server()
        for name in self.names:
            self.server.answers[f"GET /{name}"] = self._metrics
        self.server.answers[f"POST {_HOOK}"] = self._hear

    def _metrics(self, request: Request) -> Answer:
        if request.path.removeprefix("/") in self._down:
            return Answer(503, b"")
        written = self._page.written((time.monotonic() - self._began) / 60)
        return Answer(200, written.encode(), "text/plain; version=0.0.4; charset=utf-8")

    def _hear(self, request: Request) -> Answer:
        for alert in request.json["alerts"]:
            if alert["labels"]["alertname"] == ALERT and alert["status"] == "firing":
                self.told[alert["labels"]["job"]] += 1
        return Answer()

    def take_down(self, name: str) -> None:
        self._down.add(name)


class Host:
    """One of the two; the others' addresses are known from the start."""

    def __init__(self, name: str, folder: Path) -> None:
        self.name, self.folder = name, folder
        self.prometheus, self.alertmanager, self.gossip = (f"127.0.0.1:{unused_port()}" for _ in range(3))
        self.sidecar = thanos.sidecar(folder / "sidecar", f"http://{self.prometheus}", folder / "prometheus" / "data")
        self._stack = ExitStack()

    def configure(self, gateways: Gateways, alertmanagers: list[str], interval: int) -> None:
        tree = rendering.render_tree(
            llmmon_services=["prometheus"],
            llmmon_gateways=[
                {"name": name, "targets": [gateways.server.address], "metrics_path": f"/{name}"}
                for name in gateways.names
            ],
            llmmon_prometheus_alertmanagers=alertmanagers,
            llmmon_prometheus_version=SHIPPED["prometheus"],
            llmmon_prometheus_external_labels={thanos.REPLICA: self.name},
            llmmon_prometheus_replica_label=thanos.REPLICA,
            llmmon_prometheus_scrape_interval=f"{interval}s",
            llmmon_prometheus_scrape_timeout=f"{interval}s",
            llmmon_prometheus_rule_interval=f"{interval}s",
            llmmon_prober_enabled=False,
            llmmon_alerts={ALERT: {"for": f"{2 * interval}s"}},
        )
        for name, content in tree.items():
            path = self.folder / "prometheus" / "current" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")

    def start(self, gateways: Gateways, peer: str) -> None:
        receivers = {"hook": {"type": "webhook", "url": gateways.server.url + _HOOK}}
        cluster = [f"--cluster.listen-address={self.gossip}", f"--cluster.peer={peer}", *_GOSSIP]
        route = {"group_wait": "1s", "group_interval": "1s"}
        self._stack.enter_context(
            running.alertmanager(
                SHIPPED["alertmanager"],
                self.folder / "alertmanager",
                *cluster,
                address=self.alertmanager,
                llmmon_receivers=receivers,
                llmmon_alertmanager_route=route,
            )
        )
        begun = time.time()
        server = self._stack.enter_context(
            prometheus.running(SHIPPED["prometheus"], self.folder / "prometheus", address=self.prometheus)
        )
        self.sidecar.start()
        # It is back when it scrapes: it begins up to 5 seconds after its start. Only then may the other one be killed.
        oldest = 'min(timestamp(up{job=~"gateway-.+"}))'
        assert wait_for(lambda: any(at > begun for _, at in server.query(oldest)) or None, ENOUGH_SECONDS, interval=0.1)

    def kill(self) -> None:
        """All at once; data stay as they are."""
        self.sidecar.kill()
        self._stack.close()


@contextmanager
def two_hosts(folder: Path, gateways: Gateways, interval: int) -> Iterator[list[Host]]:
    hosts = [Host(name, folder / name) for name in ("scraping-1", "scraping-2")]
    try:
        for host in hosts:
            host.configure(gateways, [host.alertmanager for host in hosts], interval)
            host.start(gateways, _other(hosts, host).gossip)
        yield hosts
    finally:
        for host in hosts:
            host.kill()


def killed_at_random(folder: Path, kills: int, seed: int, interval: int = SCRAPES_SECONDS) -> Outcome:
    """Chance is in scrapes, of which there is one every ``interval`` seconds."""
    chance = random.Random(seed)  # noqa: S311 - the same each time, and no secret
    gateways = Gateways(kills)
    with gateways.server, two_hosts(folder, gateways, interval) as hosts:
        query = thanos.query(folder / "query", [host.sidecar.grpc for host in hosts])
        with thanos.running(query):
            view = prometheus.Server(query.url)
            assert wait_for(lambda: len(view.query("up")) >= len(gateways.names) or None, ENOUGH_SECONDS)
            begun = time.time()
            for name in gateways.names:
                host = chance.choice(hosts)
                sooner = chance.random() < 0.5
                _pause(chance.uniform(0.5, 2) * interval)
                if sooner:
                    gateways.take_down(name)
                    # It is pending, fires, or is about to be told.
                    _pause(chance.uniform(0, 4) * interval)
                host.kill()
                _pause(chance.uniform(0.5, 3) * interval)
                if not sooner:
                    gateways.take_down(name)
                host.start(gateways, _other(hosts, host).gossip)
            enough = ENOUGH_SECONDS + 5 * interval
            assert wait_for(lambda: set(gateways.names) <= set(gateways.told) or None, enough), gateways.told
            # Whoever would tell it once more does so now.
            _pause(5 * interval)
            assert wait_for(lambda: _both_answer(view) or None, ENOUGH_SECONDS)
            until = time.time() - 2 * interval
            apart, together = (
                max(_longest_gap(view, name, begun, until, deduplicated) for name in gateways.names)
                for deduplicated in (False, True)
            )
            empty = sum(_empty_steps(view, name, begun, until, interval) for name in gateways.names)
            told = {name: gateways.told[name] for name in gateways.names}
            return Outcome(kills, interval, until - begun, apart, together, empty, told)


def _other(hosts: list[Host], host: Host) -> Host:
    (other,) = (one for one in hosts if one is not host)
    return other


def _both_answer(view: prometheus.Server) -> bool:
    """Whether the querier reaches both sidecars again."""
    found = view.get("query", query='up{job="gateway-0"}', dedup="false")["result"]
    return len(found) == 2


def _longest_gap(view: prometheus.Server, name: str, since: float, until: float, deduplicated: bool) -> float:
    """Seconds between two samples of a gateway."""
    asked, dedup = f'up{{job="{name}"}}[{int(until - since)}s]', str(deduplicated).lower()
    found = view.get("query", query=asked, time=str(until), dedup=dedup)["result"]
    assert len(found) == (1 if deduplicated else 2)
    moments: list[float] = sorted([since, until, *(moment for series in found for moment, _ in series["values"])])
    return max(following - moment for moment, following in pairwise(moments))


def _empty_steps(view: prometheus.Server, name: str, since: float, until: float, interval: int) -> int:
    asked, steps = f'up{{job="{name}"}}', int((until - since) // interval)
    span = {"start": str(since), "end": str(since + steps * interval), "step": str(interval)}
    (series,) = view.get("query_range", query=asked, **span)["result"]
    return steps + 1 - len(series["values"])


def _pause(seconds: float) -> None:
    """Chance says when the next thing happens: there is nothing to wait for."""
    time.sleep(seconds)
