"""inventories/ha: two hosts scrape the same gateway, and their Alertmanagers tell people once."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.support.stack import REPOSITORY, SSH_OPTIONS, TEST_INTERVALS, Stack, variables_of_the_testbed
from tests.testbed import hosts
from tests.testbed.shell import PATIENCE, wait_until

HOSTS = ("monitoring-1", "monitoring-2")


@pytest.fixture(scope="module")
def pair(fresh_stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Stack]]:
    """Two fresh hosts with Prometheus and Alertmanager, deployed from a copy of inventories/ha."""
    found = [hosts.create(f"{fresh_stack.host.name}-{name}") for name in HOSTS]
    folder = tmp_path_factory.mktemp("ha")
    target = folder / "inventory"
    shutil.copytree(REPOSITORY / "inventories" / "ha", target)
    connections = {
        name: {
            "ansible_host": host.address,
            "ansible_user": "operator",
            "ansible_ssh_private_key_file": host.private_key,
            "ansible_ssh_common_args": f"-o UserKnownHostsFile={host.known_hosts} {SSH_OPTIONS}",
        }
        for name, host in zip(HOSTS, found, strict=True)
    }
    (target / "hosts.yml").write_text(yaml.safe_dump({"llmmon": {"hosts": connections}}))
    settings = target / "group_vars" / "llmmon" / "main.yml"
    text = settings.read_text().replace("your-llm-auth-proxy-host:8000", fresh_stack.gateway.target)
    assert "kind: canonical" in text
    text = text.replace("kind: canonical", "kind: litellm").replace("metrics_path: /metrics", "metrics_path: /metrics/")
    settings.write_text(text)
    rules = folder / "always.yml"
    rules.write_text("groups: [{name: always, interval: 1s, rules: [{alert: ToldOnce, expr: vector(1)}]}]\n")
    variables = (
        variables_of_the_testbed()
        | TEST_INTERVALS
        | {
            "llmmon_services": ["prometheus", "alertmanager"],
            "llmmon_receivers": {"webhook": {"url": f"http://{fresh_stack.sinks.webhook}/ha"}},
            "llmmon_alertmanager_route": {"group_by": ["alertname"], "group_wait": "1s", "group_interval": "1s"},
            "llmmon_prometheus_rule_files": [str(rules)],
        }
    )
    (target / "group_vars" / "llmmon" / "testbed.yml").write_text(yaml.safe_dump(variables))
    stacks = [Stack(host, fresh_stack.gateway, fresh_stack.sinks, target, fresh_stack.environment) for host in found]
    result = stacks[0].run("site.yml")
    assert result.code == 0, result.output
    yield stacks
    for name in HOSTS:
        hosts.destroy(f"{fresh_stack.host.name}-{name}")


def alertmanager(stack: Stack, path: str) -> str:
    return stack.on_host(f"curl -sS --fail http://{stack.host.address}:9093{path}")


def test_a_second_run_changes_nothing(pair: list[Stack]) -> None:
    result = pair[0].run("site.yml")
    assert result.code == 0, result.output
    assert result.recap("changed") == 0, result.output


def test_hosts_may_run_ahead_of_each_other(pair: list[Stack]) -> None:
    """With Ansible's strategy `free` no host waits for another: something is changed on both, and changed back."""
    free = {"ANSIBLE_STRATEGY": "free"}
    changed = pair[0].run("site.yml", variables={"llmmon_prometheus_retention_time": "29d"}, environment=free)
    assert changed.code == 0, changed.output
    assert changed.recap("changed") > 0
    back = pair[0].run("site.yml", environment=free)
    assert back.code == 0, back.output


def test_the_alertmanagers_know_one_another(pair: list[Stack]) -> None:
    def know_each_other() -> bool:
        clusters = [json.loads(alertmanager(stack, "/api/v2/status"))["cluster"] for stack in pair]
        return all(len(cluster["peers"]) == 2 and cluster["status"] == "ready" for cluster in clusters)

    wait_until(know_each_other, timeout=PATIENCE, what="The Alertmanagers did not find each other")


def test_what_both_see_is_told_once(pair: list[Stack]) -> None:
    sinks = pair[0].sinks

    def told() -> list[str]:
        return [json.dumps(entry) for entry in sinks.records("webhook") if "ToldOnce" in json.dumps(entry)]

    def both_have_it_from_both() -> bool:
        """Each Alertmanager got the alert, and knows from its peer or itself that people were told."""
        for stack in pair:
            alerts = json.loads(alertmanager(stack, "/api/v2/alerts"))
            if "ToldOnce" not in {alert["labels"]["alertname"] for alert in alerts}:
                return False
        propagated = [alertmanager(stack, "/metrics") for stack in pair]
        return any("alertmanager_nflog_gossip_messages_propagated_total 0" not in page for page in propagated)

    wait_until(lambda: bool(told()), timeout=PATIENCE, what="Nobody was told")
    wait_until(both_have_it_from_both, timeout=PATIENCE, what="The Alertmanagers did not share what they know")
    assert len(told()) == 1
    for stack in pair:
        (alert,) = [
            alert
            for alert in json.loads(alertmanager(stack, "/api/v2/alerts"))
            if alert["labels"]["alertname"] == "ToldOnce"
        ]
        assert "replica" not in alert["labels"]


def test_the_services_listen_on_the_private_address_only(pair: list[Stack]) -> None:
    for stack in pair:
        listening = stack.on_host("ss -ltnH | awk '{print $4}'").split()
        assert f"{stack.host.address}:9094" in listening
        assert not [address for address in listening if address.startswith("0.0.0.0:9")]


def test_the_copy_of_the_inventory_is_a_real_one() -> None:
    """Placeholders that the fixture replaces are still what users find."""
    text = Path(REPOSITORY / "inventories" / "ha" / "group_vars" / "llmmon" / "main.yml").read_text()
    assert "your-llm-auth-proxy-host:8000" in text
