"""What Prometheus's configuration says of the engines that samples are written to."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.plugin_utils.remote_write import (
    RECORDED_NAMES,
    remote_write_configs,
    remote_write_secrets,
)

from tests.rules import dashboards, promtool
from tests.rules.promql import metric_names
from tests.support import rendering

ENGINE: dict[str, Any] = {"name": "central", "url": "https://engine.example/api/v1/write"}
ROOT = "/etc/llmmon/prometheus"
GIB = 2**30


def config(memory: int = 2 * GIB, **more: Any) -> dict[str, Any]:
    (found,) = remote_write_configs([{**ENGINE, **more}], ROOT, memory)
    return found


def test_what_is_recorded_is_written_unless_everything_is_asked_for() -> None:
    assert config()["write_relabel_configs"] == [
        {"source_labels": ["__name__"], "regex": RECORDED_NAMES, "action": "keep"}
    ]
    assert "write_relabel_configs" not in config(send="everything")


@pytest.mark.parametrize(
    ("memory", "shards"), [(GIB // 8, 2), (GIB // 2, 4), (2 * GIB, 16), (64 * GIB, 50)], ids=lambda value: str(value)
)
def test_queues_are_sized_to_the_memory(memory: int, shards: int) -> None:
    assert config(memory)["queue_config"] == {
        "capacity": 10_000,
        "max_samples_per_send": 2000,
        "max_shards": shards,
        "retry_on_http_429": True,
    }


def test_a_queue_of_the_users_own_is_kept() -> None:
    assert config(queue={"max_shards": 3, "capacity": 500})["queue_config"] == {
        "capacity": 500,
        "max_samples_per_send": 2000,
        "max_shards": 3,
        "retry_on_http_429": True,
    }


def test_secrets_are_in_files_alone(tmp_path: Path) -> None:
    (tmp_path / "key.pem").write_text("the-key")
    engines = [
        {**ENGINE, "bearer_token": " made-up-token "},
        {**ENGINE, "name": "second", "basic_auth": {"username": "me", "password": "made-up-password"}},
        {**ENGINE, "name": "third", "tls_config": {"cert": "the-cert", "key_file": str(tmp_path / "key.pem")}},
    ]
    assert remote_write_secrets(engines) == {
        "remote-write-central.token": "made-up-token",
        "remote-write-second.password": "made-up-password",
        "remote-write-third.cert": "the-cert\n",
        "remote-write-third.key": "the-key\n",
    }
    configs = remote_write_configs(engines, ROOT, GIB)
    assert "made-up" not in json.dumps(configs)
    assert configs[0]["authorization"] == {
        "type": "Bearer",
        "credentials_file": "secrets/remote-write-central.token",
    }
    assert configs[1]["basic_auth"] == {"username": "me", "password_file": "secrets/remote-write-second.password"}
    assert configs[2]["tls_config"] == {
        "cert_file": "secrets/remote-write-third.cert",
        "key_file": "secrets/remote-write-third.key",
    }


def test_nothing_follows_a_redirect_and_headers_are_texts() -> None:
    found = config(headers={"X-Scope-OrgID": 7}, proxy_url="http://proxy:3128")
    assert (found["follow_redirects"], found["headers"], found["proxy_url"]) == (
        False,
        {"X-Scope-OrgID": "7"},
        "http://proxy:3128",
    )


@pytest.mark.parametrize("board", ["llmmon-overview", "llmmon-operations", "llmmon-cost", "llmmon-hosts"])
def test_what_is_written_is_what_these_dashboards_read(board: str) -> None:
    """So that an engine that gets no more than that shows them."""
    asked = [dashboards.filled_in(expression) for expression in dashboards.expressions(dashboards.BOARDS[board])]
    assert len(asked) > 10
    names = {name for expression in asked for name in metric_names(expression)}
    assert {name for name in names if not re.fullmatch(RECORDED_NAMES, name)} == set()


@pytest.mark.parametrize("version", promtool.VERSIONS)
def test_prometheus_takes_the_whole_of_it(version: str, tmp_path: Path) -> None:
    tree = rendering.render_tree(
        llmmon_prometheus_external_labels={"site": "a"},
        llmmon_prometheus_version=version,
        llmmon_prometheus_rule_files=[],
        llmmon_remote_write=[
            {**ENGINE, "bearer_token": "made-up", "headers": {"X-Scope-OrgID": "team"}, "queue": {"max_shards": 3}},
            {**ENGINE, "name": "all", "send": "everything", "basic_auth": {"username": "u", "password": "p"}},
            {
                **ENGINE,
                "name": "way",
                "proxy_url": "http://p:1",
                "tls_config": {"server_name": "a", "min_version": "TLS13"},
            },
        ],
    )
    for name, content in tree.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    for name in ("remote-write-central.token", "remote-write-all.password", *_gateway_files(tree["prometheus.yml"])):
        (tmp_path / "secrets").mkdir(exist_ok=True)
        (tmp_path / "secrets" / name).write_text("made-up", encoding="utf-8")
    done = promtool.run(version, "check", "config", tmp_path / "prometheus.yml")
    assert done.returncode == 0, done.stdout + done.stderr


def _gateway_files(config_text: str) -> list[str]:
    return re.findall(r"secrets/(gateway-[^\"]+)", config_text)
