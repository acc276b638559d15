"""How the exporters of llmmon_hosts are scraped, and what is proved of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.plugin_utils.hosts import (
    host_proof,
    host_scrape_configs,
    host_secrets,
    place_of,
)

ONE: dict[str, Any] = {"name": "gpu-1", "node": "http://gpu-1:9100", "gpu": "https://gpu-1:9400/gpu/metrics"}
FLEET: dict[str, Any] = {"name": "fleet", "files": "yes"}


def configs(*hosts: dict[str, Any]) -> list[dict[str, Any]]:
    return host_scrape_configs(hosts, "/etc/llmmon/prometheus", 50000, True)


@pytest.mark.parametrize(
    ("url", "target", "page"),
    [
        ("http://a:9100", "a:9100", "http://a:9100/metrics"),
        ("http://a:9100/", "a:9100", "http://a:9100/metrics"),
        ("https://a", "a:443", "https://a:443/metrics"),
        ("http://a/x", "a:80", "http://a:80/x"),
        ("http://[fd00::1]:9400", "[fd00::1]:9400", "http://[fd00::1]:9400/metrics"),
    ],
)
def test_where_a_page_is(url: str, target: str, page: str) -> None:
    assert (place_of(url).target, place_of(url).url) == (target, page)


def test_a_machine_has_a_job_for_each_exporter() -> None:
    node, gpu = configs({**ONE, "bearer_token": "a-secret", "tls_config": {"insecure_skip_verify": "yes"}})
    assert (node["job_name"], gpu["job_name"]) == ("host-node-gpu-1", "host-gpu-gpu-1")
    assert node["static_configs"] == [{"targets": ["gpu-1:9100"], "labels": {"job": "host-node", "host": "gpu-1"}}]
    assert gpu["static_configs"] == [{"targets": ["gpu-1:9400"], "labels": {"job": "host-gpu", "host": "gpu-1"}}]
    assert (node["scheme"], gpu["scheme"], gpu["metrics_path"]) == ("http", "https", "/gpu/metrics")
    for job in (node, gpu):
        assert job["authorization"] == {"type": "Bearer", "credentials_file": "secrets/host-gpu-1.token"}
        assert job["tls_config"] == {"insecure_skip_verify": True}
        assert (job["follow_redirects"], job["sample_limit"]) == (False, 50000)
        assert job["fallback_scrape_protocol"] == "PrometheusText0.0.4"
    assert "a-secret" not in str((node, gpu))
    # Prometheus 2 does not know the key.
    (old,) = host_scrape_configs([{**ONE, "gpu": None}], "/", 1, False)
    assert "fallback_scrape_protocol" not in old


def test_a_fleet_is_what_files_say() -> None:
    node, gpu = configs(FLEET)
    place = "/etc/llmmon/prometheus/own.d"
    assert node["file_sd_configs"] == [
        {"files": [f"{place}/fleet-node*.yml", f"{place}/fleet-node*.yaml", f"{place}/fleet-node*.json"]}
    ]
    assert gpu["relabel_configs"][0] == {"target_label": "job", "replacement": "host-gpu"}


def test_secrets_are_files(tmp_path: Path) -> None:
    (tmp_path / "fleet.token").write_text("another\n")
    hosts = [{**ONE, "bearer_token": "a-secret"}, {**FLEET, "bearer_token_file": "fleet.token"}]
    assert host_secrets(hosts, [str(tmp_path)]) == {"host-gpu-1.token": "a-secret", "host-fleet.token": "another"}


def test_what_is_to_be_proved() -> None:
    urls = {"host-node": ["http://gpu-1:9100/metrics"], "host-gpu": ["https://gpu-1:9400/gpu/metrics"]}
    both = ["host-node", "host-gpu"]
    assert host_proof([ONE]) == {"jobs": both, "scrape_urls": urls, "host_jobs": both}
    assert host_proof([{**ONE, "gpu": None}])["host_jobs"] == ["host-node"]
    # A fleet may have no targets.
    assert host_proof([FLEET]) == {"jobs": [], "scrape_urls": {}, "host_jobs": both}
    assert host_proof([]) == {"jobs": [], "scrape_urls": {}, "host_jobs": []}
