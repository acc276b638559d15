"""A host whose clock is 20 minutes off: what a bucket and engines do about it, and that llmmon says that it is so.

Nothing here can give one process another time, so that a proxy does it to what the processes send.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests
from ansible_collections.llmmon.stack.plugins.module_utils.clients.thanos_bucket import list_command, why_not_read
from ansible_collections.llmmon.stack.plugins.module_utils.host.waiting import wait_for
from ansible_collections.llmmon.stack.plugins.module_utils.proof.errors import NotProved
from ansible_collections.llmmon.stack.plugins.module_utils.proof.remote_write import verify_query

from tests.engines.test_remote_write import ENOUGH_SECONDS, SHIPPED_PROMETHEUS, grafana, proved
from tests.engines.writing import LABELS, WRITE, Engine, There, engines, writing
from tests.support import bucket, prometheus, thanos
from tests.support.loopback import Answer, Request, Server, unused_port
from tests.support.resigning import resigning
from tests.support.shifting import shifted

OFF_SECONDS = 1200
# Prometheus sends what it has every 5 seconds.
SENT_SECONDS = 8
REFUSED = "the engine central of llmmon_remote_write takes no samples: it refuses samples as "


@dataclass
class Writer:
    """A Prometheus that writes to an engine, and how far its clock is ahead, as the engine sees it."""

    server: prometheus.Server
    log: Path
    engine: There
    ahead: int
    refused: int = 0

    def proved(self, timeout: float) -> dict[str, Any]:
        return proved(self.server, self.log, timeout=timeout)


def test_a_bucket_of_another_time_is_told_as_that(tmp_path: Path) -> None:
    """And not as a wrong key, though the answer is 403 for both. Ten minutes do no harm."""
    with bucket.running(tmp_path / "bucket") as there, resigning(there.settings, OFF_SECONDS / 2) as clock:
        file = thanos.bucket_file(tmp_path, {**there.settings, "endpoint": clock.address})
        command = [str(thanos.program()), *list_command(str(file))[1:]]
        assert subprocess.run(command, capture_output=True, check=False).returncode == 0
        for clock.seconds in (OFF_SECONDS, -OFF_SECONDS):
            refused = subprocess.run(command, capture_output=True, text=True, check=False)
            assert refused.returncode != 0
            assert why_not_read(refused.stdout + refused.stderr) == (
                "this host's clock and the storage's differ by more than 15 minutes: set the wrong one by NTP (chrony)"
                " (The difference between the request time and the server's time is too large.)"
            )


def test_what_an_engine_refuses_is_told_as_the_time_that_it_is_of(tmp_path: Path) -> None:
    """Of a clock that is ahead, or was set back. When the clock is right again, so is the proof."""
    told = {
        OFF_SECONDS: "too far in the future: this host's clock is ahead of the engine's; set the wrong one by NTP",
        -OFF_SECONDS: "out of order: another host writes the same series (llmmon_prometheus_external_labels), or this",
        -9 * OFF_SECONDS: "too old: this host's clock is behind the engine's (set the wrong one by NTP, chrony)",
    }
    with ThreadPoolExecutor() as pool:
        list(pool.map(lambda ahead: is_refused(ahead, told[ahead], tmp_path / str(ahead)), told))


def is_refused(ahead: int, words: str, folder: Path) -> None:
    engine = engines(SHIPPED_PROMETHEUS)[f"prometheus-{SHIPPED_PROMETHEUS}"]
    with writer(engine, folder, 0) as it:
        it.proved(ENOUGH_SECONDS)
        it.ahead = ahead
        assert wait_for(lambda: it.refused or None, ENOUGH_SECONDS)
        with pytest.raises(NotProved) as error:
            it.proved(SENT_SECONDS)
        assert str(error.value).startswith(REFUSED + words), error.value
        it.ahead = 0
        it.proved(ENOUGH_SECONDS)


def test_samples_of_another_time_that_are_taken_are_missed_where_they_are_read(tmp_path: Path) -> None:
    """No engine but Prometheus refuses what is in the future, and none what is 20 minutes old."""
    tried = [
        (engine, ahead, tmp_path / f"{name}{ahead}")
        for name, engine in engines(SHIPPED_PROMETHEUS).items()
        for ahead in (OFF_SECONDS, -OFF_SECONDS)
        if (name.partition("-")[0], ahead) != ("prometheus", OFF_SECONDS)
    ]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda each: is_missed(*each), tried))


def is_missed(engine: Engine, ahead: int, folder: Path) -> None:
    with writer(engine, folder, ahead) as it, grafana(folder / "grafana", it.engine.read) as standin:
        it.proved(ENOUGH_SECONDS)
        with pytest.raises(NotProved) as error:
            verify_query(standin, {"data_source_uid": "llmmon_prometheus", "labels": LABELS, "fresh": False}, 2)
    assert not it.refused
    assert "it has none" in str(error.value)
    assert "is this host's clock right" in str(error.value)


@contextmanager
def writer(engine: Engine, folder: Path, ahead: int) -> Iterator[Writer]:
    """Between it and the engine a proxy changes the time of each sample."""
    with (
        Server() as proxy,
        engine(folder / "engine", unused_port()) as there,
        writing(SHIPPED_PROMETHEUS, folder / "writer", proxy.url + WRITE) as (server, log),
    ):
        it = Writer(server, log, there, ahead)

        def carry(request: Request) -> Answer:
            kept = {"content-encoding", "content-type", "x-prometheus-remote-write-version"}
            headers = {name: value for name, value in request.headers.items() if name.lower() in kept}
            answer = requests.post(there.write, shifted(request.body, it.ahead), headers=headers, timeout=10)
            it.refused += answer.status_code == 400
            return Answer(answer.status_code, answer.content)

        proxy.answers[f"POST {WRITE}"] = carry
        yield it
