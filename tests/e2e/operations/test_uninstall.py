"""uninstall.yml over SSH: it asks, takes what llmmon made and only that, and the next site.yml finds the data."""

from __future__ import annotations

from tests.e2e.archives import archive_of, back_up
from tests.e2e.by_hand import DASHBOARD, grafana, silence
from tests.support.stack import SERVICES, Result, Stack

KEY = "/etc/llmmon/grafana/current/secrets/secret_key"


def uninstall(stack: Stack, **variables: str) -> Result:
    return stack.run("uninstall.yml", variables=variables)


def containers(stack: Stack) -> set[str]:
    return set(stack.on_host("docker ps --all --format '{{.Names}}'").split())


def test_it_asks_first(stack: Stack) -> None:
    before = stack.fingerprint()
    result = uninstall(stack)
    assert result.code != 0
    for word in ("Nothing was touched", "container llmmon-prometheus", "run again with -e confirm=yes"):
        assert word in result.message, result.output
    assert stack.fingerprint() == before


def test_it_takes_what_llmmon_made_and_site_finds_the_data(stack: Stack) -> None:
    grafana(stack, "POST", "/api/dashboards/db", {"dashboard": DASHBOARD, "folderUid": "", "overwrite": True})
    silence(stack, "made before the uninstallation")
    archive = archive_of(back_up(stack))
    key = stack.on_host(f"sha256sum {KEY}")
    # A scrape that has begun before may still come to be written.
    moment = float(stack.query("up")[0]["value"][0]) - 5
    samples = f"count_over_time(up{{job='prometheus'}}[20s] @ {moment})"
    count = stack.query(samples)[0]["value"][1]
    # Somebody else's: a container, a file, and a container that only has the name of one of ours.
    image = stack.on_host("docker inspect --format '{{.Config.Image}}' llmmon-prober")
    stack.on_host(f"docker create --name another {image}; docker create --name llmmon-grafana-next {image}")
    stack.on_host("touch /etc/llmmon/prometheus/mine.txt")
    result = uninstall(stack, confirm="yes")
    assert result.code == 0, result.output
    assert containers(stack) == {"another", "llmmon-grafana-next"}
    assert "llmmon" not in stack.on_host("docker network ls --format '{{.Name}}'").split()
    assert stack.on_host("find /etc/llmmon/prometheus /etc/llmmon/alertmanager -type f 2>/dev/null || true") == (
        "/etc/llmmon/prometheus/mine.txt"
    )
    assert stack.on_host(f"ls {archive}") == archive
    assert stack.on_host(f"sha256sum {KEY}") == key
    again = uninstall(stack, confirm="yes")
    assert again.code == 0, again.output
    assert again.recap("changed") == 0
    # Nothing of it is in the way of a new deployment, which finds the data.
    stack.on_host("docker rm another llmmon-grafana-next && rm /etc/llmmon/prometheus/mine.txt")
    result = stack.run("site.yml")
    assert result.code == 0, result.output
    assert stack.query(samples)[0]["value"][1] == count
    assert grafana(stack, "GET", "/api/dashboards/uid/by-hand")["dashboard"]["title"] == "Made by hand"
    comments = [found["comment"] for found in stack.api(9093, "/api/v2/silences")]
    assert "made before the uninstallation" in comments
    assert stack.on_host(f"sha256sum {KEY}") == key


def test_data_and_backups_go_when_that_is_said(stack: Stack) -> None:
    result = stack.run("site.yml")
    assert result.code == 0, result.output
    back_up(stack)
    stack.on_host("touch /var/backups/llmmon/mine.txt /var/lib/llmmon/prometheus/notes.txt")
    notes = "/var/lib/llmmon/prometheus/notes.txt"
    result = uninstall(stack, confirm="yes", llmmon_uninstall_data="yes")
    assert result.code == 0, result.output
    assert f"stays: {notes}, which llmmon did not make" in result.output
    assert containers(stack) == set()
    assert stack.on_host("ls -A /var/backups/llmmon") == "mine.txt"
    assert stack.on_host("find /var/lib/llmmon /etc/llmmon -type f 2>/dev/null || true") == notes
    again = uninstall(stack, confirm="yes", llmmon_uninstall_data="yes")
    assert again.code == 0, again.output
    assert again.recap("changed") == 0
    assert f"stays: {notes}, which llmmon did not make" in again.output
    # What comes after this file finds the stack as it was.
    stack.on_host("rm -r /var/backups/llmmon /var/lib/llmmon")
    result = stack.run("site.yml")
    assert result.code == 0, result.output
    assert {f"llmmon-{service}" for service in SERVICES} <= containers(stack)
