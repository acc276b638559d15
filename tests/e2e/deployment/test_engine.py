"""Samples are written to an engine beside the stack, read back through Grafana, and missed where they do not arrive."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.stack import Stack
from tests.testbed import state

ENGINE = "engine"
WRITTEN: dict[str, Any] = {
    "llmmon_prometheus_external_labels": {"site": "here"},
    "llmmon_remote_write": [{"name": "central", "url": f"http://{ENGINE}:9090/api/v1/write"}],
    "llmmon_query_url": f"http://{ENGINE}:9090",
}


@pytest.fixture
def engine(stack: Stack) -> Iterator[str]:
    """Another Prometheus on the host, which takes samples; afterwards the stack is as it was."""
    image = state.read("images")["prometheus"]["image"]
    flags = "--config.file=/etc/prometheus/prometheus.yml --storage.tsdb.path=/prometheus"
    stack.on_host(
        f"docker run --detach --name {ENGINE} --network llmmon {image} {flags} --web.enable-remote-write-receiver"
    )
    try:
        yield ENGINE
    finally:
        stack.on_host(f"docker rm --force --volumes {ENGINE}")
        result = stack.run("site.yml")
        assert result.code == 0, result.output


def test_samples_are_written_and_read_back(stack: Stack, engine: str) -> None:
    first = stack.run("site.yml", variables=WRITTEN)
    assert first.code == 0, first.output
    assert "engines: central takes samples; Grafana reads this host's there" in first.output
    again = stack.run("site.yml", variables=WRITTEN)
    assert (again.code, again.recap("changed")) == (0, 0), again.output
    # The engine goes away: alerting does not need it, and verify.yml says what is broken.
    stack.on_host(f"docker stop {engine}")
    broken = stack.run("verify.yml", variables={**WRITTEN, "llmmon_verify_timeout": 60})
    assert broken.code != 0, broken.output
    assert "the engine central of llmmon_remote_write takes no samples" in broken.message, broken.output
    stack.on_host(f"docker start {engine}")
    mended = stack.run("verify.yml", variables=WRITTEN)
    assert mended.code == 0, mended.output
