"""What Prometheus writes to real engines arrives there, and what is broken on the way is said in one sentence."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from ansible_collections.llmmon.stack.plugins.module_utils.clients.grafana import GrafanaApi
from ansible_collections.llmmon.stack.plugins.module_utils.clients.http import Connection, HttpClient
from ansible_collections.llmmon.stack.plugins.module_utils.host.waiting import wait_for
from ansible_collections.llmmon.stack.plugins.module_utils.proof.errors import NotProved
from ansible_collections.llmmon.stack.plugins.module_utils.proof.remote_write import (
    MARKER,
    verify_query,
    verify_remote_write,
)
from ansible_collections.llmmon.stack.plugins.plugin_utils.query import query_data_source
from ansible_collections.llmmon.stack.plugins.plugin_utils.remote_write import RECORDED_NAMES

from tests.engines import samples
from tests.engines.writing import (
    LABELS,
    NAME,
    SELECTOR,
    WRITE,
    Engine,
    There,
    another_prometheus,
    engines,
    writing,
)
from tests.standins import run
from tests.support import prometheus
from tests.support.loopback import Answer, Request, Server, unused_port
from tests.support.versions import SHIPPED, SIGNAL

SHIPPED_PROMETHEUS = SHIPPED["prometheus"]
ENOUGH_SECONDS = 60
AWAY_SECONDS = 15
# What is there instead of an engine, the options of the engine, and what is said.
Hop = tuple[Callable[[], AbstractContextManager[str]], dict[str, Any], str]


def proved(server: prometheus.Server, log: Path, *, timeout: float = ENOUGH_SECONDS) -> dict[str, Any]:
    """As verify.yml asks."""
    client = HttpClient(Connection(url=server.url))
    parameters = {"engines": [NAME], "fresh": True}
    return verify_remote_write(client, parameters, lambda: log.read_text().splitlines(), timeout)


def asked(url: str, expression: str) -> list[dict[str, Any]]:
    answer = requests.get(f"{url}/api/v1/query", params={"query": expression}, timeout=20)
    answer.raise_for_status()
    found: list[dict[str, Any]] = answer.json()["data"]["result"]
    return found


@contextmanager
def grafana(folder: Path, url: str) -> Iterator[GrafanaApi]:
    """The stand-in, whose data source reads an engine."""
    own = {"name": "Prometheus", "uid": "llmmon_prometheus", "type": "prometheus", "access": "proxy"}
    sources = [query_data_source(own, url, {"headers": {"X-Scope-OrgID": "team"}}, "/nowhere")]
    provisioning = {"datasources/llmmon.yaml": {"apiVersion": 1, "datasources": sources}}
    with run.start(folder, provisioning=provisioning, in_thread=True) as standin:
        yield GrafanaApi(HttpClient(Connection(url=standin.url, user=standin.user, password=standin.password)))


@pytest.mark.parametrize("version", SIGNAL["prometheus"])
def test_what_was_recorded_arrives_and_is_read_through_grafana(version: str, tmp_path: Path) -> None:
    """In each engine at once, since they mostly wait."""
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda engine: arrives(version, engine, tmp_path / engine), engines(version)))


def arrives(version: str, engine: str, folder: Path) -> None:
    with (
        engines(version)[engine](folder / "engine", unused_port()) as there,
        writing(version, folder / "writer", there.write) as (server, log),
        grafana(folder / "grafana", there.read) as standin,
    ):
        assert time.time() - proved(server, log)["engines"][NAME] < ENOUGH_SECONDS
        query = {"data_source_uid": "llmmon_prometheus", "labels": LABELS, "fresh": True}
        assert verify_query(standin, query, ENOUGH_SECONDS)["age_seconds"] < ENOUGH_SECONDS
        # Only that, with this host's labels, and what nobody wants is not called lost.
        names = {found["metric"]["__name__"] for found in asked(there.read, f"count by (__name__) ({SELECTOR})")}
        assert {MARKER, "up"} < names
        assert asked(there.read, f'count({{__name__!~"{RECORDED_NAMES}", replica="one"}})') == []
        assert not [found for found in server.query("ALERTS") if "RemoteWrite" in found[0]["alertname"]]


def test_everything_arrives_where_it_is_asked_for(tmp_path: Path) -> None:
    with (
        another_prometheus(SHIPPED_PROMETHEUS, tmp_path / "engine", unused_port()) as url,
        writing(SHIPPED_PROMETHEUS, tmp_path / "writer", url + WRITE, send="everything") as (server, log),
    ):
        proved(server, log)
        assert wait_for(lambda: asked(url, f"prometheus_build_info{SELECTOR}") or None, ENOUGH_SECONDS)


def test_another_engine_than_the_one_that_is_written_to_is_found_out(tmp_path: Path) -> None:
    with (
        another_prometheus(SHIPPED_PROMETHEUS, tmp_path / "engine", unused_port()) as url,
        grafana(tmp_path / "grafana", url) as standin,
        pytest.raises(NotProved) as error,
    ):
        verify_query(standin, {"data_source_uid": "llmmon_prometheus", "labels": LABELS, "fresh": False}, 2)
    assert str(error.value) == (
        "the engine at llmmon_query_url does not show the samples of this host "
        '(max(llmmon:remote_write_marker{replica="one", site="here"}): it has none): does llmmon_remote_write write to'
        " the same engine and tenant, and is this host's clock right?"
    )


# -- what is broken on the way


def test_each_broken_hop_is_one_sentence(tmp_path: Path) -> None:
    """Prometheus's own words about real answers, of the oldest version and of the newest."""
    versions = (SIGNAL["prometheus"][0], SIGNAL["prometheus"][-1])
    tried = [(version, hop, tmp_path / version / str(n)) for version in versions for n, hop in enumerate(broken())]
    # They mostly wait.
    with ThreadPoolExecutor(6) as pool:
        for (_, (_, _, words), _), said in zip(tried, pool.map(lambda each: said_of(*each), tried), strict=True):
            assert said.startswith(f"the engine {NAME} of llmmon_remote_write takes no samples: {words}"), said
            assert "made-up" not in said


def said_of(version: str, hop: Hop, folder: Path) -> str:
    """What verify.yml would say of it."""
    there, engine, _ = hop
    with there() as address, writing(version, folder, address, **engine) as (server, log):
        assert wait_for(lambda: "err=" in log.read_text() or None, ENOUGH_SECONDS), address
        with pytest.raises(NotProved) as error:
            proved(server, log, timeout=0)
        return str(error.value)


def test_what_an_engine_refuses_for_good_is_not_taken_for_sent(tmp_path: Path) -> None:
    """Prometheus counts it as sent. It is proved as soon as the engine takes what comes."""
    with Server() as engine:
        engine.answers[f"POST {WRITE}"] = Answer(403, b"no")
        with writing(SHIPPED_PROMETHEUS, tmp_path, engine.url + WRITE) as (server, log):
            assert wait_for(lambda: engine.requests or None, ENOUGH_SECONDS)
            with pytest.raises(NotProved, match=r"it does not allow to write \(403\)"):
                proved(server, log, timeout=8)
            engine.answers[f"POST {WRITE}"] = Answer(204)
            proved(server, log)


def broken() -> list[Hop]:
    return [
        (nobody("http://engine.invalid/api/v1/write"), {}, "its name cannot be resolved (DNS): correct its url"),
        (nobody(f"http://127.0.0.1:{unused_port()}{WRITE}"), {}, "nothing listens there: correct its url"),
        (answering(Answer(401, b"no")), {"bearer_token": "made-up"}, "it does not know who writes (401): correct"),
        (answering(Answer(401, b"no org id")), {}, "it wants a tenant: set it in its headers"),
        (answering(Answer(403, b"no")), {}, "it does not allow to write (403)"),
        (answering(Answer(404, b"no")), {}, "there is nothing that takes samples at this path"),
        (answering(Answer(429, b"slow down")), {}, "it is asked too much (429), and Prometheus tries again"),
        (answering(Answer(500, b"broken")), {}, "it fails itself, and Prometheus tries again"),
        (answering(Answer(400, b"out of order sample")), {}, "it refuses samples as out of order: another host"),
        (plain_for_tls, {}, "TLS fails: correct its tls_config"),
    ]


def nobody(url: str) -> Callable[[], AbstractContextManager[str]]:
    @contextmanager
    def there() -> Iterator[str]:
        yield url

    return there


def answering(answer: Answer) -> Callable[[], AbstractContextManager[str]]:
    @contextmanager
    def there() -> Iterator[str]:
        with Server() as server:
            server.answers[f"POST {WRITE}"] = answer
            yield server.url + WRITE

    return there


@contextmanager
def plain_for_tls() -> Iterator[str]:
    """A certificate that nobody has signed."""
    with Server() as server:
        yield server.url.replace("http://", "https://") + WRITE


# -- what is not lost


def test_nothing_is_lost_while_an_engine_is_away_or_refuses_for_now(tmp_path: Path) -> None:
    """It is away, comes back, and answers 429 and 500 by turns: in the end it has every sample of every series."""
    there = engines(SHIPPED_PROMETHEUS)
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda name: nothing_is_lost(there[name], tmp_path / name), there))


def nothing_is_lost(engine: Engine, folder: Path) -> None:
    port, refused = unused_port(), [0]
    places: list[There] = []

    def by_turns(request: Request) -> Answer:
        """Forwards each third request; the others are refused for now."""
        refused[0] += 1
        if refused[0] % 3:
            return Answer(429 if refused[0] % 3 == 1 else 500, b"later")
        passed = {name: request.headers[name] for name in request.headers if name.lower().startswith(("content", "x-"))}
        try:
            answer = requests.post(places[0].write, request.body, headers=passed, timeout=10)
        except requests.ConnectionError:
            return Answer(503, b"away")
        return Answer(answer.status_code, answer.content)

    with Server() as proxy:
        proxy.answers[f"POST {WRITE}"] = by_turns
        begun = time.time()
        with writing(SHIPPED_PROMETHEUS, folder / "writer", proxy.url + WRITE, send="everything") as (server, log):
            with engine(folder / "engine", port) as it:
                places.append(it)
                proved(server, log)
            # Away: what is scraped meanwhile waits.
            gone = time.time()
            assert wait_for(lambda: (time.time() - gone > AWAY_SECONDS) or None, ENOUGH_SECONDS)
            with engine(folder / "engine", port) as it:
                places[0] = it
                # Of the last seconds, some are on their way.
                until = int(time.time())
                assert wait_for(lambda: all_sent(server, until) or None, ENOUGH_SECONDS)
                proved(server, log)
                own = samples.read(server, {}, begun, until)
                compared = samples.compare(
                    own, samples.read(prometheus.Server(it.read), LABELS, begun, until), numbers_only=it.numbers_only
                )
        assert refused[0] > 10
        assert compared.samples > AWAY_SECONDS * compared.series / 2
        assert compared.same, compared
        assert server_lost(log) == 0


def all_sent(server: prometheus.Server, until: float) -> bool:
    """Whether all that is as old as this was written."""
    sent = server.query("prometheus_remote_storage_queue_highest_sent_timestamp_seconds")
    return any(value > until + 2 for _, value in sent)


def server_lost(log: Path) -> int:
    """Batches that Prometheus gave up."""
    return log.read_text().count("non-recoverable")
