"""backup.yml over SSH on the deployed stack: what is in the archive, and what the host does wrong meanwhile."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from ansible_collections.llmmon.stack.plugins.module_utils.host.waiting import wait_for

from tests.e2e.archives import archive_of, back_up
from tests.e2e.by_hand import silence
from tests.e2e.killing import kill_when
from tests.support.stack import SERVICES, Stack
from tests.testbed.shell import PATIENCE, wait_until

DIRECTORY = "/var/backups/llmmon"
SNAPSHOTS = "/var/lib/llmmon/prometheus/snapshots"
JOURNAL = "/var/lib/llmmon/backup.work/journal.json"


def members(stack: Stack, archive: str) -> list[str]:
    return stack.on_host(f"tar -tzf {archive}").splitlines()


def leftovers(stack: Stack, directory: str = DIRECTORY) -> str:
    """What no backup may leave: fragments, its workplace, snapshots."""
    places = f"{directory}/.[!.]* /var/lib/llmmon/backup.work {SNAPSHOTS}/*"
    return stack.on_host(f"ls -d {places} 2>/dev/null || true")


def backed_up_while_scraped(stack: Stack) -> tuple[str, list[dict[str, Any]]]:
    """The archive of a backup, and which services were not scraped every 2 s, or failed, while it was at work."""
    begun = int(stack.on_host("date +%s"))
    archive = archive_of(back_up(stack))
    ended = int(stack.on_host("date +%s"))
    wait_until(
        lambda: float(stack.query("min(timestamp(up{job='prometheus'}))")[0]["value"][1]) > ended,
        timeout=PATIENCE,
        what="Prometheus was not scraped after the backup",
    )
    window = max(ended - begun, 4)
    own = f"up{{job='prometheus'}}[{window}s] @ {ended}"
    missed = stack.query(f"count_over_time({own}) < {window // 2 - 1} or absent_over_time({own})")
    services = "up{job=~'prometheus|alertmanager|grafana|prober'}"
    return archive, missed + stack.query(f"min_over_time({services}[{window}s] @ {ended}) == 0")


def test_a_backup_holds_the_stack_and_disturbs_nothing(stack: Stack) -> None:
    before = stack.fingerprint()
    identity = silence(stack, "seconds before the backup")
    archive, faults = backed_up_while_scraped(stack)
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
    # A machine that others use may answer late without a backup, so one of four has to pass unnoticed.
    for _ in range(3):
        if faults:
            _, faults = backed_up_while_scraped(stack)
    assert faults == []


def test_the_configuration_alone(stack: Stack) -> None:
    found = members(stack, archive_of(back_up(stack, llmmon_backup_scope="config")))
    assert {path.partition("/")[0] for path in found} == {"backup.json", "state.json", "config", "manifest.json"}


def test_check_mode_says_what_would_be_done(stack: Stack) -> None:
    before = stack.on_host(f"ls -A {DIRECTORY}")
    result = back_up(stack, "--check")
    assert "would be written, at most" in result.message
    assert stack.on_host(f"ls -A {DIRECTORY}") == before


def test_only_the_last_archives_of_a_scope_stay(stack: Stack) -> None:
    full = stack.on_host(f"ls {DIRECTORY}/*_full.tar.gz")
    variables = {"llmmon_backup_scope": "config", "llmmon_backup_keep": 1, "llmmon_backup_keep_hours": 0}
    made = [archive_of(back_up(stack, **variables)) for _ in range(2)]
    assert stack.on_host(f"ls {DIRECTORY}/*_config.tar.gz") == made[-1]
    assert stack.on_host(f"ls {DIRECTORY}/*_full.tar.gz") == full


def schedule(stack: Stack, when: str, **variables: object) -> None:
    """Let the host back itself up, or no longer; its service can be started and killed on the host."""
    variables["llmmon_backup_schedule"] = when
    result = stack.run("site.yml", "--tags", "backup", variables=dict(variables))
    assert result.code == 0, result.output


def wait_on_host(stack: Stack, condition: str) -> None:
    """Wait on the host itself: what is waited for may last for a moment only."""
    stack.on_host(f"timeout {PATIENCE} sh -c 'until {condition}; do sleep 0.05; done'")


def signal_the_service(stack: Stack, signal: str) -> None:
    stack.on_host(f"systemctl kill --signal {signal} llmmon-backup.service")


def hold_the_service_at_work(stack: Stack, directory: str) -> None:
    """Let the host back itself up, and stop it when it has begun to write its archive; CONT lets it go on."""
    stack.on_host("systemctl start --no-block llmmon-backup.service")
    wait_on_host(stack, f"ls {directory}/.*.partial >/dev/null 2>&1")
    signal_the_service(stack, "STOP")


def words_of_the_service(stack: Stack) -> str:
    return stack.on_host("journalctl --unit llmmon-backup.service --no-pager --output cat --lines 20")


@pytest.fixture
def much(stack: Stack) -> Iterator[None]:
    """Data that take some seconds to compress, in which something can happen."""
    stack.on_host("head -c 150M /dev/urandom > /var/lib/llmmon/grafana/much")
    yield
    stack.on_host("rm /var/lib/llmmon/grafana/much")


@pytest.fixture
def small_disk(stack: Stack) -> Iterator[str]:
    """A file system of its own, with room for what is much and little else."""
    place = "/mnt/small"
    stack.on_host(f"mkdir -p {place} && mount -t tmpfs -o size=320M none {place}")
    yield place
    stack.on_host(f"umount {place} && rmdir {place}")


@pytest.mark.usefixtures("much")
def test_a_second_backup_is_told_of_the_first_and_a_killed_one_is_cleared_away(stack: Stack) -> None:
    schedule(stack, "yearly")
    hold_the_service_at_work(stack, DIRECTORY)
    second = stack.run("backup.yml")
    assert second.code != 0
    assert "is at work since" in second.message
    signal_the_service(stack, "KILL")
    wait_on_host(stack, "systemctl is-failed --quiet llmmon-backup.service")
    left = leftovers(stack)
    assert ".partial" in left
    assert SNAPSHOTS in left
    third = back_up(stack)
    assert "left by a killed run, cleared away" in third.message
    assert leftovers(stack) == ""
    assert members(stack, archive_of(third))[-1] == "manifest.json"


@pytest.mark.parametrize(
    ("condition", "left_by_it"),
    [
        (f"content('{JOURNAL}')", "backup.work"),
        (f"""'"requested": 1' in content('{JOURNAL}')""", "backup.work"),
        (f"""'"snapshot": "2' in content('{JOURNAL}')""", SNAPSHOTS),
        (f"str(target).startswith('{DIRECTORY}/llm_monitoring_backup_')", SNAPSHOTS),
    ],
    ids=["begun", "asking for the snapshot", "snapshot taken", "archive in its place"],
)
def test_a_backup_killed_in_any_phase_is_cleared_away_by_the_next(
    stack: Stack, condition: str, left_by_it: str
) -> None:
    kill_when(condition, stack, "backup.yml")
    assert left_by_it in leftovers(stack)
    archive = archive_of(back_up(stack))
    assert leftovers(stack) == ""
    assert members(stack, archive)[-1] == "manifest.json"
    # No archive without its checksum, and no checksum without its archive, or one that is damaged.
    archives, checksums = (set(stack.on_host(f"cd {DIRECTORY} && ls *.tar.gz{end}").split()) for end in ("", ".sha256"))
    assert {f"{name}.sha256" for name in archives} == checksums
    stack.on_host(f"cd {DIRECTORY} && sha256sum --check --strict *.sha256")


@pytest.mark.usefixtures("much")
def test_a_disk_that_fills_up_meanwhile_costs_the_archive_and_nothing_else(stack: Stack, small_disk: str) -> None:
    before = stack.fingerprint()
    schedule(stack, "yearly", llmmon_backup_directory=small_disk)
    hold_the_service_at_work(stack, small_disk)
    stack.on_host(f"head -c 400M /dev/zero > {small_disk}/others", check=False)
    signal_the_service(stack, "CONT")
    wait_on_host(stack, "systemctl is-failed --quiet llmmon-backup.service")
    assert "No space left on device" in words_of_the_service(stack)
    assert stack.on_host(f"ls -A {small_disk}") == "others"
    assert leftovers(stack, small_disk) == ""
    # Now it is known before anything is begun.
    refused = stack.run("backup.yml", variables={"llmmon_backup_directory": small_disk})
    assert refused.code != 0
    assert "MiB are free" in refused.message
    assert stack.on_host(f"ls -A {small_disk}") == "others"
    assert stack.fingerprint() == before


def test_archives_may_lie_on_another_file_system(stack: Stack, small_disk: str) -> None:
    archive = archive_of(back_up(stack, llmmon_backup_directory=small_disk))
    assert archive.startswith(small_disk)
    stack.on_host(f"cd {small_disk} && sha256sum --check --strict {archive}.sha256")


def test_the_timer_backs_up_and_prometheus_knows_when(stack: Stack) -> None:
    before = int(stack.on_host("date +%s"))
    schedule(stack, "*:*:0/15")
    wait_on_host(stack, f'[ -n "$(find {DIRECTORY} -name "*_full.tar.gz" -newermt @{before})" ]')
    known = f"llmmon_backup_last_success_timestamp_seconds{{scope='full'}} >= {before}"
    wait_for(lambda: stack.query(known) or None, PATIENCE)
    assert len(stack.query(known)) == 1
    assert len(stack.query("llmmon_backup_last_success_bytes{scope='full'} > 1000")) == 1
    shown = stack.run("status.yml")
    assert re.search(r"last backup: /var/backups/llmmon/\S+_full\.tar\.gz, 0\.\d hours ago", shown.message)
    schedule(stack, "")
    assert stack.on_host("systemctl list-unit-files --no-legend 'llmmon-backup*'", check=False) == ""
    stack.on_host("test ! -e /usr/local/lib/llmmon && test ! -e /etc/llmmon/backup")
    # Whatever rule file was added, the proof is right about the rules.
    verified = stack.run("verify.yml")
    assert verified.code == 0, verified.output


@pytest.fixture
def external_database(stack: Stack) -> Iterator[str]:
    """A PostgreSQL server on the host, which Grafana's configuration names; yields the user's password."""
    password = "s3cret:of\\postgres"  # noqa: S105 - with what a connection string or a .pgpass would stumble over
    stack.on_host("apt-get update -qq && apt-get install -y -qq --no-install-recommends postgresql age >/dev/null")
    stack.on_host("systemctl start postgresql && until pg_isready --quiet; do sleep 0.2; done")
    psql = "runuser -u postgres -- psql --quiet"
    role = f"CREATE ROLE grafana LOGIN PASSWORD '{password}'"
    stack.on_host(f'{psql} --command "{role}" --command "CREATE DATABASE grafana OWNER grafana"')
    table = "CREATE TABLE dashboard (title text); INSERT INTO dashboard VALUES ('kept elsewhere')"
    stack.on_host(f'{psql} --command "SET ROLE grafana; {table}" grafana')
    ini = {"type": "postgres", "host": "database.example:5432", "name": "grafana", "user": "grafana"}
    ini |= {"password": "$__file{/etc/llmmon/grafana/current/secrets/database}"}
    settings = {"llmmon_grafana_ini": {"database": ini}, "llmmon_grafana_secrets": {"database": password}}
    path = stack.inventory / "group_vars" / "llmmon" / "database.yml"
    path.write_text(yaml.safe_dump(settings))
    deployed = stack.run("site.yml", "--tags", "grafana")
    assert deployed.code == 0, deployed.output
    yield password
    path.unlink()
    deployed = stack.run("site.yml", "--tags", "grafana")
    assert deployed.code == 0, deployed.output
    stack.on_host("systemctl stop postgresql")


def test_an_encrypted_archive_with_a_dump_of_postgresql_is_copied_off_the_host(
    stack: Stack, external_database: str
) -> None:
    """Real tools on the host, which the playbook installs where they are missing: pg_dump, age and restic."""
    words = "s3cret-of-restic"
    stack.on_host(
        f"umask 077; echo {words} > /root/restic-password; rm -rf /root/elsewhere /root/identity*;"
        " age-keygen --output /root/identity 2>/dev/null"
    )
    offsite = {
        "llmmon_backup_restic_repository": "/root/elsewhere",
        "llmmon_backup_restic_password_file": "/root/restic-password",
    }
    begun = int(stack.on_host("date +%s"))
    result = back_up(
        stack,
        "-vvv",
        llmmon_backup_encryption="age",
        llmmon_backup_public_keys=[stack.on_host("age-keygen -y /root/identity")],
        llmmon_backup_grafana_database_host="127.0.0.1",
        **offsite,
    )
    for secret in (external_database, words):
        assert secret not in result.output
    archive = archive_of(result)
    assert archive.endswith(".tar.gz.age")
    assert leftovers(stack) == ""
    refused = stack.run("restore.yml", variables={"archive": archive})
    assert refused.code != 0
    assert "it is encrypted: decrypt it where the private key is" in refused.message
    # The copy off the host is the same file, and opens with the private key.
    opened = "/root/llm_monitoring_backup_20260102_030405_full.tar.gz"
    restic = "restic --repo /root/elsewhere --password-file /root/restic-password"
    stack.on_host(f"{restic} dump latest {archive} | cmp - {archive}")
    stack.on_host(f"{restic} dump latest {archive} | age --decrypt --identity /root/identity --output {opened}")
    found = members(stack, opened)
    assert found[-1] == "manifest.json"
    assert "grafana/grafana.db" not in found
    dump = stack.on_host(f"tar -xzOf {opened} grafana/database.dump | pg_restore --file=-")
    assert "COPY public.dashboard (title) FROM stdin;\nkept elsewhere\n" in dump
    refused = stack.run("restore.yml", variables={"archive": opened, "confirm": "yes"})
    assert refused.code != 0
    assert "as a dump of PostgreSQL, which restore.yml does not load" in refused.message, refused.output
    copied = f"llmmon_backup_copy_last_success_timestamp_seconds{{scope='full'}} >= {begun}"
    assert wait_for(lambda: stack.query(copied) or None, PATIENCE)
    # As when its disk is not mounted: the archive is there, and no repository is begun in its place.
    stack.on_host("mv /root/elsewhere /root/not-mounted")
    refused = stack.run("backup.yml", variables={"llmmon_backup_scope": "config", **offsite})
    assert refused.code != 0
    assert "is its disk or share not mounted?" in refused.message, refused.output
    stack.on_host(
        "test ! -e /root/elsewhere && mv /root/not-mounted /root/elsewhere && echo no > /root/restic-password"
    )
    refused = stack.run("backup.yml", variables={"llmmon_backup_scope": "config", **offsite})
    assert "the password in /root/restic-password does not open the repository" in refused.message, refused.output
    assert stack.query("llmmon_backup_copy_last_success_timestamp_seconds{scope='config'}") == []
    stack.on_host(f"rm -r /root/elsewhere /root/identity /root/restic-password {opened} {archive}*")
