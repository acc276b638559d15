"""A real Prometheus for a few seconds, on loopback, with a configuration that may scrape Prometheus itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from ansible_collections.llmmon.stack.plugins.module_utils.host.waiting import wait_for

from tests.support import services
from tests.support.loopback import unused_port

READY_SECONDS = 30


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

    def is_ready(self) -> bool:
        try:
            return requests.get(f"{self.url}/-/ready", timeout=5).ok
        except requests.RequestException:
            return False


def unused_address() -> str:
    return f"127.0.0.1:{unused_port()}"


@contextmanager
def running(version: str, folder: Path, *flags: str, address: str = "") -> Iterator[Server]:
    """Runs what `folder`/current/prometheus.yml says, or nothing. What that calls localhost:9090 is this server."""
    address = address or unused_address()
    release = folder / "current" / "prometheus.yml"
    written = release.read_text(encoding="utf-8") if release.exists() else "{}\n"
    configuration = written.replace("localhost:9090", address)
    with services.prometheus(version, folder, configuration, *flags, address=address) as service:
        server = Server(service.url)
        assert wait_for(lambda: server.is_ready() or None, READY_SECONDS), service.log.read_text()
        yield server
