"""A sidecar whose bucket is away or full, or that is killed while it uploads: the bucket has every sample in the end.

Prometheus and the sidecar have the configuration and the flags that a deployment gets. That ThanosBucketFailing ends 20
minutes after the last failure, and when ThanosUploadLate fires, takes hours: tests/rules/cases/alerts_stack.yml has it.
What is said of clocks that are apart is in test_clocks.py.
"""

from __future__ import annotations

import random
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from ansible_collections.llmmon.stack.plugins.module_utils.host.waiting import wait_for

from tests.engines import samples
from tests.engines.samples import Series
from tests.support import bucket, prometheus, rendering, thanos
from tests.support.bucket import Bucket
from tests.support.prometheus import Server
from tests.support.relay import relaying
from tests.support.resigning import resigning
from tests.support.thanos import Component
from tests.support.versions import SHIPPED
from tests.testbed.tools import tool

VERSION = SHIPPED["prometheus"]
# The sidecar looks every half minute.
ENOUGH_SECONDS = 90
LABELS = {thanos.REPLICA: "one"}
AWAY, FULL = "away", "full"
FIRES = 'ALERTS{alertname="ThanosBucketFailing", alertstate="firing"}'
# It is never so empty.
NO_ROOM = ("-volume.minFreeSpace=100",)
_NO_VOLUME = "failed to pick 1 from  0 node candidates"
HOUR = 3600
_NAME_LENGTH = 26


def test_a_bucket_that_is_away_or_full_or_of_another_time_gets_all_in_the_end(tmp_path: Path) -> None:
    """All at once, since they mostly wait."""
    tried = [(gets_all, AWAY), (gets_all, FULL), (gets_all_of_another_time, "clock")]
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda trial: trial[0](tmp_path / trial[1], trial[1]), tried))


def gets_all(folder: Path, trouble: str) -> None:
    with bucket.running(folder / "bucket", *(NO_ROOM if trouble == FULL else ())) as there:
        wanted = make_block(folder / "prometheus" / "data")
        if trouble == AWAY:
            there.kill()
        with sidecar_of(folder, there.settings["endpoint"], there) as (server, sidecar), thanos.running(sidecar):
            if trouble == AWAY:
                assert wait_for(lambda: server.query(FIRES) or None, ENOUGH_SECONDS)
            else:
                # The storage itself waits for room, for minutes, before it says that there is none.
                assert wait_for(lambda: there.log.count(_NO_VOLUME) > 2 or None, ENOUGH_SECONDS)
                assert not uploaded(there)
            # Alerts and samples go on.
            assert server.query('ALERTS{alertname="Watchdog", alertstate="firing"}')
            there.kill()
            there.start()
            assert wait_for(lambda: uploaded(there) or None, ENOUGH_SECONDS)
        is_whole(folder, there, wanted)


def gets_all_of_another_time(folder: Path, _: str) -> None:
    """The bucket takes nothing while the sidecar's clock is 20 minutes ahead of its own."""
    with bucket.running(folder / "bucket") as there, resigning(there.settings, seconds=20 * 60) as clock:
        wanted = make_block(folder / "prometheus" / "data")
        with sidecar_of(folder, clock.address, there) as (server, sidecar), thanos.running(sidecar):
            assert wait_for(lambda: server.query(FIRES) or None, ENOUGH_SECONDS)
            assert not there.objects()
            clock.seconds = 0
            assert wait_for(lambda: uploaded(there) or None, ENOUGH_SECONDS)
        is_whole(folder, there, wanted)


def test_a_sidecar_that_is_killed_while_it_uploads_begins_again(tmp_path: Path) -> None:
    with bucket.running(tmp_path / "bucket") as there, relaying(there.settings["endpoint"]) as relay:
        wanted = make_block(tmp_path / "prometheus" / "data")
        relay.hold_after(200_000)
        with sidecar_of(tmp_path, relay.address, there) as (_, sidecar):
            with thanos.running(sidecar):
                assert relay.held.wait(ENOUGH_SECONDS)
            # Killed. What has no meta.json is no block to anybody.
            assert not uploaded(there)
            relay.release()
            with thanos.running(sidecar):
                assert wait_for(lambda: uploaded(there) or None, ENOUGH_SECONDS)
        is_whole(tmp_path, there, wanted)


def test_a_bucket_leaves_no_sockets_behind(tmp_path: Path) -> None:
    with bucket.running(tmp_path / "bucket") as there:
        assert there.sockets()
    assert there.sockets() == []


# -- what is set up


@contextmanager
def sidecar_of(folder: Path, endpoint: str, there: Bucket, *more: str) -> Iterator[tuple[Server, Component]]:
    """A Prometheus, with more flags if need be, and the sidecar that is to upload its blocks to the bucket."""
    file = thanos.bucket_file(folder, {**there.settings, "endpoint": endpoint})
    own = folder / "prometheus"
    address = prometheus.unused_address()
    sidecar = thanos.sidecar(folder / "sidecar", f"http://{address}", own / "data", file)
    tree = rendering.render_tree(
        llmmon_services=["prometheus"],
        llmmon_gateways=[],
        llmmon_prometheus_alertmanagers=[],
        llmmon_prometheus_version=VERSION,
        llmmon_prometheus_external_labels=LABELS,
        llmmon_prometheus_replica_label=thanos.REPLICA,
        llmmon_prometheus_scrape_interval="1s",
        llmmon_prometheus_scrape_timeout="1s",
        llmmon_prometheus_rule_interval="1s",
        llmmon_thanos_watched=[sidecar.address],
        llmmon_alerts={"ThanosBucketFailing": {"for": "2s"}},
    )
    for name, content in tree.items():
        path = own / "current" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    flags = rendering.role_variables()["__llmmon_prometheus_sidecar_flags"]
    with prometheus.running(VERSION, own, *flags, *more, address=address) as server:
        yield server, sidecar


def make_block(data: Path, number: int = 150, every: int = 10) -> Series:
    """A block of some hundred kilobytes as Prometheus leaves it, of so many series, and what is in it.

    The more series there are, the longer is its index.
    """
    chance = random.Random(1)  # noqa: S311 - the same each time, and no secret
    begin = int(time.time()) // (2 * HOUR) * 2 * HOUR - 6 * HOUR
    moments = range(begin, begin + HOUR, every)
    made: Series = {
        (("__name__", "bucket_test"), ("model", f"m{number}")): [(at * 1000, chance.random()) for at in moments]
        for number in range(number)
    }
    text = data.parent / "samples"
    data.mkdir(parents=True)
    lines = (
        f'bucket_test{{model="{series[1][1]}"}} {value!r} {at // 1000}'
        for series, found in made.items()
        for at, value in found
    )
    text.write_text("\n".join(["# TYPE bucket_test gauge", *lines, "# EOF\n"]), encoding="utf-8")
    command = [str(tool("promtool", VERSION)), "tsdb", "create-blocks-from", "openmetrics", str(text), str(data)]
    subprocess.run(command, check=True, capture_output=True)
    return made


# -- what is seen


def uploaded(there: Bucket) -> list[str]:
    """Blocks of the bucket that are there as a whole, as Thanos sees it."""
    return [path for path in there.objects() if path[_NAME_LENGTH:] == "/meta.json"]


def is_whole(folder: Path, there: Bucket, wanted: Series) -> None:
    """The block's files are Prometheus's, Thanos finds nothing wrong, and the store gateway shows each sample."""
    (block,) = {path.partition("/")[0] for path in uploaded(there)}
    own = folder / "prometheus" / "data" / block
    files = ["index", *(f"chunks/{path.name}" for path in (own / "chunks").iterdir())]
    assert {name: there.read(f"{block}/{name}") for name in files} == {
        name: (own / name).read_bytes() for name in files
    }
    file = thanos.bucket_file(folder, there.settings)
    assert "level=error" not in thanos.tools_bucket(file, "verify", "--issues=index_known_issues")
    store = thanos.store(folder / "store", file)
    with thanos.running(store), thanos.running(thanos.query(folder / "query", [store.grpc])) as query:
        view = Server(query.url)
        since, until = (edge(at for found in wanted.values() for at, _ in found) / 1000 for edge in (min, max))
        assert wait_for(lambda: view.get("query", query="bucket_test", time=str(until))["result"] or None, 60)
        compared = samples.compare(wanted, samples.read(view, LABELS, since - 1, until))
    assert compared.same, compared
