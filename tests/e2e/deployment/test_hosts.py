"""A real node_exporter is watched as a machine under the models, by its URL and by a file of targets."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.stack import Stack
from tests.testbed import state
from tests.testbed.shell import PATIENCE, wait_until

MACHINE = "machine"
FILE = "/etc/llmmon/prometheus/own.d/fleet-node-a.yml"
GATEWAY = "llm-auth-proxy"


def hosts(port: int) -> dict[str, Any]:
    return {
        "llmmon_hosts": [
            {"name": MACHINE, "node": f"http://{MACHINE}:{port}", "gateways": [GATEWAY]},
            {"name": "fleet", "files": True},
        ],
        "llmmon_verify_timeout": 40,
    }


@pytest.fixture
def machine(stack: Stack) -> Iterator[str]:
    """What exports the metrics of the host, and a file that names it again; afterwards the stack is as it was."""
    image = state.read("images")["node_exporter"]["image"]
    stack.on_host(
        f"docker run --detach --name {MACHINE} --network llmmon --volume /:/host:ro {image} --path.rootfs=/host"
    )
    stack.on_host(f"echo '[{{targets: [\"{MACHINE}:9100\"], labels: {{host: named}}}}]' > {FILE}")
    try:
        yield MACHINE
    finally:
        stack.on_host(f"rm -f {FILE}; docker rm --force --volumes {MACHINE}")
        result = stack.run("site.yml")
        assert result.code == 0, result.output


def test_a_machine_is_watched_and_named_when_it_is_out_of_reach(stack: Stack, machine: str) -> None:
    result = stack.run("site.yml", variables={**hosts(9100), "llmmon_verify_timeout": PATIENCE})
    assert result.code == 0, result.output
    assert "host-node" in result.message, result.output
    joined = f'host:memory_used:ratio and on (host) job_host:llmmon_host:info{{job="{GATEWAY}", host="{machine}"}}'
    others = (
        f'host_mountpoint:disk_used:ratio{{host="{machine}"}}',
        'up{job="host-node", host="named", fleet="fleet"} == 1',
    )

    def watched() -> bool:
        memory = stack.query(joined)
        return bool(memory) and 0 < float(memory[0]["value"][1]) < 1 and all(map(stack.query, others))

    wait_until(watched, timeout=PATIENCE, what="The machine's memory and disks were not recorded, or not by its name")
    wrong = stack.run("site.yml", "--tags", "prometheus,verify", variables=hosts(9101))
    assert wrong.code != 0, wrong.output
    for words in (f"host-node of {machine} {machine}:9101: refused (", "host and port of its URL in llmmon_hosts"):
        assert words in wrong.message, wrong.output
