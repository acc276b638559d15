"""inventories/scale: two hosts scrape, a third shows both as one, and history is in a bucket."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any
from urllib.parse import quote

import pytest
import yaml

from tests.bench.no_change import counted, place_counter
from tests.support.stack import REPOSITORY, SSH_OPTIONS, TEST_INTERVALS, Stack, variables_of_the_testbed
from tests.testbed import hosts, storage
from tests.testbed.shell import PATIENCE, wait_until
from tests.testbed.storage import Storage

ROLES = {"scraping": ("scraping-1", "scraping-2"), "querying": ("querying-1",)}
# Some hours before now, which Prometheus has never scraped; where a block begins, so that all of it is in one.
HISTORY = int(time.time()) // 7200 * 7200 - 6 * 3600
MOST_MODULE_RUNS = 20
# Of what comes every 2 s one or two may be late.
LONGEST_PAUSE = 8
# When the querier changes over to the other host's samples, it leaves out those of twice the time between the last two.
AWAY_SECONDS, LONGEST_PAUSE_SHOWN = 60, 25


@dataclass(frozen=True)
class Scale:
    """The three hosts and the bucket."""

    first: Stack
    second: Stack
    querying: Stack
    bucket: Storage

    def ask(self, expression: str, *, deduplicated: bool = True, at: float | None = None) -> list[dict[str, Any]]:
        """Samples of an instant query to the querier."""
        when = f"&time={at}" if at is not None else ""
        path = f"/api/v1/query?query={quote(expression)}&dedup={str(deduplicated).lower()}{when}"
        answer = self.querying.on_host(
            f"curl -sS --fail --max-time 60 'http://{self.querying.host.address}:10904{path}'"
        )
        found: list[dict[str, Any]] = json.loads(answer)["data"]["result"]
        return found


def longest_pause(scale: Scale, job: str, begun: float, *, deduplicated: bool) -> float:
    """Seconds since a moment without a sample of a gateway: as the querier shows both hosts as one, or of either."""
    now = time.time()
    found = scale.ask(f'up{{job="{job}"}}[{int(now - begun)}s]', deduplicated=deduplicated, at=now)
    assert len(found) == 1 or not deduplicated, found
    moments = sorted({begun, now} | {float(moment) for series in found for moment, _ in series["values"]})
    return max(later - earlier for earlier, later in pairwise(moments))


@pytest.fixture(scope="module")
def bucket(fresh_stack: Stack) -> Iterator[Storage]:
    name = f"{fresh_stack.host.name}-storage"
    yield storage.start_storage(name)
    storage.stop_storage(name)


@pytest.fixture(scope="module")
def scale(fresh_stack: Stack, bucket: Storage, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scale]:
    """Three fresh hosts, deployed from a copy of inventories/scale."""
    names = [name for group in ROLES.values() for name in group]
    found = {name: hosts.create(f"{fresh_stack.host.name}-{name}") for name in names}
    target = tmp_path_factory.mktemp("scale") / "inventory"
    shutil.copytree(REPOSITORY / "inventories" / "scale", target)
    connections = {
        name: {
            "ansible_host": host.address,
            "ansible_user": "operator",
            "ansible_ssh_private_key_file": host.private_key,
            "ansible_ssh_common_args": f"-o UserKnownHostsFile={host.known_hosts} {SSH_OPTIONS}",
        }
        for name, host in found.items()
    }
    groups = {group: {"hosts": {name: connections[name] for name in members}} for group, members in ROLES.items()}
    (target / "hosts.yml").write_text(yaml.safe_dump({"llmmon": {"children": groups}}))
    settings = target / "group_vars" / "llmmon" / "main.yml"
    text = settings.read_text()
    for placeholder, real in (
        ("your-llm-auth-proxy-host:8000", fresh_stack.gateway.target),
        ("kind: canonical", "kind: litellm"),
        ("metrics_path: /metrics", "metrics_path: /metrics/"),
        ("your-object-storage-host:9000", bucket.endpoint),
        ("  bucket: llmmon\n", "  bucket: llmmon\n  insecure: true\n"),
    ):
        assert placeholder in text
        text = text.replace(placeholder, real)
    settings.write_text(text)
    variables = variables_of_the_testbed() | TEST_INTERVALS
    variables |= {"llmmon_receivers": {"webhook": {"url": f"http://{fresh_stack.sinks.webhook}/scale"}}}
    (target / "group_vars" / "llmmon" / "testbed.yml").write_text(yaml.safe_dump(variables))
    environment = fresh_stack.environment | {
        "THANOS_ACCESS_KEY": bucket.access_key,
        "THANOS_SECRET_KEY": bucket.secret_key,
    }
    first, second, querying = (
        Stack(found[name], fresh_stack.gateway, fresh_stack.sinks, target, environment) for name in names
    )
    result = first.run("site.yml")
    assert result.code == 0, result.output
    assert "Thanos: store, compact, query ready; the bucket lets them in; the querier reaches" in result.message
    assert bucket.secret_key not in result.output
    yield Scale(first, second, querying, bucket)
    for name in names:
        hosts.destroy(f"{fresh_stack.host.name}-{name}")


def test_a_second_run_changes_nothing_and_is_cheap(scale: Scale) -> None:
    stacks = (scale.first, scale.second, scale.querying)
    [interpreter] = {json.dumps(place_counter(stack)) for stack in stacks}
    result = scale.first.run("site.yml", variables=json.loads(interpreter))
    assert result.code == 0, result.output
    assert result.recap("changed") == 0, result.output
    counts = [counted(stack) for stack in stacks]
    assert all(2 <= count <= MOST_MODULE_RUNS for count in counts), counts


def test_the_querier_shows_two_replicas_as_one(scale: Scale) -> None:
    expression = 'up{job="llm-auth-proxy"}'
    wait_until(
        lambda: len(scale.ask(expression, deduplicated=False)) == 2,
        timeout=PATIENCE,
        what="The querier did not show what each host scrapes",
    )
    shown = scale.ask(expression)
    assert len(shown) == 1
    assert "prometheus_replica" not in shown[0]["metric"]


def test_the_gap_of_one_host_is_filled_by_the_other(scale: Scale) -> None:
    scale.first.on_host("docker stop llmmon-prometheus")
    stopped = time.time()
    try:
        # Many scrapes long.
        wait_until(
            lambda: time.time() - stopped > AWAY_SECONDS and len(scale.ask('up{job="llm-auth-proxy"}')) == 1,
            timeout=PATIENCE,
            what="The querier did not go on showing the gateway",
        )
    finally:
        scale.first.on_host("docker start llmmon-prometheus")
    assert longest_pause(scale, "llm-auth-proxy", stopped, deduplicated=True) <= LONGEST_PAUSE_SHOWN
    wait_until(
        lambda: len(scale.ask('up{job="llm-auth-proxy"}', deduplicated=False)) == 2,
        timeout=PATIENCE,
        what="The querier did not find the host again",
    )


def test_history_is_uploaded_and_read_when_its_host_has_lost_it(scale: Scale) -> None:
    text = f"# TYPE e2e_history gauge\ne2e_history 1 {HISTORY}\ne2e_history 2 {HISTORY + 60}\n# EOF\n"
    data = "/var/lib/llmmon/prometheus"
    scale.first.on_host(f"printf '{text}' | tr -d '\\r' > {data}/history.om; chmod 644 {data}/history.om")
    made = "promtool tsdb create-blocks-from openmetrics /prometheus/history.om /prometheus"
    scale.first.on_host(f"docker exec llmmon-prometheus {made}; rm {data}/history.om")

    def uploaded() -> list[str]:
        return [name for name in scale.bucket.objects() if len(name) == 26]

    wait_until(lambda: bool(uploaded()), timeout=PATIENCE, what="No block was uploaded")
    status = scale.first.run("status.yml")
    assert status.code == 0, status.output
    assert "last block uploaded 0." in status.message
    [block] = uploaded()
    scale.first.on_host(f"rm -r {data}/{block}; docker restart llmmon-prometheus llmmon-thanos-sidecar")
    # It looks every quarter of an hour, and when it starts.
    scale.querying.on_host("docker restart llmmon-thanos-store")
    wait_until(
        lambda: [sample["value"][1] for sample in scale.ask("e2e_history", at=HISTORY + 61)] == ["2"],
        timeout=PATIENCE,
        what="The store gateway did not show what is in the bucket",
    )


def test_grafana_reads_the_querier(scale: Scale) -> None:
    path = "/api/datasources/uid/llmmon_prometheus"
    user = f"admin:{scale.querying.environment['GRAFANA_ADMIN_PASSWORD']}"
    answer = scale.querying.on_host(f"curl -sS --fail -u '{user}' http://{scale.querying.host.address}:3000{path}")
    assert json.loads(answer)["url"] == "http://llmmon-thanos-query:10902"


def test_no_query_fails_while_the_querier_is_changed(scale: Scale) -> None:
    """Grafana asks once a second; meanwhile a run changes the querier, which takes seconds to start."""
    asked = quote('up{job="llm-auth-proxy"}')
    path = f"/api/datasources/proxy/uid/llmmon_prometheus/api/v1/query?query={asked}"
    user = f"admin:{scale.querying.environment['GRAFANA_ADMIN_PASSWORD']}"
    url = f"http://{scale.querying.host.address}:3000{path}"
    asking = (
        "rm -f /tmp/asked /tmp/enough; while [ ! -e /tmp/enough ]; do"
        f" curl -sS -m 10 -o /dev/null -w '%{{http_code}}\n' -u '{user}' '{url}' >> /tmp/asked; sleep 1; done"
    )
    scale.querying.on_host(f'systemd-run --quiet --unit=asking sh -c "{asking}"')
    try:
        wait_until(lambda: bool(answered(scale)), timeout=PATIENCE, what="Grafana did not answer")
        result = scale.querying.run(
            "site.yml", "--limit", "querying", variables={"llmmon_thanos_memory_limits": {"query": "900m"}}
        )
        assert result.code == 0, result.output
        assert result.recap("changed") > 0
    finally:
        scale.querying.on_host("touch /tmp/enough")
    answers = answered(scale)
    assert set(answers) == {"200"}, answers
    assert len(answers) > 5
    assert "meanwhile" not in scale.querying.on_host("docker ps --all --format '{{.Names}}'")


def answered(scale: Scale) -> list[str]:
    """The HTTP status of each query so far."""
    return scale.querying.on_host("cat /tmp/asked 2>/dev/null || true").split()


def test_a_key_that_the_bucket_does_not_take_changes_nothing(scale: Scale) -> None:
    def running() -> str:
        return scale.querying.on_host("docker ps --format '{{.ID}} {{.Names}}' --filter name=thanos | sort")

    before = running()
    result = scale.querying.run("site.yml", environment={"THANOS_SECRET_KEY": "wrong-5ecret-key"})
    assert result.code != 0
    assert "it does not take the key: correct access_key and secret_key" in result.message, result.output
    assert "wrong-5ecret-key" not in result.output
    assert running() == before


def test_two_compactors_are_refused_before_anything_is_touched(scale: Scale) -> None:
    components = {"llmmon_thanos_components": ["compact"]}
    result = scale.first.run("site.yml", variables=components)
    assert result.code != 0
    assert "has compact here and on" in result.message, result.output
    assert result.recap("changed") == 0


def test_a_bucket_that_is_away_is_named_and_alerts_go_on(scale: Scale) -> None:
    container = storage.container_of(scale.bucket.name)
    assert container is not None
    container.stop(timeout=5)
    try:
        result = scale.first.run("verify.yml", variables={"llmmon_verify_timeout": 40})
        assert result.code != 0
        assert "the bucket of llmmon_thanos_object_storage cannot be read:" in result.message, result.output
        # The last days are the sidecars' to show, and alerts are each Prometheus's own.
        assert len(scale.ask('up{job="llm-auth-proxy"}')) == 1
        assert scale.ask('ALERTS{alertname="Watchdog"}')
    finally:
        container.start()
    wait_until(lambda: scale.first.run("verify.yml").code == 0, timeout=PATIENCE, what="The bucket was not read again")


def test_a_restore_uploads_nothing_that_the_bucket_has_had(scale: Scale) -> None:
    """The compactor deletes what it has put together: uploaded once more, it would overlap with that."""
    limited = ("--limit", "scraping-2")
    backup = scale.second.run("backup.yml", *limited)
    assert backup.code == 0, backup.output
    archive = scale.second.on_host("ls /var/backups/llmmon/*_full.tar.gz | tail -n 1")
    before = scale.bucket.objects()
    result = scale.second.run("restore.yml", *limited, variables={"archive": archive, "confirm": "yes"})
    assert result.code == 0, result.output
    data = "/var/lib/llmmon/prometheus"
    noted = json.loads(scale.second.on_host(f"cat {data}/thanos.shipper.json"))["uploaded"]
    blocks = [name for name in scale.second.on_host(f"ls {data}").split() if len(name) == 26]
    assert blocks
    assert sorted(noted) == sorted(blocks)

    def looked() -> bool:
        """The sidecar looks for blocks every half minute, and counts how often."""
        page = scale.second.on_host(f"curl -sS http://{scale.second.host.address}:10902/metrics")
        syncs = [line.split()[1] for line in page.splitlines() if line.startswith("thanos_shipper_dir_syncs_total ")]
        return bool(syncs) and float(syncs[0]) >= 2

    wait_until(looked, timeout=PATIENCE, what="The sidecar did not look for blocks")
    assert sorted(scale.bucket.objects()) == sorted(before)
    # A run of a part of the hosts knows what the others are.
    again = scale.second.run("site.yml", *limited)
    assert (again.code, again.recap("changed")) == (0, 0), again.output


def test_gateways_are_shared_and_moved_without_a_gap(scale: Scale) -> None:
    """Each on both hosts, then each on one: who keeps a gateway goes on scraping it."""
    names = ["litellm-a", "litellm-b", "litellm-c", "litellm-d"]
    gateway = {
        "kind": "litellm",
        "targets": [scale.first.gateway.target],
        "metrics_path": "/metrics/",
        "bearer_token": scale.first.gateway.token,
    }
    variables: dict[str, Any] = {
        "llmmon_gateways": [{"name": name, **gateway} for name in names],
        "llmmon_shard": True,
        "llmmon_replicas": 2,
    }
    assert scale.first.run("site.yml", variables=variables).code == 0
    wait_until(
        lambda: all(set(names) <= stack.jobs() for stack in (scale.first, scale.second)),
        timeout=PATIENCE,
        what="Not every gateway is scraped by both hosts",
    )
    started = "docker inspect --format '{{.State.StartedAt}}' llmmon-prometheus"
    before = [stack.on_host(started) for stack in (scale.first, scale.second)]
    begun = time.time()
    moved = scale.first.run("site.yml", variables={**variables, "llmmon_replicas": 1})
    assert moved.code == 0, moved.output

    def each_on_one() -> bool:
        first, second = (set(names) & stack.jobs() for stack in (scale.first, scale.second))
        return first | second == set(names) and not first & second and bool(first) and bool(second)

    wait_until(each_on_one, timeout=PATIENCE, what="The gateways were not shared")
    second = set(names) & scale.second.jobs()
    for name in names:
        assert longest_pause(scale, name, begun, deduplicated=False) <= LONGEST_PAUSE, name
        assert longest_pause(scale, name, begun, deduplicated=True) <= LONGEST_PAUSE_SHOWN, name
    assert [stack.on_host(started) for stack in (scale.first, scale.second)] == before
    rules = [
        rule["query"] for group in scale.first.api(9090, "/api/v1/rules")["data"]["groups"] for rule in group["rules"]
    ]
    assert not [rule for rule in rules for name in second if f'"{name}"' in rule]
    refused = scale.first.run("site.yml", variables={**variables, "llmmon_replicas": 3})
    assert refused.code != 0
    assert "llmmon_replicas is 3, but llmmon_shard is true on 2 host(s)" in refused.message


def test_uninstall_leaves_the_bucket_alone(scale: Scale) -> None:
    before = sorted(scale.bucket.objects())
    assert before
    result = scale.querying.run("uninstall.yml", "--limit", "querying", variables={"confirm": "yes"})
    assert result.code == 0, result.output
    assert "thanos" not in scale.querying.on_host("docker ps --all --format '{{.Names}}'; ls /etc /var/lib")
    assert sorted(scale.bucket.objects()) == before


def test_the_copy_of_the_inventory_is_a_real_one() -> None:
    """Placeholders that the fixture replaces are still what users find."""
    text = (REPOSITORY / "inventories" / "scale" / "group_vars" / "llmmon" / "main.yml").read_text()
    assert "your-object-storage-host:9000" in text
