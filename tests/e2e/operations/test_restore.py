"""restore.yml over SSH: what an archive holds comes back, on its own host and on a fresh one, or nothing is changed."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import yaml
from ansible_collections.llmmon.stack.plugins.module_utils.host.clock import moment

from tests.e2e.archives import archive_of, back_up
from tests.e2e.by_hand import DASHBOARD, grafana, silence
from tests.e2e.killing import kill_at
from tests.support.stack import SERVICES, Result, Stack, make_inventory
from tests.testbed import hosts
from tests.testbed.shell import PATIENCE, wait_until

DATA_SOURCE_SECRET = "e2e-data-source-5ecret"  # noqa: S105 - made up
# Pending all along: Prometheus takes up the state only of alerts that wait for ten minutes or longer.
PATIENT = "groups: [{name: mine, interval: 1s, rules: [{alert: Patient, expr: vector(1), for: 1h}]}]\n"


@dataclasses.dataclass(frozen=True)
class Saved:
    """An archive, and what was true when it was made."""

    archive: str
    silence: str
    at: float
    up: dict[str, str]


def up_at(stack: Stack, moment: float) -> dict[str, str]:
    found = stack.api(9090, f"/api/v1/query?query={quote('up')}&time={moment}")["data"]["result"]
    return {f"{sample['metric']['job']} {sample['metric']['instance']}": sample["value"][1] for sample in found}


def active_since(stack: Stack, name: str) -> list[str]:
    alerts = stack.api(9090, "/api/v1/alerts")["data"]["alerts"]
    return [str(alert["activeAt"]) for alert in alerts if alert["labels"]["alertname"] == name]


def restore(stack: Stack, archive: str, *, confirm: bool = True, **variables: Any) -> Result:
    answer = {"confirm": "yes"} if confirm else {}
    return stack.run("restore.yml", variables={"archive": archive, **answer, **variables})


@pytest.fixture(scope="module")
def saved(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Saved:
    """Things of all kinds, and a backup of them."""
    grafana(stack, "POST", "/api/dashboards/db", {"dashboard": DASHBOARD, "folderUid": "", "overwrite": True})
    source = {"uid": "by_hand", "name": "By hand", "type": "prometheus", "access": "proxy", "basicAuth": True}
    source |= {"url": "http://llmmon-prometheus:9090", "basicAuthUser": "me"}
    source["secureJsonData"] = {"basicAuthPassword": DATA_SOURCE_SECRET}
    grafana(stack, "POST", "/api/datasources", source)
    identity = silence(stack, "restored")
    rules = tmp_path_factory.mktemp("rules") / "patient.yml"
    rules.write_text(PATIENT)
    result = stack.run("site.yml", "--tags", "prometheus", variables={"llmmon_prometheus_rule_files": [str(rules)]})
    assert result.code == 0, result.output
    # Longer than a Prometheus takes from its start to the moment when it takes up the state.
    pending = "time() - ALERTS_FOR_STATE{alertname='Patient'} > 15"
    wait_until(lambda: bool(stack.query(pending)), timeout=PATIENCE, what="The alert is not pending for long enough")
    wait_until(lambda: len(stack.query("up")) >= 5, timeout=PATIENCE, what="Nothing was scraped")
    at = float(stack.query("up")[0]["value"][0])
    return Saved(archive_of(back_up(stack)), identity, at, up_at(stack, at))


def assert_restored(stack: Stack, saved: Saved) -> None:
    assert up_at(stack, saved.at) == saved.up
    silences = stack.api(9093, "/api/v2/silences")
    assert [entry["comment"] for entry in silences if entry["status"]["state"] == "active"].count("restored") == 1
    assert grafana(stack, "GET", "/api/dashboards/uid/by-hand")["dashboard"]["title"] == "Made by hand"
    # The proxy sends the password, which it can only when it decrypts it.
    answer = grafana(stack, "GET", "/api/datasources/proxy/uid/by_hand/api/v1/query?query=vector(1)")
    assert answer["status"] == "success"
    for service in SERVICES:
        links = {stack.on_host(f"readlink /etc/llmmon/{service}/{link}") for link in ("current", "running")}
        assert len(links) == 1
    # An alert that was pending has been since before this Prometheus started.
    started = moment(stack.api(9090, "/api/v1/status/runtimeinfo")["data"]["startTime"])
    wait_until(
        lambda: any(moment(since) < started for since in active_since(stack, "Patient")),
        timeout=PATIENCE,
        what="The alert has lost how long it is pending",
    )
    assert nothing_left(stack)


def nothing_left(stack: Stack) -> bool:
    """Neither old data, nor staging, nor a journal, nor a container of before."""
    places = "/var/lib/llmmon/restore /var/lib/llmmon/operation.json /etc/llmmon/.restore"
    left = stack.on_host(f"ls -d {places} 2>/dev/null || true")
    return not left and "before-restore" not in stack.on_host("docker ps --all --format '{{.Names}}'")


def destroy_some(stack: Stack, saved: Saved) -> None:
    """What people regret: the dashboard and the silence go, and the configuration is edited."""
    grafana(stack, "DELETE", "/api/dashboards/uid/by-hand")
    stack.on_host(f"curl -sSf -X DELETE http://127.0.0.1:9093/api/v2/silence/{saved.silence}")


def test_without_confirmation_nothing_is_touched(stack: Stack, saved: Saved) -> None:
    before = stack.fingerprint()
    result = restore(stack, saved.archive, confirm=False)
    assert result.code != 0
    for word in ("Nothing was touched", "/var/lib/llmmon/prometheus", "run again with -e confirm=yes"):
        assert word in result.message, result.output
    assert stack.fingerprint() == before
    assert nothing_left(stack)


def test_an_archive_of_another_host_or_of_other_names_is_refused_before_anything_stops(
    stack: Stack, saved: Saved
) -> None:
    before = stack.fingerprint()
    result = restore(stack, saved.archive, onto="another", llmmon_prober_container="another-prober")
    assert result.code != 0
    for word in ("-e onto=another names another host than", "-e llmmon_prober_container=llmmon-prober"):
        assert word in result.message, result.output
    assert stack.fingerprint() == before
    assert nothing_left(stack)


def test_it_comes_back_on_its_own_host(stack: Stack, saved: Saved) -> None:
    destroy_some(stack, saved)
    result = restore(stack, saved.archive.rpartition("/")[2])
    assert result.code == 0, result.output
    assert_restored(stack, saved)


def test_the_password_of_the_inventory_holds_after_a_restore(stack: Stack, saved: Saved) -> None:
    password = "another-Passw0rd-5ecret"  # noqa: S105 - made up
    result = restore(stack, saved.archive, llmmon_grafana_admin_password=password)
    assert result.code == 0, result.output
    status = f"curl -s -o /dev/null -w '%{{http_code}}' -u 'admin:{password}' http://127.0.0.1:3000/api/user"
    assert stack.on_host(status) == "200"
    result = stack.run("site.yml", "--tags", "grafana")
    assert result.code == 0, result.output
    assert grafana(stack, "GET", "/api/user")["login"] == "admin"


def test_what_does_not_work_is_put_back(stack: Stack, saved: Saved) -> None:
    """The proof fails at the end: there is no such gateway in the configuration that was restored."""
    before = stack.fingerprint()
    gateway = {"name": "another-one", "kind": "litellm", "targets": ["gateway.example:4000"]}
    result = restore(stack, saved.archive, llmmon_gateways=[gateway], llmmon_verify_timeout=40)
    assert result.code != 0
    for word in ("Nothing was restored", "what was there before is back", "another-one"):
        assert word in result.message, result.output
    after = stack.fingerprint()
    for service in SERVICES:
        assert after[f"{service} release"] == before[f"{service} release"]
        assert after[f"{service} container"].split()[0] == before[f"{service} container"].split()[0]
    assert nothing_left(stack)
    result = stack.run("verify.yml")
    assert result.code == 0, result.output


@pytest.mark.parametrize(
    "phase", ["stopping the services", "exchanging data", "starting the restored", "removing what was"]
)
def test_a_killed_restore_is_put_back_and_done_by_the_next(stack: Stack, saved: Saved, phase: str) -> None:
    kill_at(phase, stack, "restore.yml", variables={"archive": saved.archive, "confirm": "yes"})
    if phase == "starting the restored":
        # Whoever deploys meanwhile is told, and makes nothing worse.
        refused = stack.run("backup.yml")
        assert refused.code != 0
        assert "run restore.yml again" in refused.message, refused.output
        status = stack.run("status.yml")
        assert status.code == 0, status.output
        assert "run restore.yml again" in status.output
        assert "run site.yml" not in status.output
    result = restore(stack, saved.archive)
    assert result.code == 0, result.output
    assert_restored(stack, saved)


def test_data_of_a_newer_prometheus_are_refused(stack: Stack, saved: Saved) -> None:
    before = stack.fingerprint()
    result = restore(stack, saved.archive, llmmon_prometheus_version="2.53.3")
    assert result.code != 0
    for word in ("which versions before 2.55 cannot read", "llmmon_prometheus_version"):
        assert word in result.message, result.output
    assert stack.fingerprint() == before


def test_a_damaged_archive_is_refused(stack: Stack, saved: Saved) -> None:
    before = stack.fingerprint()
    copy = "/var/backups/llmmon/llm_monitoring_backup_20000101_000000_full.tar.gz"
    stack.on_host(f"cp {saved.archive} {copy} && printf x | dd of={copy} bs=1 seek=20000 conv=notrunc status=none")
    result = restore(stack, copy)
    stack.on_host(f"rm {copy}")
    assert result.code != 0
    assert f"the archive {copy} is refused" in result.message, result.output
    assert stack.fingerprint() == before
    assert nothing_left(stack)


@pytest.fixture
def second(stack: Stack, tmp_path: Path) -> Iterator[Stack]:
    """A host that has never seen llmmon."""
    name = f"{stack.host.name}-second"
    hosts.destroy(name)
    host = hosts.create(name)
    yield dataclasses.replace(stack, host=host, inventory=make_inventory(tmp_path, host, stack.gateway))
    hosts.destroy(name)


def test_it_comes_back_on_a_fresh_host(stack: Stack, saved: Saved, second: Stack, tmp_path: Path) -> None:
    # The archive comes to the controller, and from there to the other host.
    fetched = tmp_path / "backups"
    settings = {"llmmon_backup_fetch": True, "llmmon_backup_fetch_to": str(fetched), "llmmon_backup_scope": "full"}
    archive = fetched / archive_of(back_up(stack, **settings)).rpartition("/")[2]
    assert [oct(path.stat().st_mode & 0o777) for path in sorted(fetched.iterdir())] == ["0o600", "0o600"]
    assert stack.on_host("ls -d /tmp/llmmon-* 2>/dev/null || true") == ""
    result = restore(second, str(archive))
    assert result.code == 0, result.output
    assert_restored(second, saved)
    # The other host's next deployment finds all as it is.
    inventory = second.inventory / "group_vars" / "llmmon" / "testbed.yml"
    assert yaml.safe_load(inventory.read_text())
    again = second.run("site.yml")
    assert again.code == 0, again.output
    assert up_at(second, saved.at) == saved.up
