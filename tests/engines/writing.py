"""A Prometheus with the configuration that a deployment gets, every second, which writes to an engine."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any

from ansible_collections.llmmon.stack.plugins.plugin_utils.remote_write import remote_write_secrets

from tests.support import prometheus, rendering, services
from tests.testbed.catalogue import TOOLS

NAME = "central"
LABELS = {"site": "here", "replica": "one"}
SELECTOR = "{" + ", ".join(f'{name}="{value}"' for name, value in LABELS.items()) + "}"
# What starts an engine in a folder and on a port, and yields its URL; both kinds take samples at the same path.
Engine = Callable[[Path, int], AbstractContextManager[str]]
WRITE = "/api/v1/write"
# Ansible's templating is not made for threads.
_rendering_at_a_time = Lock()


@contextmanager
def writing(version: str, folder: Path, url: str, **engine: Any) -> Iterator[tuple[prometheus.Server, Path]]:
    """That Prometheus, and the file of its log."""
    wanted = {"name": NAME, "url": url, **engine}
    with _rendering_at_a_time:
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
    """A Prometheus that takes samples."""
    flag = "--web.enable-remote-write-receiver"
    with services.prometheus(version, folder, "{}\n", flag, address=f"127.0.0.1:{port}") as service:
        yield service.url


def engines(version: str) -> dict[str, Engine]:
    """What a Prometheus of this version writes to: one like itself, and VictoriaMetrics."""
    found: dict[str, Engine] = {f"prometheus-{version}": partial(another_prometheus, version)}
    for tool in TOOLS:
        if tool.name == "victoria-metrics":
            found[f"{tool.name}-{tool.version}"] = partial(services.victoria_metrics, tool.version)
    return found
