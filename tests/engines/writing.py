"""A Prometheus with the configuration that a deployment gets, every second, which writes to an engine; and engines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from ansible_collections.llmmon.stack.plugins.plugin_utils.remote_write import remote_write_secrets

from tests.support import prometheus, rendering, services, thanos
from tests.testbed.catalogue import TOOLS

NAME = "central"
LABELS = {"site": "here", "replica": "one"}
SELECTOR = "{" + ", ".join(f'{name}="{value}"' for name, value in LABELS.items()) + "}"
WRITE = "/api/v1/write"
WRITE_TO_THANOS = "/api/v1/receive"


@dataclass(frozen=True)
class There:
    """An engine that runs: where it takes samples, and where it answers queries."""

    write: str
    read: str
    # VictoriaMetrics has no room for a NaN.
    numbers_only: bool = False


# What starts an engine in a folder and on a port.
Engine = Callable[[Path, int], AbstractContextManager[There]]


@contextmanager
def writing(version: str, folder: Path, url: str, **engine: Any) -> Iterator[tuple[prometheus.Server, Path]]:
    """That Prometheus, and the file of its log."""
    wanted = {"name": NAME, "url": url, **engine}
    tree = rendering.render_tree(
        llmmon_services=["prometheus"],
        llmmon_gateways=[],
        llmmon_prometheus_alertmanagers=[],
        llmmon_prometheus_version=version,
        llmmon_prometheus_external_labels=LABELS,
        llmmon_prometheus_scrape_interval="1s",
        llmmon_prometheus_scrape_timeout="1s",
        llmmon_prometheus_rule_interval="1s",
        llmmon_remote_write=[wanted],
    )
    secrets = {f"secrets/{name}": content for name, content in remote_write_secrets([wanted]).items()}
    for name, content in {**tree, **secrets}.items():
        path = folder / "current" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    with prometheus.running(version, folder) as server:
        yield server, folder / "log"


@contextmanager
def another_prometheus(version: str, folder: Path, port: int) -> Iterator[str]:
    """A Prometheus that takes samples; yields its URL."""
    flag = "--web.enable-remote-write-receiver"
    with services.prometheus(version, folder, "{}\n", flag, address=f"127.0.0.1:{port}") as service:
        yield service.url


def engines(version: str) -> dict[str, Engine]:
    """What a Prometheus of this version writes to: one like itself, VictoriaMetrics, and Thanos Receive."""
    found: dict[str, Engine] = {f"prometheus-{version}": partial(_prometheus, version)}
    for tool in TOOLS:
        if tool.name == "victoria-metrics":
            found[f"{tool.name}-{tool.version}"] = partial(_victoria_metrics, tool.version)
    return {**found, f"thanos-{thanos.VERSION}": _thanos_receive}


@contextmanager
def _prometheus(version: str, folder: Path, port: int) -> Iterator[There]:
    with another_prometheus(version, folder, port) as url:
        yield There(url + WRITE, url)


@contextmanager
def _victoria_metrics(version: str, folder: Path, port: int) -> Iterator[There]:
    with services.victoria_metrics(version, folder, port) as url:
        yield There(url + WRITE, url, numbers_only=True)


@contextmanager
def _thanos_receive(folder: Path, port: int) -> Iterator[There]:
    """It takes samples, and a querier shows them."""
    with (
        thanos.running(thanos.receive(folder / "receive", port)) as receive,
        thanos.running(thanos.query(folder / "query", [receive.grpc])) as query,
    ):
        yield There(f"http://127.0.0.1:{port}{WRITE_TO_THANOS}", query.url)
