"""A real Prometheus for a few seconds, on loopback."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from tests.testbed.tools import tool


@dataclass(frozen=True)
class Server:
    """Where it listens."""

    url: str

    def query(self, expression: str) -> list[tuple[dict[str, str], float]]:
        data = self.get("query", query=expression)["result"]
        return [(sample["metric"], float(sample["value"][1])) for sample in data]

    def get(self, path: str, **parameters: str) -> Any:
        answer = requests.get(f"{self.url}/api/v1/{path}", params=parameters, timeout=20)
        answer.raise_for_status()
        return answer.json()["data"]


@contextmanager
def running(version: str, folder: Path, *flags: str) -> Iterator[Server]:
    """Runs what `folder`/prometheus.yml says. What that calls localhost:9090 is this server."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    configuration = folder / "prometheus.yml"
    written = configuration.read_text(encoding="utf-8")
    configuration.write_text(written.replace("localhost:9090", address), encoding="utf-8")
    log = folder / "log"
    with log.open("w", encoding="utf-8") as output:
        process = subprocess.Popen(
            [
                tool("prometheus", version),
                f"--config.file={configuration}",
                f"--storage.tsdb.path={folder / 'data'}",
                f"--web.listen-address={address}",
                *flags,
            ],
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        server = Server(f"http://{address}")
        _wait_until_ready(server, process, log)
        yield server
    finally:
        process.terminate()
        process.wait(timeout=30)


def _wait_until_ready(server: Server, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text(encoding="utf-8")
        try:
            if requests.get(f"{server.url}/-/ready", timeout=5).ok:
                return
        except requests.ConnectionError:
            time.sleep(0.1)
    raise AssertionError(f"Prometheus is not ready\n{log.read_text(encoding='utf-8')}")
