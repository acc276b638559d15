"""What differs between two containers, by the names of variables."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.containers.differences import differences

FLAGS = ["--config.file=/c/prometheus.yml", "--storage.tsdb.retention.time=30d", "--web.enable-admin-api"]


def container(image: str = "sha256:1", **changes: Any) -> dict[str, Any]:
    config = {"Image": "prom/prometheus:v1", "Cmd": FLAGS, "User": "65534:65534"}
    host = {"Memory": 2**31, "PidsLimit": 512, "ExtraHosts": ["a:1", "b:2"], "PortBindings": {}, "Binds": None}
    return {
        "Image": image,
        "Config": {**config, **{key: value for key, value in changes.items() if key in config}},
        "HostConfig": {**host, **{key: value for key, value in changes.items() if key in host}},
    }


@pytest.mark.parametrize(
    ("new", "expected"),
    [
        (container(), []),
        # The engine keeps no order there, and writes an empty list in two ways.
        (container(ExtraHosts=["b:2", "a:1"], Binds=[]), []),
        (container(image="sha256:2"), ["image prom/prometheus:v1 (llmmon_prometheus_image)"]),
        (container(User="1:1"), ["user 1:1 (llmmon_prometheus_uid, llmmon_prometheus_gid)"]),
        (container(Memory=1), ["memory (llmmon_memory_limits)"]),
        (container(ExtraHosts=["a:1"]), ["host names (llmmon_etc_hosts)"]),
        (container(PortBindings={"9090/tcp": []}), ["ports (llmmon_bind_address, llmmon_prometheus_port)"]),
        (
            container(Cmd=[FLAGS[0], "--storage.tsdb.retention.time=5days", "--log.level=loud"]),
            [
                "--storage.tsdb.retention.time=5days (llmmon_prometheus_retention_time)",
                "--log.level=loud (llmmon_prometheus_extra_flags)",
                "without --web.enable-admin-api",
            ],
        ),
    ],
)
def test_differences(new: dict[str, Any], expected: list[str]) -> None:
    assert differences("prometheus", container(), new) == expected


def test_without_an_old_container_everything_is_new() -> None:
    found = differences("alertmanager", None, container(Cmd=["--data.retention=5days"]))
    assert "--data.retention=5days (llmmon_alertmanager_retention)" in found
    assert "image prom/prometheus:v1 (llmmon_alertmanager_image)" in found
