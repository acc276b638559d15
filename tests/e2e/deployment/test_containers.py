"""Settings of containers: what does not run never takes the place of what does."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.images import commit_mortal_image
from tests.e2e.killing import kill_with_module
from tests.support.stack import PLAY_SECONDS, Result, Stack
from tests.testbed import state
from tests.testbed.shell import wait_until

PROMETHEUS = ("--tags", "prometheus")
NAMES = "docker ps --all --format '{{.Names}}' | sort | tr '\\n' ' '"
CONTAINER = "docker inspect --format '{{.Id}} {{.State.Running}}' llmmon-prometheus"
MEMORY = "docker inspect --format '{{.HostConfig.Memory}} {{.HostConfig.MemorySwap}}' llmmon-prometheus"
GIGABYTE = 2**30


def deploy(stack: Stack, **variables: Any) -> Result:
    return stack.run("site.yml", *PROMETHEUS, variables=variables)


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        (
            {"llmmon_prometheus_extra_flags": ["--no-such-flag=1"]},
            [
                "unknown long flag '--no-such-flag'",
                "was not touched",
                "--no-such-flag=1 (llmmon_prometheus_extra_flags)",
            ],
        ),
        (
            {"llmmon_memory_limits": {"prometheus": "12m"}},
            ["its memory does not suffice", "was not touched", "memory (llmmon_memory_limits)"],
        ),
    ],
)
def test_what_does_not_start_never_replaces_what_runs(
    stack: Stack, variables: dict[str, Any], words: list[str]
) -> None:
    before, names = stack.fingerprint(), stack.on_host(NAMES)
    result = deploy(stack, **variables)
    assert result.code != 0, result.output
    for word in words:
        assert word in result.message, result.output
    assert stack.fingerprint() == before
    assert stack.on_host(NAMES) == names


def test_what_cannot_be_started_gives_its_place_back(stack: Stack) -> None:
    """Its flags and limits are right, but the host does not have that address."""
    before, names = stack.on_host(CONTAINER), stack.on_host(NAMES)
    result = deploy(stack, llmmon_bind_address="203.0.113.7")
    assert result.code != 0, result.output
    for word in ("203.0.113.7", "cannot assign requested address", "is back after", "ports (llmmon_bind_address"):
        assert word in result.message, result.output
    assert stack.on_host(CONTAINER) == before
    assert stack.on_host(NAMES) == names


def test_what_ends_after_a_while_gives_its_place_back(stack: Stack) -> None:
    image = state.read("images")["prometheus"]["image"]
    mortal = commit_mortal_image(stack, image, "prom/prometheus:mortal", "/bin/prometheus", 60)
    before, names = stack.on_host(CONTAINER), stack.on_host(NAMES)
    labels = {"llmmon_prometheus_external_labels": {"cluster": "mortal"}}
    result = deploy(stack, llmmon_prometheus_image=mortal, llmmon_stay_ready_seconds=180, **labels)
    assert result.code != 0, result.output
    for word in ("was ready, and ended soon after its start", "is back after", "(llmmon_prometheus_image)"):
        assert word in result.message, result.output
    assert stack.on_host(CONTAINER) == before
    assert stack.on_host(NAMES) == names
    # The configuration of the one that failed went with it.
    assert "mortal" not in stack.on_host("cat /etc/llmmon/prometheus/current/prometheus.yml")
    assert "mortal" not in stack.api(9090, "/api/v1/status/config")["data"]["yaml"]


def test_a_container_that_ends_again_and_again_is_no_proof(stack: Stack) -> None:
    """Killed once, as by a crash, it is up again at once; verify.yml has to see it all the same."""
    stack.on_host("kill -9 $(docker inspect --format '{{.State.Pid}}' llmmon-prometheus)")
    result = stack.run("verify.yml", variables={"llmmon_verify_timeout": 15})
    assert result.code != 0
    assert "the container of prometheus ended and was started anew by the engine, 1 time(s)" in result.message
    assert "the engine has started prometheus anew 1 time(s)" in stack.run("status.yml").message
    # Whoever starts it by hand begins to count anew.
    stack.on_host("docker restart llmmon-prometheus")


def test_a_first_start_that_fails_says_why_and_the_next_run_mends_it(stack: Stack) -> None:
    """There is nothing to go back to: it stays as it is, and what it was started with has proved nothing."""
    stack.on_host("docker rm -f llmmon-prometheus llmmon-prober")
    stack.on_host("rm /etc/llmmon/prometheus/running")
    result = deploy(stack, llmmon_prometheus_extra_flags=["--no-such-flag=1"])
    assert result.code != 0, result.output
    for word in ("llmmon-prometheus does not run: it ends", "unknown long flag '--no-such-flag'", "stays as it is"):
        assert word in result.message, result.output
    assert stack.on_host("ls /etc/llmmon/prometheus | grep -c running", check=False) == "0"
    result = deploy(stack)
    assert result.code == 0, result.output
    assert stack.on_host("readlink /etc/llmmon/prometheus/running") == stack.on_host(
        "readlink /etc/llmmon/prometheus/current"
    )


def test_memory_can_be_raised_and_lowered(stack: Stack) -> None:
    for limit, expected in (("512m", GIGABYTE // 2), ("3g", 3 * GIGABYTE)):
        result = deploy(stack, llmmon_memory_limits={"prometheus": limit})
        assert result.code == 0, result.output
        # No swap beside it.
        assert stack.on_host(MEMORY) == f"{expected} {expected}"
    assert deploy(stack).code == 0
    assert stack.on_host(MEMORY) == f"{2 * GIGABYTE} {2 * GIGABYTE}"


def test_a_killed_change_is_put_back_and_made(stack: Stack) -> None:
    """kill -9 while the changed container is being watched: the one of before is set aside at that moment."""
    before = stack.on_host(CONTAINER).split()[0]
    variables = {"llmmon_prometheus_extra_flags": ["--query.max-concurrency=7"], "llmmon_stay_ready_seconds": 300}
    kill_when_set_aside(stack, variables)
    assert "llmmon-prometheus-previous" in stack.on_host(NAMES)
    result = deploy(stack)
    assert result.code == 0, result.output
    assert stack.on_host(CONTAINER) == f"{before} true"
    assert "llmmon-prometheus-" not in stack.on_host(NAMES)


def kill_when_set_aside(stack: Stack, variables: dict[str, Any]) -> None:
    """Kill the play and its module once the old container has another name."""
    process = stack.start("site.yml", *PROMETHEUS, variables=variables)
    aside = "docker ps --all --format '{{.Names}}' | grep -c previous || true"
    try:
        wait_until(
            lambda: stack.on_host(aside) == "1" or process.poll() is not None,
            timeout=PLAY_SECONDS,
            what="The container that runs was not set aside",
        )
        assert process.poll() is None, process.communicate()[0]
    finally:
        if process.poll() is None:
            kill_with_module(process, stack)


def test_a_prober_that_runs_is_told_of_what_prometheus_starts_with(stack: Stack) -> None:
    """Both read one configuration: that Prometheus starts with it is no reason to leave the other out."""

    def reloads() -> int:
        return int(stack.on_host("docker logs llmmon-prober 2>&1 | grep -c 'Reloaded config file'", check=False))

    before = reloads()
    stack.on_host("docker rm -f llmmon-prometheus")
    result = stack.run("site.yml", "--tags", "prometheus", variables={"llmmon_prometheus_scrape_timeout": "1900ms"})
    assert result.code == 0, result.output
    assert reloads() == before + 1
    assert stack.on_host("readlink /etc/llmmon/prometheus/running") == stack.on_host(
        "readlink /etc/llmmon/prometheus/current"
    )
    result = stack.run("site.yml", "--tags", "prometheus")
    assert result.code == 0, result.output
    assert reloads() == before + 2
