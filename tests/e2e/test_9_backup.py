"""backup.yml over SSH on the deployed stack: what is in the archive, and what the host does wrong meanwhile."""

from __future__ import annotations

import json
import re

from tests.e2e.stack import SERVICES, Result, Stack

DIRECTORY = "/var/backups/llmmon"
SNAPSHOTS = "/var/lib/llmmon/prometheus/snapshots"


def back_up(stack: Stack, *arguments: str, **variables: object) -> Result:
    result = stack.run("backup.yml", *arguments, variables=dict(variables))
    assert result.code == 0, result.output
    return result


def archive_of(result: Result) -> str:
    found = re.search(r"(/\S+/llm_monitoring_backup_\d{8}_\d{6}_(full|config)\.tar\.gz[.a-z]*):", result.message)
    assert found, result.output
    return found[1]


def members(stack: Stack, archive: str) -> list[str]:
    return stack.on_host(f"tar -tzf {archive}").splitlines()


def leftovers(stack: Stack, directory: str = DIRECTORY) -> str:
    """What no backup may leave: fragments, its workplace, snapshots."""
    places = f"{directory}/.[!.]* /var/lib/llmmon/backup.work {SNAPSHOTS}/*"
    return stack.on_host(f"ls -d {places} 2>/dev/null || true")


def silence(stack: Stack, comment: str) -> str:
    now = stack.on_host("date -u +%Y-%m-%dT%H:%M:%SZ")
    later = stack.on_host("date -u -d '+1 hour' +%Y-%m-%dT%H:%M:%SZ")
    matchers = [{"name": "alertname", "value": "nothing", "isRegex": False, "isEqual": True}]
    body = {"matchers": matchers, "startsAt": now, "endsAt": later, "createdBy": "e2e", "comment": comment}
    answer = stack.on_host(
        "curl -sSf -X POST -H 'Content-Type: application/json' http://127.0.0.1:9093/api/v2/silences"
        f" --data '{json.dumps(body)}'"
    )
    return str(json.loads(answer)["silenceID"])


def test_a_backup_holds_the_stack_and_disturbs_nothing(stack: Stack) -> None:
    before = stack.fingerprint()
    identity = silence(stack, "seconds before the backup")
    begun = int(stack.on_host("date +%s"))
    archive = archive_of(back_up(stack))
    ended = int(stack.on_host("date +%s"))
    found = members(stack, archive)
    assert found[0] == "backup.json"
    assert found[-1] == "manifest.json"
    for member in ("state.json", "alertmanager/silences.json", "grafana/grafana.db"):
        assert member in found
    assert any(re.fullmatch(r"prometheus/data/\w+/index", path) for path in found)
    for service in SERVICES:
        release = stack.on_host(f"readlink /etc/llmmon/{service}/current")
        assert any(path.startswith(f"config/{service}/{release}/") for path in found)
    key = next(path for path in found if path.endswith("/secrets/secret_key"))
    stack.on_host(f"tar -xzOf {archive} {key} | cmp - /etc/llmmon/grafana/current/secrets/secret_key")
    assert identity in stack.on_host(f"tar -xzOf {archive} alertmanager/silences.json")
    assert stack.on_host(f"stat -c '%a %U' {archive} {archive}.sha256 {DIRECTORY}").split() == [
        *("600", "root") * 2,
        *("700", "root"),
    ]
    stack.on_host(f"cd {DIRECTORY} && sha256sum --check --strict {archive}.sha256")
    assert leftovers(stack) == ""
    assert stack.fingerprint() == before
    # Every 2 s a scrape, and none was missed or failed while the backup was at work.
    window = max(ended - begun, 4)
    scrapes = stack.query(f"count_over_time(up{{job='prometheus'}}[{window}s] @ {ended}) >= {window // 2 - 1}")
    assert len(scrapes) == 1
    assert stack.query(f"min_over_time(up[{window}s] @ {ended}) == 0") == []


def test_the_configuration_alone(stack: Stack) -> None:
    found = members(stack, archive_of(back_up(stack, llmmon_backup_scope="config")))
    assert {path.partition("/")[0] for path in found} == {"backup.json", "state.json", "config", "manifest.json"}


def test_check_mode_says_what_would_be_done(stack: Stack) -> None:
    before = stack.on_host(f"ls -A {DIRECTORY}")
    result = back_up(stack, "--check")
    assert "would be written, at most" in result.message
    assert stack.on_host(f"ls -A {DIRECTORY}") == before
