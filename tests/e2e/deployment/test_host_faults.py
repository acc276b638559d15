"""What goes wrong on the host: said, and put right by the next run."""

from __future__ import annotations

import re
import time

from tests.e2e.killing import kill_when
from tests.support.stack import SECRETS, Stack
from tests.testbed import hosts
from tests.testbed.shell import PATIENCE, wait_until

PROMETHEUS = ("--tags", "prometheus")


def run_and_expect_success(stack: Stack, *arguments: str) -> str:
    result = stack.run("site.yml", *arguments)
    assert result.code == 0, result.output
    return result.message


def test_a_port_that_is_taken(stack: Stack) -> None:
    before = stack.fingerprint()
    stack.on_host("systemd-run --unit=squatter --quiet python3 -m http.server 9777 --bind 127.0.0.1")
    wait_until(lambda: "9777" in stack.on_host("ss -ltn"), timeout=PATIENCE, what="Nothing listened on port 9777")
    try:
        result = stack.run("site.yml", variables={"llmmon_prometheus_port": 9777})
        assert result.code != 0
        for word in ("port 9777 on 127.0.0.1 is taken by python3", "llmmon_prometheus_port"):
            assert word in result.message, result.output
        assert stack.fingerprint() == before
    finally:
        stack.on_host("systemctl stop squatter")


def test_the_admin_password_changed_by_hand_is_made_true_again(stack: Stack) -> None:
    password = SECRETS["GRAFANA_ADMIN_PASSWORD"]
    change = '{"oldPassword":"' + password + '","newPassword":"changed-by-hand"}'
    stack.on_host(
        f"curl -sSf -u 'admin:{password}' -X PUT -H 'Content-Type: application/json'"
        f" http://127.0.0.1:3000/api/user/password --data '{change}'"
    )
    status = "curl -s -o /dev/null -w '%{http_code}' -u 'admin:" + password + "' http://127.0.0.1:3000/api/user"
    assert stack.on_host(status) == "401"
    run_and_expect_success(stack, "--tags", "grafana")
    assert stack.on_host(status) == "200"


def test_a_killed_run_is_made_up_for(stack: Stack) -> None:
    """kill -9 between the switch of the configuration and its reload: files and service disagree until the next run."""
    folder = "/etc/llmmon/prometheus"
    before = stack.on_host(f"readlink {folder}/running")
    change = {"llmmon_prometheus_external_labels": {"cluster": "killed"}}
    kill_when(f"content('{folder}/current') != {before!r}", stack, "site.yml", *PROMETHEUS, variables=change)
    assert stack.on_host(f"readlink {folder}/current") != before
    assert stack.on_host(f"readlink {folder}/running") == before, "the reload was proved before the kill"
    result = stack.run("site.yml", *PROMETHEUS, variables=change)
    assert result.code == 0, result.output
    assert stack.on_host(f"readlink {folder}/current") == stack.on_host(f"readlink {folder}/running")
    assert "cluster: killed" in stack.api(9090, "/api/v1/status/config")["data"]["yaml"]
    run_and_expect_success(stack, *PROMETHEUS)
    assert "killed" not in stack.api(9090, "/api/v1/status/config")["data"]["yaml"]


def test_a_release_left_half_written_is_cleared_away(stack: Stack) -> None:
    """kill -9 while a release is written: it lies beside the current one and is not part of anything."""
    leftover = time.strftime("%Y%m%dT%H%M%S.999999Z", time.gmtime())
    stack.on_host(f"mkdir -p /etc/llmmon/prometheus/{leftover}/rules")
    run_and_expect_success(stack, *PROMETHEUS)
    assert stack.on_host(f"ls -d /etc/llmmon/prometheus/{leftover} 2>/dev/null | wc -l") == "0"


def test_files_edited_or_locked_by_hand_are_put_right(stack: Stack) -> None:
    current = "/etc/llmmon/prometheus/current"
    stack.on_host(f"echo '# mine' >> {current}/prometheus.yml && chmod 000 {current}/secrets/*")
    message = run_and_expect_success(stack, *PROMETHEUS)
    assert "Changed by hand below /etc/llmmon/prometheus/current" in message
    assert "# mine" not in stack.on_host(f"cat {current}/prometheus.yml")
    assert stack.on_host(f"stat -L -c '%a %u %g' {current}/secrets/*") == "440 0 65534"


def test_a_killed_container_comes_back(stack: Stack) -> None:
    stack.on_host("docker rm --force llmmon-alertmanager")
    status = stack.run("status.yml")
    assert "alertmanager has no container: run site.yml" in status.message
    run_and_expect_success(stack, "--tags", "alertmanager")
    health = "docker inspect --format '{{.State.Health.Status}}' llmmon-alertmanager"
    wait_until(lambda: stack.on_host(health) == "healthy", timeout=PATIENCE, what="Alertmanager did not become healthy")


def test_a_service_that_crashes_after_a_reload_is_started_again(stack: Stack) -> None:
    """The engine takes a SIGHUP for a wish to stop, unless the container is made so that it does not."""
    labels = {"llmmon_prometheus_external_labels": {"reloaded": "yes"}}
    result = stack.run("site.yml", *PROMETHEUS, variables=labels)
    assert result.code == 0, result.output
    started = "docker inspect --format '{{.State.StartedAt}} {{.State.Health.Status}}' llmmon-prometheus"
    before = stack.on_host(started).split()[0]
    stack.on_host("kill -9 $(docker inspect --format '{{.State.Pid}}' llmmon-prometheus)")

    def back() -> bool:
        now = stack.on_host(started).split()
        return now[0] != before and now[1] == "healthy"

    wait_until(back, timeout=PATIENCE, what="Prometheus did not come back after a crash")


def test_an_engine_that_does_not_run_is_named_and_started(stack: Stack) -> None:
    stack.on_host("systemctl stop docker.socket docker.service")
    result = stack.run("verify.yml")
    assert result.code != 0
    assert "the container engine does not answer" in result.message
    assert "systemctl start docker" in result.message
    run_and_expect_success(stack)
    assert stack.on_host("systemctl is-active docker.service") == "active"


def test_a_reboot_brings_everything_back(stack: Stack) -> None:
    hosts.restart(stack.host.name)
    asked = {"llmmon_verify_timeout": PATIENCE, "llmmon_verify_panels": True}
    result = stack.run("verify.yml", variables=asked)
    assert result.code == 0, result.output
    # Every alert of a stack that works, and every panel of its dashboards.
    assert re.search(r"alerts: \d+ can fire(?!,)", result.message), result.output
    assert re.search(r"panels: \d+ have data", result.message), result.output
