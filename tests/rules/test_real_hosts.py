"""A real Prometheus scrapes a real node_exporter, and pages as GPU exporters document them, as a deployment says."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Lock
from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.clients.http import Connection, HttpClient
from ansible_collections.llmmon.stack.plugins.module_utils.host.places import OWN
from ansible_collections.llmmon.stack.plugins.module_utils.host.waiting import wait_for
from ansible_collections.llmmon.stack.plugins.module_utils.proof.errors import NotProved
from ansible_collections.llmmon.stack.plugins.module_utils.proof.targets import verify_targets
from ansible_collections.llmmon.stack.plugins.plugin_utils.hosts import host_proof, host_scrape_configs

from tests.rules import promtool
from tests.support import prometheus, rendering, services
from tests.support.loopback import Answer, Server, unused_port

# Made from the names of etc/default-counters.csv of dcgm-exporter, and of docs/METRICS.md of nvidia_gpu_exporter as it
# answers where nvidia-smi fails. No GPU took part.
DCGM = """\
# TYPE DCGM_FI_DEV_GPU_UTIL gauge
DCGM_FI_DEV_GPU_UTIL{gpu="0",UUID="GPU-a",pci_bus_id="00000000:07:00.0",device="nvidia0",modelName="NVIDIA H100"} 90
DCGM_FI_DEV_FB_USED{gpu="0",UUID="GPU-a",pci_bus_id="00000000:07:00.0",device="nvidia0",modelName="NVIDIA H100"} 70000
DCGM_FI_DEV_FB_FREE{gpu="0",UUID="GPU-a",pci_bus_id="00000000:07:00.0",device="nvidia0",modelName="NVIDIA H100"} 10000
"""
WITHOUT_DRIVER = "nvidia_smi_failed_scrapes_total 3\nnvidia_smi_command_exit_code 9\n"
PATIENCE = 30
VERSIONS = (promtool.VERSIONS[0], promtool.VERSION)
# Ansible's templating is not made for threads.
rendering_at_a_time = Lock()


def test_machines_are_watched_whatever_a_file_of_targets_says(tmp_path: Path) -> None:
    """Both versions at once, since they mostly wait."""
    with ThreadPoolExecutor() as pool:
        results = [pool.submit(watch, version, tmp_path / version) for version in VERSIONS]
        assert [result.result() for result in results] == [3, 3]


def watch(version: str, tmp_path: Path) -> int:
    """How many targets there were in the end."""
    tmp_path.mkdir()
    with services.node_exporter(tmp_path / "node.log") as node, Server() as pages:
        pages.answers["GET /metrics"] = Answer(body=DCGM.encode(), content_type="text/plain")
        pages.answers["GET /none"] = Answer(body=WITHOUT_DRIVER.encode(), content_type="text/plain")
        hosts: list[dict[str, Any]] = [
            {"name": "gpu-1", "node": node, "gpu": f"{pages.url}/metrics", "gateways": ["vllm"]},
            {"name": "fleet", "files": True},
        ]
        write_configuration(tmp_path, version, hosts)
        with prometheus.running(version, tmp_path) as server:
            watched(server, hosts, tmp_path / OWN / "fleet-gpu-a.yml", pages)
            return len(server.get("targets", state="active")["activeTargets"])


def watched(server: prometheus.Server, hosts: list[dict[str, Any]], file: Path, pages: Server) -> None:
    prove(server, hosts)
    recorded = (
        "host:gpus:count == 1 and on (host) host:memory_used:ratio and on (host) host_mountpoint:disk_used:ratio"
        ' and on (host) job_host:llmmon_host:info{job="vllm"} and on (host) host_gpu:gpu_memory_used:ratio == 0.875'
    )
    until(lambda: [labels["host"] for labels, _ in server.query(recorded)] == ["gpu-1"])
    # What a file says of job does not count.
    labels = {"host": "gpu-9", "job": "mine", "__metrics_path__": "/none"}
    file.write_text(json.dumps([{"targets": [pages.address], "labels": labels}]), encoding="utf-8")
    in_file = 'up{job="host-gpu", host="gpu-9", fleet="fleet"} == 1'
    until(lambda: len(server.query(in_file)) == 1)
    with pytest.raises(NotProved, match="the GPU exporter of gpu-9 answers, but shows no GPU: run nvidia-smi on gpu-9"):
        prove(server, hosts)
    # Prometheus goes on with what it said before.
    file.write_text("- targets: [half of it", encoding="utf-8")
    until(lambda: metric(server, "prometheus_sd_file_read_errors_total") > 0)
    assert server.is_ready()
    until(lambda: len(server.query(in_file)) == 1)
    # Without a host in it the address is the host's name.
    away = f"127.0.0.1:{unused_port()}"
    file.write_text(json.dumps([{"targets": [away]}]), encoding="utf-8")
    until(lambda: len(server.query('up{job="host-gpu", host="127.0.0.1"} == 0')) == 1)
    # The others may be scraped too late for a proof that does not wait long.
    wanted = f"1 of 3 scrape targets are not up. host-gpu of 127.0.0.1 {away}: refused"

    def refused() -> str | None:
        try:
            prove(server, hosts, timeout=2)
        except NotProved as error:
            return str(error) if wanted in str(error) else None
        return None

    told = wait_for(refused, PATIENCE)
    assert told
    assert "correct host and port of its URL in llmmon_hosts; a GPU exporter may end by itself" in told


def prove(server: prometheus.Server, hosts: list[dict[str, Any]], timeout: float = PATIENCE) -> None:
    nothing = {"own_jobs": [], "gateways": {}, "idle_gateways": [], "kinds": {}, "usual_paths": {}, "fresh": True}
    found = verify_targets(HttpClient(Connection(url=server.url)), {**nothing, **host_proof(hosts)}, timeout)
    assert found["up"] == found["total"]


def until(condition: Callable[[], bool]) -> None:
    assert wait_for(lambda: condition() or None, PATIENCE, interval=0.2)


def metric(server: prometheus.Server, name: str) -> float:
    page = HttpClient(Connection(url=server.url)).text("/metrics")
    return next((float(line.split()[1]) for line in page.splitlines() if line.startswith(f"{name} ")), 0)


def write_configuration(folder: Path, version: str, hosts: list[dict[str, Any]]) -> None:
    gateways = [{"name": "vllm", "kind": "vllm", "targets": ["vllm.example:8000"]}]
    with rendering_at_a_time:
        rules = rendering.render_rules(
            llmmon_gateways=gateways, llmmon_hosts=hosts, llmmon_prometheus_rule_interval="1s"
        )
    jobs = host_scrape_configs(hosts, str(folder), 50000, version.startswith("3."))
    (folder / OWN).mkdir()
    (folder / "current" / "rules").mkdir(parents=True)
    (folder / "current" / "rules" / "hosts.yml").write_text(rules["hosts.yml"], encoding="utf-8")
    settings = {"global": {"scrape_interval": "1s", "scrape_timeout": "1s"}, "rule_files": ["rules/*.yml"]}
    (folder / "current" / "prometheus.yml").write_text(json.dumps({**settings, "scrape_configs": jobs}), "utf-8")
