"""One list of what may be on a host, and nobody who has a list of his own beside it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.host import places
from ansible_collections.llmmon.stack.plugins.module_utils.host.places import Kind

from tests.conftest import REPOSITORY

PLUGINS = REPOSITORY / "collections" / "llmmon" / "plugins"
ARCHIVE = "llm_monitoring_backup_20260102_030405_full.tar.gz"
RELEASE = "20260102T030405.000000Z"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("prometheus", Kind.SERVICE),
        ("state.json", Kind.STATE),
        (".state.json.1a2b.new", Kind.REMAINS_OF_WRITING),
        ("operation.lock", Kind.LOCK),
        ("backup.work", Kind.REMAINS_OF_BACKUP),
        ("backup.fetch", Kind.REMAINS_OF_BACKUP),
        ("backup.copies.json", Kind.ARCHIVE),
        (".backup.copies.json.1a2b.new", Kind.REMAINS_OF_WRITING),
        ("restore", Kind.REMAINS_OF_RESTORE),
        ("thanos", Kind.WORK),
        ("canary", Kind.STATE),
        ("drill", Kind.REMAINS_OF_DRILL),
        ("backups", None),
        (".state.json", None),
    ],
)
def test_what_lies_in_the_data_root(name: str, kind: Kind | None) -> None:
    assert places.in_data_root(name) is kind


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("grafana", Kind.SERVICE),
        ("backup", Kind.TIMER),
        ("docs", Kind.CONFIGURATION),
        ("canary", Kind.CONFIGURATION),
        (".restore", Kind.REMAINS_OF_RESTORE),
        ("thanos", Kind.CONFIGURATION),
        ("restore", None),
        ("loki", None),
    ],
)
def test_what_lies_in_the_configuration_root(name: str, kind: Kind | None) -> None:
    assert places.in_configuration_root(name) is kind


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        (RELEASE, Kind.CONFIGURATION),
        ("current", Kind.CONFIGURATION),
        ("generated", Kind.CONFIGURATION),
        (".lock", Kind.CONFIGURATION),
        (".running.new", Kind.REMAINS_OF_WRITING),
        ("targets", None),
        ("20260102", None),
    ],
)
def test_what_lies_in_a_directory_of_releases(name: str, kind: Kind | None) -> None:
    assert places.in_configuration(name) is kind


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        (ARCHIVE, Kind.ARCHIVE),
        (f"{ARCHIVE}.sha256", Kind.ARCHIVE),
        (f"{ARCHIVE}.age.sha256", Kind.REMAINS_OF_BACKUP),
        (f".{ARCHIVE}.partial", Kind.REMAINS_OF_BACKUP),
        (f".{ARCHIVE}.gpg.partial", Kind.REMAINS_OF_BACKUP),
        (f"{ARCHIVE}.partial", None),
        (".mine.partial", None),
        ("mine.sha256", None),
    ],
)
def test_what_lies_in_the_backup_directory(name: str, kind: Kind | None) -> None:
    assert places.in_backup_directory(name, {ARCHIVE}) is kind
    assert places.partial(Path("/backups", ARCHIVE)).name == f".{ARCHIVE}.partial"
    assert places.checksum(Path("/backups", ARCHIVE)).name == f"{ARCHIVE}.sha256"


def test_a_container_may_have_a_name_for_each_operation() -> None:
    drills = ["a-drill", *(f"a-drill-{world}" for world in places.DRILL_WORLDS)]
    assert places.containers(["a"]) == ["a", "a-next", "a-rehearsal", "a-previous", "a-before-restore", *drills]


BLOCK = "01JABCDEFGHJKMNPQRSTVWXYZ0"


@pytest.mark.parametrize(
    ("service", "ours", "theirs"),
    [
        (
            "prometheus",
            [BLOCK, f"{BLOCK}.tmp-for-deletion", "wal", "thanos.shipper.json", "thanos"],
            ["wal.txt", "thanos.yml"],
        ),
        ("alertmanager", ["silences", "nflog", "silences.5f0c9a1b2d3e4f60"], ["silences.json", "grafana.db"]),
        ("grafana", ["grafana.db", "grafana.db-wal", "plugins"], ["grafana.db.bak", "wal"]),
    ],
)
def test_what_lies_in_a_data_directory(service: str, ours: list[str], theirs: list[str]) -> None:
    assert [name for name in [*ours, *theirs, ".llmmon-previous"] if places.in_data(service, name)] == [
        *ours,
        ".llmmon-previous",
    ]


@pytest.mark.parametrize(
    ("data_root", "unit", "library"),
    [
        ("/var/lib/llmmon", "llmmon-backup", "/usr/local/lib/llmmon"),
        ("/srv/mon 2/data", "llmmon-backup-srv-mon-2-data", "/usr/local/lib/llmmon-srv-mon-2-data"),
    ],
)
def test_each_stack_has_a_timer_of_its_own(data_root: str, unit: str, library: str) -> None:
    assert places.backup_unit(Path(data_root)) == unit
    assert str(places.library(Path(data_root))) == library


# What only places.py may write as a literal; "restore" and "backup" are also names of operations.
_OWN = {
    places.SERVICE_LABEL,
    places.ROLE_LABEL,
    places.NEXT,
    places.PREVIOUS,
    places.BEFORE_RESTORE,
    places.OPERATION_LOCK,
    places.OPERATION_JOURNAL,
    places.BACKUP_WORK,
    places.BACKUP_FETCH,
    places.COPIES,
    places.KEPT,
    places.REFUSED,
    places.RESTORE_CONFIGURATION,
    places.GENERATED,
    places.PARTIAL_SUFFIX,
    places.BACKUP_UNIT,
    str(places._LIBRARIES),
    str(places.UNITS),
}


@pytest.mark.parametrize("path", sorted(PLUGINS.rglob("*.py")), ids=lambda path: str(path.relative_to(PLUGINS)))
def test_no_other_file_knows_a_place_by_itself(path: Path) -> None:
    constants = [node.value for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Constant)]
    words = {value for value in constants if isinstance(value, str)}
    own = {place for place in _OWN if any(word == place or word.endswith(f"/{place}") for word in words)}
    assert own == (_OWN if path == PLUGINS / "module_utils" / "host" / "places.py" else set())
