"""A backup of real Prometheus, Alertmanager and SQLite, and what goes wrong while it is made."""

from __future__ import annotations

import datetime
import hashlib
import json
import sqlite3
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.backup.run import BackupError, back_up
from ansible_collections.llmmon.stack.plugins.module_utils.clients.http import Connection, HttpClient
from ansible_collections.llmmon.stack.plugins.module_utils.host.clock import utc_now
from ansible_collections.llmmon.stack.plugins.module_utils.host.operation import Operations
from ansible_collections.llmmon.stack.plugins.module_utils.host.waiting import wait_for

from tests.support import services
from tests.support.backup_machine import OLDER_RELEASE, RELEASE, SECRET_KEY, BackupMachine, contents

pytestmark = [
    pytest.mark.usefixtures("as_root"),
    pytest.mark.skipif(not services.can_have_own_mounts(), reason="Alertmanager needs a file system view of its own"),
]

# A sample a second, without anything to scrape.
PROMETHEUS_CONFIGURATION = "global: {evaluation_interval: 1s}\nrule_files: [rules.yml]\n"
RULES = "groups: [{name: always, rules: [{record: always, expr: vector(1)}]}]\n"
ALERTMANAGER_CONFIGURATION = "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BackupMachine]:
    """One host for all tests of the module, with services that run."""
    machine = BackupMachine(tmp_path_factory.mktemp("machine"))
    machine.prepare()
    rules = machine.data_root / "prometheus" / "current" / "rules.yml"
    rules.parent.mkdir(parents=True)
    rules.write_text(RULES)
    with (
        services.prometheus(
            "3.5.3", machine.data_root / "prometheus", PROMETHEUS_CONFIGURATION, "--web.enable-admin-api"
        ) as prometheus,
        services.alertmanager("0.33.1", machine.data_root / "alertmanager", ALERTMANAGER_CONFIGURATION) as alertmanager,
    ):
        machine.urls = {"prometheus": prometheus.url, "alertmanager": alertmanager.url}

        def scraped() -> bool | None:
            return bool(prometheus.client.get("/api/v1/query", query="always")["data"]["result"]) or None

        assert wait_for(scraped, 20)
        yield machine


@pytest.fixture
def machine(running: BackupMachine) -> BackupMachine:
    """The host without archives of other tests."""
    if running.archives.is_dir():
        for path in running.archives.iterdir():
            path.unlink()
    return running


def silence(machine: BackupMachine, comment: str) -> str:
    now = utc_now()
    body = {
        "matchers": [{"name": "alertname", "value": "x", "isRegex": False, "isEqual": True}],
        "startsAt": now.isoformat(),
        "endsAt": (now + datetime.timedelta(hours=1)).isoformat(),
        "createdBy": "me",
        "comment": comment,
    }
    client = HttpClient(Connection(url=machine.urls["alertmanager"]))
    return str(client.send("POST", "/api/v2/silences", body)["silenceID"])


def test_an_archive_holds_everything(machine: BackupMachine) -> None:
    identity = silence(machine, "seconds before the backup")
    outcome = back_up(machine.settings())
    archive = Path(outcome.archive)
    found = contents(archive)
    header = json.loads(found["backup.json"])
    assert header["scope"] == "full"
    assert header["bytes"] == sum(map(len, found.values())) - len(found["backup.json"]) - len(found["manifest.json"])
    assert header["services"]["prometheus"]["version"].startswith("3.5.3")
    assert header["services"]["prometheus"]["running_release"] == RELEASE
    assert header["services"]["grafana"]["version"] == "13.1.1", "not answering, so as it was deployed"
    assert found["state.json"] == (machine.data_root / "state.json").read_bytes()
    for service in ("prometheus", "alertmanager", "grafana"):
        for release in (RELEASE, OLDER_RELEASE):
            assert found[f"config/{service}/{release}/secrets/secret_key"] == SECRET_KEY.encode()
    assert identity in [entry["id"] for entry in json.loads(found["alertmanager/silences.json"])]
    assert any(path.startswith("prometheus/data/") and path.endswith("/index") for path in found)
    database = machine.root / "copy.db"
    database.write_bytes(found["grafana/grafana.db"])
    assert sqlite3.connect(database).execute("SELECT title FROM dashboard").fetchall() == [("mine",)]
    assert (outcome.files, outcome.bytes) == (len(found), archive.stat().st_size)


def test_an_archive_is_for_root_alone_and_has_its_checksum_beside_it(machine: BackupMachine) -> None:
    archive = Path(back_up(machine.settings()).archive)
    checksum = archive.with_name(archive.name + ".sha256")
    assert checksum.read_text() == f"{hashlib.sha256(archive.read_bytes()).hexdigest()}  {archive.name}\n"
    assert [stat.S_IMODE(path.stat().st_mode) for path in (archive, checksum)] == [0o600, 0o600]
    assert stat.S_IMODE(machine.archives.stat().st_mode) == 0o700


def test_nothing_is_left_behind(machine: BackupMachine) -> None:
    back_up(machine.settings())
    assert machine.leftovers() == []


def test_the_configuration_alone_needs_no_service(machine: BackupMachine) -> None:
    machine = BackupMachine(machine.root)
    found = contents(Path(back_up(machine.settings(scope="config")).archive))
    assert {path.split("/")[0] for path in found} == {"backup.json", "state.json", "config", "manifest.json"}


def test_two_at_once_are_told_apart(machine: BackupMachine) -> None:
    with (
        Operations(machine.data_root).locked("backup"),
        pytest.raises(BackupError, match=r"backup .* is at work since"),
    ):
        back_up(machine.settings())


def test_check_mode_tells_and_writes_nothing(machine: BackupMachine) -> None:
    outcome = back_up(machine.settings(), plan_only=True)
    assert outcome.archive.startswith(str(machine.archives))
    assert outcome.bytes > 0
    assert list(machine.archives.iterdir()) == []


def test_only_the_last_archives_stay(machine: BackupMachine) -> None:
    made = [back_up(machine.settings(keep=2)).archive for _ in range(3)]
    other = back_up(machine.settings(scope="config", keep=1)).archive
    left = sorted(str(path) for path in machine.archives.glob("*.gz"))
    assert left == sorted([*made[1:], other])
    assert len(list(machine.archives.glob("*.sha256"))) == 3
