"""upgrade.yml over SSH, on a host of its own with the oldest versions: the next ones, proved, or the old ones back."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest

from tests.e2e.by_hand import DASHBOARD, grafana
from tests.e2e.images import commit_image, commit_mortal_image
from tests.e2e.killing import kill_at
from tests.e2e.upgrading import (
    OLD,
    active_silences,
    left_behind,
    new_image,
    oldest_versions,
    requests_for,
    running,
    variables,
    versions,
)
from tests.support.stack import Result, Stack
from tests.support.versions import SHIPPED
from tests.testbed import hosts

# Of the scrapes while both are upgraded, as shipped: Prometheus's own start takes 5 s, in which it waits for targets.
INTERVAL = 15
# Prometheus 3 knows this function by another name, behind a switch.
ONLY_BEFORE_3 = "groups: [{name: old, rules: [{record: 'job:up:smooth', expr: 'holt_winters(up[1m], 0.5, 0.5)'}]}]\n"
# Starts as the stand-in does, after it lost what people made by hand.
FORGETFUL = "import os,sqlite3; d=sqlite3.connect('/var/lib/grafana/grafana.db');"
FORGETFUL += "d.execute('DELETE FROM dashboard WHERE uid=?',('by-hand',)); d.commit(); d.close();"
FORGETFUL += "os.execv('/run.sh',['/run.sh'])"
NEW = SHIPPED


def step(component: str) -> str:
    """As the report says it, as a pattern."""
    return rf"{component}\s+{re.escape(OLD[component])}\S* -> {re.escape(NEW[component])}"


@pytest.fixture(scope="module")
def old(fresh_stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The oldest versions on a host of their own, with things that people made."""
    with oldest_versions(fresh_stack, "upgrade", tmp_path_factory.mktemp("upgrade")) as stack:
        grafana(stack, "POST", "/api/dashboards/db", {"dashboard": DASHBOARD})
        yield stack


def upgrade(stack: Stack, *arguments: str, **more: Any) -> Result:
    """To the versions that llmmon ships, unless told otherwise."""
    wanted: dict[str, Any] = {}
    for component in NEW:
        wanted |= variables(component, new_image(component))
    return stack.run("upgrade.yml", *arguments, variables={**wanted, **more})


def assert_old(stack: Stack, before: dict[str, str]) -> None:
    """Each old container is back: the very same one, ready, started by the engine, with its configuration."""
    assert running(stack) == OLD
    after = stack.fingerprint()
    for key, value in before.items():
        assert after[key].split()[0] == value.split()[0], key
    for service in ("prometheus", "alertmanager", "grafana"):
        policy = stack.on_host(f"docker inspect --format '{{{{.HostConfig.RestartPolicy.Name}}}}' llmmon-{service}")
        assert policy == "always"
    assert [entry["comment"] for entry in active_silences(stack)] == ["kept"]
    assert left_behind(stack) == ""


def gaps(result: Result) -> dict[str, float]:
    """Seconds that each service was away, by the report."""
    found = re.findall(r"(\w+)\s+\S+ -> \S+: [a-z ]+, away for ([\d.]+) s", result.message)
    return {name: float(seconds) for name, seconds in found}


def test_check_mode_shows_the_plan_and_changes_nothing(old: Stack) -> None:
    before = old.fingerprint()
    result = upgrade(old, "--check")
    assert result.code == 0, result.output
    for component in NEW:
        assert re.search(step(component), result.message), result.output
    assert old.fingerprint() == before
    assert left_behind(old) == ""


def test_nothing_to_do_ends_quietly(old: Stack) -> None:
    result = old.run("upgrade.yml")
    assert result.code == 0, result.output
    assert "Nothing to upgrade" in result.message
    assert result.recap("changed") == 0


def test_an_image_that_nobody_has_touches_nothing(old: Stack) -> None:
    before = old.fingerprint()
    result = upgrade(old, llmmon_prometheus_image="prom/prometheus:v3.5.99")
    assert result.code != 0
    for word in ("prom/prometheus:v3.5.99", "llmmon_prometheus_image", "nothing was touched"):
        assert word in result.message, result.output
    assert old.fingerprint() == before
    assert left_behind(old) == ""


def test_without_a_backup_there_is_no_way_from_2_53_to_3(old: Stack) -> None:
    before = old.fingerprint()
    result = upgrade(old, llmmon_upgrade_backup=False)
    assert result.code != 0
    assert "llmmon_upgrade_backup" in result.message, result.output
    assert old.fingerprint() == before


def test_what_only_the_next_version_rejects_is_refused_before_anything_is_touched(old: Stack, tmp_path: Any) -> None:
    rules = tmp_path / "old.yml"
    rules.write_text(ONLY_BEFORE_3)
    before = old.fingerprint()
    result = upgrade(old, llmmon_prometheus_rule_files=[str(rules)])
    assert result.code != 0
    assert "holt_winters" in result.message, result.output
    assert old.fingerprint() == before
    assert left_behind(old) == ""


def test_a_version_that_does_not_come_up_is_rolled_back(old: Stack) -> None:
    image = new_image("prometheus")["image"]
    broken = commit_image(old, image, "prom/prometheus:broken", 'ENTRYPOINT ["/bin/false"]')
    old_prometheus = old.fingerprint()
    # A scrape that has begun before may still come to be written.
    moment = float(old.query("up")[0]["value"][0]) - 5
    samples = f"count_over_time(up{{job='prometheus'}}[60s] @ {moment})"
    count = old.query(samples)[0]["value"][1]
    result = upgrade(
        old,
        **variables("alertmanager", versions("alertmanager")[0]),
        llmmon_prometheus_image=broken,
    )
    assert result.code != 0
    assert re.search(step("prometheus") + ": rolled back", result.message), result.output
    assert_old(old, old_prometheus)
    assert old.query(samples)[0]["value"][1] == count


def test_a_version_that_ends_after_a_while_is_rolled_back(old: Stack) -> None:
    """Up long enough to be proved, and started anew by the engine for ever."""
    image = new_image("prometheus")["image"]
    mortal = commit_mortal_image(old, image, "prom/prometheus:mortal", "/bin/prometheus", 15)
    before = old.fingerprint()
    result = upgrade(
        old,
        **variables("alertmanager", versions("alertmanager")[0]),
        llmmon_prometheus_image=mortal,
        llmmon_upgrade_stay_ready_seconds=45,
    )
    assert result.code != 0, result.output
    assert re.search(step("prometheus") + ": rolled back", result.message), result.output
    assert_old(old, before)


PHASES = ("stopping", "keeping its data", "stopped, data kept", "new version started", "new version ready")


@pytest.mark.parametrize("phase", PHASES)
def test_a_killed_upgrade_is_put_back_by_the_next_run(old: Stack, phase: str) -> None:
    before = old.fingerprint()
    interrupt(old, f"prometheus: {phase}")
    result = old.run("upgrade.yml")
    assert result.code == 0, result.output
    assert "rolled back" in result.message or "not attempted" in result.message, result.output
    assert_old(old, before)


@pytest.mark.parametrize("phase", ["data of the new version put aside", "data put back"])
def test_a_killed_way_back_is_gone_on_with(old: Stack, phase: str) -> None:
    before = old.fingerprint()
    interrupt(old, "prometheus: new version ready")
    kill_at(phase, old, "upgrade.yml")
    result = old.run("upgrade.yml")
    assert result.code == 0, result.output
    assert "rolled back" in result.message, result.output
    assert_old(old, before)


def test_a_reboot_in_the_middle_is_put_back_by_the_next_run(old: Stack) -> None:
    before = old.fingerprint()
    interrupt(old, "prometheus: new version started")
    hosts.restart(old.host.name)
    result = old.run("upgrade.yml")
    assert result.code == 0, result.output
    assert "rolled back" in result.message, result.output
    assert_old(old, before)


def interrupt(stack: Stack, phase: str) -> None:
    """Begin to upgrade Prometheus and kill all of it, the play here and the module on the host, at a phase."""
    wanted = variables("prometheus", new_image("prometheus"))
    kill_at(phase, stack, "upgrade.yml", variables={**wanted, "llmmon_upgrade_backup": True})


def test_a_grafana_that_loses_a_dashboard_is_rolled_back_with_its_database(old: Stack) -> None:
    before = old.fingerprint()
    base = versions("grafana")[-1]["image"]
    image = commit_image(
        old,
        base,
        "llmmon-testbed/forgetful:1",
        f"ENTRYPOINT {json.dumps(['python3', '-c', FORGETFUL])}".replace("'", "'\\''"),
    )
    result = old.run("upgrade.yml", variables={"llmmon_grafana_image": image})
    assert result.code != 0
    for word in ("rolled back", "'Made by hand' (by-hand) has gone"):
        assert word in result.message, result.output
    assert_old(old, before)
    grafana(old, "GET", "/api/dashboards/uid/by-hand")


def test_both_services_are_upgraded_while_traffic_flows(old: Stack) -> None:
    interval = {"llmmon_prometheus_scrape_interval": f"{INTERVAL}s"}
    result = old.run("site.yml", variables=interval)
    assert result.code == 0, result.output
    begun = int(old.on_host("date +%s"))
    backups = old.on_host("ls /var/backups/llmmon 2>/dev/null || true")
    with requests_for(old, 60):
        result = upgrade(old, **interval)
    assert result.code == 0, result.output
    assert running(old) == NEW
    assert old.on_host("ls /var/backups/llmmon 2>/dev/null || true") != backups
    assert set(gaps(result)) == {"alertmanager", "prometheus"}
    assert gaps(result)["alertmanager"] <= INTERVAL, result.output
    assert gaps(result)["prometheus"] <= 2 * INTERVAL, result.output
    for job in sorted(old.jobs() - {"alertmanager"}):
        pause = longest_pause(old, job, begun)
        # Between two that follow each other lies one interval, and less than another where their moments have moved.
        assert pause // INTERVAL - 1 <= 1, f"{job} lost more than one scrape: none for {pause:.1f} s"
    assert [entry["comment"] for entry in active_silences(old)] == ["kept"]
    assert left_behind(old) == ""


def longest_pause(stack: Stack, job: str, begun: int) -> float:
    """Seconds between the two samples of a scrape target since a moment that are farthest from each other."""
    seconds = int(stack.on_host("date +%s")) - begun
    (series,) = stack.query(f"up{{job='{job}'}}[{seconds}s]")
    moments: list[float] = [moment for moment, _ in series["values"]]
    return max(later - earlier for earlier, later in pairwise(moments))


def test_a_deployment_changes_no_version(old: Stack) -> None:
    """The inventory still names the versions from before the upgrade."""
    before = old.fingerprint()
    result = old.run("site.yml")
    assert result.code != 0
    for word in (
        "it runs",
        f"prometheus {NEW['prometheus']}",
        "Run upgrade.yml",
        f"llmmon_prometheus_version: {NEW['prometheus']}",
    ):
        assert word in result.message, result.output
    assert old.fingerprint() == before


def test_there_is_no_way_back_to_2_53(old: Stack) -> None:
    before = old.fingerprint()
    result = old.run("upgrade.yml", variables={"llmmon_upgrade_allow_downgrade": True})
    assert result.code != 0
    assert re.search(rf"cannot read what {re.escape(NEW['prometheus'])}\S* has written", result.message), result.output
    assert old.fingerprint() == before


def test_an_older_alertmanager_is_given_the_silences(old: Stack) -> None:
    """Only where that is meant."""
    wanted = variables("prometheus", new_image("prometheus"))
    refused = old.run("upgrade.yml", variables=wanted)
    assert refused.code != 0
    assert "llmmon_upgrade_allow_downgrade" in refused.message, refused.output
    result = old.run("upgrade.yml", variables={**wanted, "llmmon_upgrade_allow_downgrade": True})
    assert result.code == 0, result.output
    assert running(old) == {**NEW, "alertmanager": OLD["alertmanager"]}
    assert [entry["comment"] for entry in active_silences(old)] == ["kept"]


def test_a_deployment_upgrades_where_that_is_wanted(old: Stack) -> None:
    wanted: dict[str, Any] = {"llmmon_upgrade_on_deploy": True}
    for component in NEW:
        wanted |= variables(component, new_image(component))
    result = old.run("site.yml", variables=wanted)
    assert result.code == 0, result.output
    assert re.search(
        step("alertmanager") + ": upgraded",
        result.message,
    ), result.output
    assert f"llmmon_alertmanager_version: {NEW['alertmanager']}" in result.message
    assert running(old) == NEW
    assert left_behind(old) == ""
