"""Names, header and manifest of an archive, also of one that somebody tampered with."""

from __future__ import annotations

import datetime
import json
from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.archive.format import (
    ArchiveError,
    FileRecord,
    Header,
    Manifest,
    ServiceRecord,
    checksum_line,
    member_path,
    read_checksum_line,
)
from ansible_collections.llmmon.stack.plugins.module_utils.archive.names import ArchiveName
from ansible_collections.llmmon.stack.plugins.module_utils.host.clock import UTC

MOMENT = datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
SHA = "a" * 64
HEADER = Header(
    scope="full",
    created=MOMENT,
    host="monitoring.example",
    services={
        "prometheus": ServiceRecord(
            version="3.13.2",
            image="registry.example/prom/prometheus:v3.13.2",
            image_id="sha256:" + SHA,
            digests=("registry.example/prom/prometheus@sha256:" + SHA,),
            release="20260102T030405.000000Z",
            running_release="",
        )
    },
    size=5_000_000_000,
    not_uploaded=("01JABCDEFGHJKMNPQRSTVWXYZ0",),
)
MANIFEST = Manifest(
    {"prometheus/data/01J/index": FileRecord(3, SHA), "config/grafana/r/grafana.ini": FileRecord(0, SHA)}
)


def changed(text: str, path: str, value: Any) -> bytes:
    """JSON with one value replaced; the path's keys are parted by blanks."""
    content = json.loads(text)
    *parents, last = path.split()
    place = content
    for parent in parents:
        place = place[parent]
    place[last] = value
    return json.dumps(content).encode()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (ArchiveName(MOMENT, "full"), "llm_monitoring_backup_20260102_030405_full.tar.gz"),
        (ArchiveName(MOMENT, "config", "gpg"), "llm_monitoring_backup_20260102_030405_config.tar.gz.gpg"),
        (ArchiveName(MOMENT, "full", "age"), "llm_monitoring_backup_20260102_030405_full.tar.gz.age"),
    ],
)
def test_a_name_says_what_the_archive_is(name: ArchiveName, text: str) -> None:
    assert str(name) == text
    assert ArchiveName.parse(text) == name


@pytest.mark.parametrize(
    "text",
    [
        "llm_monitoring_backup_20260102_030405_full.tar.gz.sha256",
        ".llm_monitoring_backup_20260102_030405_full.tar.gz",
        "llm_monitoring_backup_20261302_030405_full.tar.gz",
        "llm_monitoring_backup_20260102_030405_half.tar.gz",
        "mine.tar.gz",
    ],
)
def test_other_files_are_no_archives(text: str) -> None:
    assert ArchiveName.parse(text) is None


def test_header_and_manifest_come_back_as_they_were() -> None:
    assert Header.from_json(HEADER.to_json().encode()) == HEADER
    assert Manifest.from_json(MANIFEST.to_json().encode()) == MANIFEST


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("scope", "everything"),
        ("scope", ["full"]),
        ("created", "yesterday"),
        ("host", "two\nlines"),
        ("host", None),
        ("bytes", -1),
        ("bytes", True),
        ("bytes", 1e3),
        ("bytes", 2**63),
        ("services", []),
        ("services other", {}),
        ("services prometheus", None),
        ("services prometheus version", 3),
        ("services prometheus digests", "sha256:"),
        ("services prometheus digests", [None]),
        ("services prometheus release", "../../etc"),
        ("services prometheus running_release", "x"),
        ("not_uploaded", "01J"),
        ("not_uploaded", [1]),
        ("format", "1"),
        ("format", True),
        ("format", 0),
    ],
)
def test_a_header_with_something_else_in_it_is_refused(path: str, value: Any) -> None:
    with pytest.raises(ArchiveError, match=r"backup\.json is damaged"):
        Header.from_json(changed(HEADER.to_json(), path, value))


@pytest.mark.parametrize(
    "text",
    [b"", b"[]", b"\xff", b"null", b"[" * 100_000, b'{"format": 1, "format": 1}', HEADER.to_json().encode()[:-9]],
)
@pytest.mark.usefixtures("no_collection")
def test_what_is_no_header_is_refused(text: bytes) -> None:
    with pytest.raises(ArchiveError, match=r"backup\.json is damaged"):
        Header.from_json(text)


def test_a_newer_format_is_named() -> None:
    with pytest.raises(ArchiveError, match="has format 2 and this version of llmmon reads up to 1"):
        Header.from_json(changed(HEADER.to_json(), "format", 2))


@pytest.mark.parametrize(
    "record",
    [None, {}, {"bytes": 1}, {"bytes": 1, "sha256": SHA.upper()}, {"bytes": -1, "sha256": SHA}, {"sha256": SHA}],
)
def test_a_manifest_with_something_else_in_it_is_refused(record: Any) -> None:
    with pytest.raises(ArchiveError, match=r"manifest\.json is damaged"):
        Manifest.from_json(json.dumps({"format": 1, "files": {"state.json": record}}).encode())


def test_a_manifest_does_not_name_itself() -> None:
    with pytest.raises(ArchiveError, match="names itself"):
        Manifest.from_json(Manifest({"manifest.json": FileRecord(1, SHA)}).to_json().encode())


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd",
        "../backup.json",
        "config/../../etc/passwd",
        "config//x",
        "config/./x",
        "config/",
        "config",
        "",
        "prometheus/data",
        "prometheus/other",
        "state.json/x",
        "config/a\0b",
        "config/" + "n" * 256,
        "config/" + "é" * 128,
        "config/" + "deep/" * 1000 + "x",
    ],
)
def test_a_path_that_a_backup_does_not_hold_is_refused(path: str) -> None:
    with pytest.raises(ArchiveError, match="do not use this archive"):
        member_path(path)
    with pytest.raises(ArchiveError, match="do not use this archive"):
        Manifest.from_json(json.dumps({"format": 1, "files": {path: {"bytes": 1, "sha256": SHA}}}).encode())


@pytest.mark.parametrize("path", ["state.json", "grafana/data/plugins/a b/ö.txt", "prometheus/data/01J/chunks/000001"])
def test_a_path_that_a_backup_holds_is_taken(path: str) -> None:
    assert member_path(path) == path


def test_the_checksum_beside_an_archive_belongs_to_it() -> None:
    assert read_checksum_line(checksum_line(SHA, "a.tar.gz"), "a.tar.gz") == SHA
    for line in (checksum_line(SHA, "b.tar.gz"), SHA, "", checksum_line(SHA, "a.tar.gz") * 2):
        with pytest.raises(ArchiveError, match=r"does not hold the checksum of a\.tar\.gz"):
            read_checksum_line(line, "a.tar.gz")
