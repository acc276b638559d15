"""Archives are hostile until they are read to their end: each way to meddle with one is refused by one sentence."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import lzma
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.archive import rules
from ansible_collections.llmmon.stack.plugins.module_utils.archive.extraction import (
    Extraction,
    FileOwner,
    explain_full_disk,
)
from ansible_collections.llmmon.stack.plugins.module_utils.archive.format import HEADER, MANIFEST, ArchiveError
from ansible_collections.llmmon.stack.plugins.module_utils.archive.names import SCOPE_CONFIG
from ansible_collections.llmmon.stack.plugins.module_utils.archive.reading import read_archive

from tests.conftest import REPOSITORY
from tests.support.archives import (
    BLOCK,
    CONFIGURATION,
    DATA,
    FULL,
    RELEASE,
    Entry,
    entries,
    entry,
    header,
    manifest_of,
    meddled,
    raw,
    whole,
    write,
)

ROOM = 2**30
ME = FileOwner(os.geteuid(), os.getegid())
OWNERS = {"prometheus": ME, "alertmanager": ME, "grafana": ME}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "llm_monitoring_backup_20260102_030405_full.tar.gz"


def staged(root: Path) -> dict[str, bytes]:
    return {str(file.relative_to(root)): file.read_bytes() for file in root.rglob("*") if file.is_file()}


def refusal(path: Path, room: int = ROOM) -> str:
    """The one sentence, the same with and without a place for the files."""
    with pytest.raises(ArchiveError) as only_read:
        read_archive(path, room)
    root = path.parent / "staging"
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir()
    with pytest.raises(ArchiveError) as extracted:
        read_archive(path, room, Extraction(root, OWNERS).open)
    assert str(only_read.value) == str(extracted.value)
    assert str(only_read.value).startswith(f"the archive {path} is refused: ")
    assert "\n" not in str(only_read.value)
    # Nothing lies anywhere but in staging.
    assert {entry.name for entry in path.parent.iterdir()} <= {path.name, f"{path.name}.sha256", "staging"}
    return str(only_read.value).partition(" is refused: ")[2]


# -- what is whole


def test_a_whole_archive_is_read_and_staged(path: Path) -> None:
    whole(path)
    root = path.parent / "staging"
    root.mkdir()
    contents = read_archive(path, ROOM, Extraction(root, OWNERS).open)
    assert contents == read_archive(path, ROOM)
    assert contents.header == header(FULL)
    found = staged(root)
    assert {name: found[name] for name in FULL} == FULL
    assert found.keys() - FULL.keys() == {HEADER}
    assert contents.files["state.json"].sha256 == hashlib.sha256(FULL["state.json"]).hexdigest()


def test_directories_long_names_and_empty_files_have_their_place(path: Path) -> None:
    deep = f"grafana/data/{'d' * 120}/{'ü' * 100}/file"
    files = {**FULL, deep: b"", "grafana/data/empty": b""}
    members = entries(files)
    folders = [
        entry(name, type=tarfile.DIRTYPE) for name in ("config", "prometheus", "grafana/data", "grafana/data/more/")
    ]
    root = path.parent / "staging"
    root.mkdir()
    write(path, [members[0], *folders, *members[1:]])
    read_archive(path, ROOM, Extraction(root, OWNERS).open)
    assert staged(root)[deep] == b""


def test_several_gzip_streams_in_a_row_are_one(path: Path) -> None:
    content = gzip.decompress(whole(path).read_bytes())
    path.write_bytes(gzip.compress(content[:3000]) + gzip.compress(b"") + gzip.compress(content[3000:]))
    assert read_archive(path, ROOM).header == header(FULL)


def test_an_archive_of_configuration_is_read(path: Path) -> None:
    whole(path, CONFIGURATION, header(CONFIGURATION, SCOPE_CONFIG))
    assert read_archive(path, ROOM).header.scope == SCOPE_CONFIG


def test_the_checksum_beside_it_is_compared(path: Path) -> None:
    whole(path)
    beside = path.with_name(path.name + ".sha256")
    beside.write_text(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n")
    read_archive(path, ROOM)
    beside.write_text(f"{'0' * 64}  {path.name}\n")
    assert refusal(path).startswith(f"its checksum is not the one in {path.name}.sha256; copy both files once more")
    beside.write_text(f"{'0' * 64}  another.tar.gz\n")
    assert "does not hold the checksum" in refusal(path)


@pytest.mark.usefixtures("as_root")
def test_owners_and_modes_are_ours_and_not_the_archives(path: Path) -> None:
    def meddle(members: list[Entry]) -> list[Entry]:
        for info, _ in members:
            info.uid, info.gid, info.mode = 1234, 1234, 0o7777
        return members

    meddled(path, meddle)
    root = path.parent / "staging"
    root.mkdir()
    owners = {"prometheus": FileOwner(7, 8), "alertmanager": FileOwner(9, 10), "grafana": FileOwner(472, 0)}
    read_archive(path, ROOM, Extraction(root, owners).open)
    access = {
        name: (found.st_uid, found.st_gid, oct(found.st_mode & 0o7777))
        for name in (*DATA, *CONFIGURATION, "state.json", "prometheus/data", "config/grafana")
        for found in [(root / name).stat()]
    }
    assert access[f"prometheus/data/{BLOCK}/meta.json"] == (7, 8, "0o640")
    assert access["prometheus/data"] == (7, 8, "0o750")
    assert access["alertmanager/data/silences"] == (9, 10, "0o640")
    assert access["grafana/grafana.db"] == (472, 0, "0o640")
    # A plug-in that cannot be executed is none.
    assert access["grafana/data/plugins/x/gpx_x"] == (472, 0, "0o750")
    assert access[f"config/grafana/{RELEASE}/secrets/secret_key"] == (0, 0, "0o600")
    assert access["state.json"] == (0, 0, "0o600")


# -- what is damaged


@pytest.mark.parametrize("share", [0.001, 0.1, 0.5, 0.9, 0.999])
def test_a_truncated_archive_is_refused(path: Path, share: float) -> None:
    content = whole(path).read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    assert "truncated" in refusal(path)


@pytest.mark.parametrize("size", [512, 1024, 4000, 60000])
def test_a_truncated_tar_in_a_whole_gzip_is_refused(path: Path, size: int) -> None:
    raw(path, lambda tar: bytes(tar[:size]))
    assert "truncated" in refusal(path)


def test_an_archive_that_was_cut_between_two_members_is_refused(path: Path) -> None:
    write(path, entries(FULL)[:-1])
    assert refusal(path).startswith("it ends without a manifest.json: it was not made to its end")


def test_a_flipped_bit_is_found_wherever_it_is(path: Path) -> None:
    content = whole(path).read_bytes()
    contents = read_archive(path, ROOM)
    refused = 0
    for position in range(100, len(content), 7):
        flipped = bytearray(content)
        flipped[position] ^= 4
        path.write_bytes(flipped)
        try:
            # A bit that points at one of several equal places leads to the same bytes.
            assert read_archive(path, ROOM) == contents
        except ArchiveError:
            refused += 1
    assert refused > len(content) / 7 / 2


@pytest.mark.parametrize("name", [*FULL, HEADER])
def test_a_file_that_was_changed_is_named(path: Path, name: str) -> None:
    """As by somebody who made the gzip anew, so that its own checksum is right."""

    def meddle(members: list[Entry]) -> list[Entry]:
        def changed(content: bytes) -> bytes:
            return content.replace(b"elsewhere", b"nowhere  ") if name == HEADER else b"\xee" * len(content)

        return [(info, changed(content) if info.name == name else content) for info, content in members]

    meddled(path, meddle)
    assert refusal(path) == f"{name!r} is not what its manifest says (another size or checksum); use another archive"


def test_files_that_the_manifest_does_not_know_or_that_are_missing_are_named(path: Path) -> None:
    extra = f"prometheus/data/{BLOCK}/index"
    head = header({**FULL, extra: b"x"})
    members = entries(FULL, head)
    write(path, [*members[:-1], entry(extra, b"x"), members[-1]])
    assert refusal(path) == f"{extra!r} is not in its manifest; use another archive"
    meddled(path, lambda members: [member for member in members if member[0].name != "state.json"])
    assert refusal(path) == "'state.json' is missing, though its manifest names it; use another archive"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda found: {**found, "format": 2}, "format 2 and this version of llmmon reads up to 1: use a newer llmmon"),
        (lambda found: {**found, "files": {**found["files"], "../x": {"bytes": 1, "sha256": "0" * 64}}}, "'../x'"),
        (
            lambda found: {**found, "files": {**found["files"], "state.json": {"bytes": 3}}},
            "no checksum of 'state.json'",
        ),
        (lambda _: [], "it is not a JSON object"),
    ],
)
def test_a_tampered_manifest_is_refused(path: Path, change: Callable[..., object], reason: str) -> None:
    def meddle(members: list[Entry]) -> list[Entry]:
        return [*members[:-1], entry(MANIFEST, json.dumps(change(manifest_of(members))).encode())]

    meddled(path, meddle)
    assert reason in refusal(path)


def test_an_archive_of_a_newer_format_is_refused_by_its_header(path: Path) -> None:
    text = header(FULL).to_json().replace('"format": 1', '"format": 2').encode()
    write(path, [entry(HEADER, text), entry("something-new", b"x")])
    assert "the archive has format 2 and this version of llmmon reads up to 1: use a newer llmmon" in refusal(path)


# -- what has no place in an archive


def with_member(path: Path, member: Entry) -> Path:
    """An archive with one member more, which its header counts and its manifest does not know."""
    members = entries(FULL, header({**FULL, "more": member[1]}))
    return write(path, [*members[:-1], member, members[-1]])


def with_extended_header(path: Path, records: dict[str, str]) -> Path:
    """An archive whose additional member has an extended header."""
    info, content = entry("grafana/data/x", b"x")
    info.pax_headers = records
    return with_member(path, (info, content))


@pytest.mark.parametrize(
    "name",
    [
        "/etc/passwd",
        "../../etc/passwd",
        "grafana/data/../../../etc/passwd",
        "./state.json",
        "grafana/data//x",
        f"config/prometheus/{RELEASE}/../../../x",
        "prometheus/data",
        f"grafana/data/{'x' * 300}",
        f"grafana/data/{'a/' * 1500}x",
        f"grafana/data/{'a/' * 100}x",
    ],
)
def test_paths_that_lead_elsewhere_are_refused(path: Path, name: str) -> None:
    with_member(path, entry(name, b"x"))
    assert refusal(path).startswith("the archive holds ")
    with_member(path, entry(f"{name}/", type=tarfile.DIRTYPE))
    if name != "prometheus/data":
        assert refusal(path).startswith("the archive holds ")


def test_names_are_in_utf_8_or_in_any_bytes_and_in_nothing_else(path: Path) -> None:
    with_extended_header(path, {"hdrcharset": "ISO-IR 8859 1 1998"})
    assert refusal(path).startswith("it holds an extended header with 'hdrcharset'")


def test_a_path_in_an_extended_header_is_held_to_the_same(path: Path) -> None:
    with_extended_header(path, {"path": "../../etc/passwd"})
    assert "'../../etc/passwd'" in refusal(path)


@pytest.mark.parametrize(
    ("type_", "kind"),
    [
        (tarfile.SYMTYPE, "a symbolic link"),
        (tarfile.LNKTYPE, "a hard link"),
        (tarfile.CHRTYPE, "a device"),
        (tarfile.BLKTYPE, "a device"),
        (tarfile.FIFOTYPE, "a fifo"),
        (tarfile.GNUTYPE_SPARSE, "a sparse file"),
        (tarfile.XGLTYPE, "a global header"),
        (b"Z", "a member of an unknown kind"),
    ],
)
@pytest.mark.parametrize("target", ["/etc/passwd", "state.json"])
def test_links_and_devices_are_refused_wherever_they_lead(path: Path, type_: bytes, kind: str, target: str) -> None:
    with_member(path, entry("grafana/data/x", type=type_, linkname=target))
    assert refusal(path) == f"'grafana/data/x' is {kind}, and an archive holds only files; do not use this archive"


def test_a_file_cannot_be_written_through_a_link_that_waits_in_staging(path: Path) -> None:
    """Should anything ever lie where a file is to be made, it is not followed."""
    whole(path)
    root, outside = path.parent / "staging", path.parent / "outside"
    root.mkdir()
    (root / "state.json").symlink_to(outside)
    with pytest.raises(FileExistsError):
        read_archive(path, ROOM, Extraction(root, OWNERS).open)
    assert not outside.exists()


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("etc/passwd", "which is not part of a backup"),
        ("README", "which is not part of a backup"),
        ("loki/data/x", "which is not part of a backup"),
        ("config/loki/20260102T030405.000000Z/x", "belongs to 'loki', which its backup.json does not name"),
        ("config/prometheus/current/prometheus.yml", "does not lie in a release"),
        ("config/prometheus/prometheus.yml", "does not lie in a release"),
        ("prometheus/data/wal/00000001", "does not lie in a block of Prometheus"),
        ("prometheus/data/lock", "does not lie in a block of Prometheus"),
        ("grafana/data/grafana.db-wal", "would lie beside the database"),
        ("grafana/data/grafana.db", "would lie beside the database"),
        ("grafana/data/grafana.db/x", "would lie beside the database"),
    ],
)
def test_files_that_have_no_business_there_are_refused(path: Path, name: str, reason: str) -> None:
    with_member(path, entry(name, b"x"))
    assert reason in refusal(path)
    assert repr(name) in refusal(path)


def test_data_in_an_archive_of_configuration_are_refused(path: Path) -> None:
    whole(path, FULL, header(FULL, SCOPE_CONFIG))
    assert "is data in an archive of configuration" in refusal(path)


def test_members_that_come_twice_are_refused(path: Path) -> None:
    with_member(path, entry("state.json", FULL["state.json"]))
    assert refusal(path) == "'state.json' appears twice in it; do not use this archive"
    with_member(path, entry(HEADER, b"{}"))
    assert "backup.json" in refusal(path)
    with_member(path, entry("grafana/data/plugins", b"x"))
    assert refusal(path) == "'grafana/data/plugins' appears twice in it; do not use this archive"
    with_member(path, entry("state.json/x", b"x"))
    assert "state.json/x" in refusal(path)
    with_member(path, entry("grafana/data/plugins/x/gpx_x/more", b"x"))
    assert refusal(path).startswith("it holds 'grafana/data/plugins/x/gpx_x' as a file and as a directory")
    with_member(path, entry("grafana/data/plugins/x/gpx_x", type=tarfile.DIRTYPE))
    assert refusal(path) == "'grafana/data/plugins/x/gpx_x' appears twice in it; do not use this archive"


def test_what_follows_after_the_manifest_or_the_end_is_refused(path: Path) -> None:
    meddled(path, lambda members: [*members, entry("grafana/data/late", b"x")])
    assert refusal(path).startswith("'grafana/data/late' follows after manifest.json")
    content = whole(path).read_bytes()
    for more in (b"more", gzip.compress(b"more")):
        path.write_bytes(content + more)
        assert refusal(path).startswith("something else follows after its end")


def test_an_archive_whose_first_member_is_another_is_refused(path: Path) -> None:
    meddled(path, lambda members: [members[1], members[0], *members[2:]])
    assert refusal(path).startswith("its first member is not backup.json")
    write(path, [])
    assert refusal(path) == "it holds nothing; use another archive"


@pytest.mark.parametrize(
    ("missing", "reason"),
    [
        ("grafana/grafana.db", "it holds 0 databases of Grafana instead of one"),
        ("alertmanager/silences.json", "alertmanager/silences.json is missing"),
        (f"config/alertmanager/{RELEASE}/alertmanager.yml", f"alertmanager had the configuration {RELEASE}"),
    ],
)
def test_an_archive_that_lacks_what_it_promises_is_refused(path: Path, missing: str, reason: str) -> None:
    whole(path, {name: content for name, content in FULL.items() if name != missing})
    assert reason in refusal(path)


# -- more than there is room for


def test_more_than_there_is_room_for_is_refused_before_anything_is_written(path: Path) -> None:
    whole(path)
    size = header(FULL).size
    read_archive(path, size)
    assert refusal(path, size - 1).startswith("its files need 0 MiB of disk and there is room for 0 MiB")
    assert staged(path.parent / "staging") == {}


def test_a_bomb_that_is_bigger_than_it_says_is_refused_before_it_is_unpacked(path: Path) -> None:
    """A small header, and then a member that expands a thousandfold."""
    members = entries(FULL)
    with tarfile.open(path, "w:gz", format=tarfile.PAX_FORMAT) as archive:
        for info, content in members[:-1]:
            archive.addfile(info, io.BytesIO(content))
        bomb = tarfile.TarInfo("grafana/data/bomb")
        bomb.size = 64 * 2**20
        archive.addfile(bomb, io.BytesIO(bytes(bomb.size)))
    assert path.stat().st_size < 2**20
    assert refusal(path).startswith("'grafana/data/bomb' makes it larger than the ")
    assert "grafana/data/bomb" not in staged(path.parent / "staging")


@pytest.mark.parametrize("name", [HEADER, MANIFEST])
def test_a_bomb_in_what_is_read_into_memory_is_refused(path: Path, name: str) -> None:
    meddled(
        path,
        lambda members: [
            entry(name, bytes(3 * 2**20)) if info.name == name else (info, content) for info, content in members
        ],
    )
    assert refusal(path).startswith(f"{name} has 3145728 bytes, more than it can need")


def test_an_extended_header_of_any_size_is_not_read_into_memory(path: Path) -> None:
    with_extended_header(path, {"comment": "x" * 2**20})
    assert refusal(path).startswith("it holds an extended header of an impossible size")


@pytest.mark.parametrize("key", ["GNU.sparse.realsize", "linkpath", "hdrcharset"])
def test_an_extended_header_that_changes_what_a_member_is_is_refused(path: Path, key: str) -> None:
    with_extended_header(path, {key: "1"})
    assert refusal(path).startswith(f"it holds an extended header with {key!r}")


@pytest.mark.parametrize("record", [b"99 path=x\n", b"5 path=x\n", b"path=x\n", b"10 path=xx", b"\0" * 20])
def test_a_damaged_extended_header_is_refused(path: Path, record: bytes) -> None:
    with_member(path, entry("x", record, type=tarfile.XHDTYPE))
    assert refusal(path).startswith("it holds a damaged extended header")


def test_a_negative_size_is_refused(path: Path) -> None:
    with_extended_header(path, {"size": "-1"})
    assert "'grafana/data/x' has an invalid size" in refusal(path)


def test_a_flood_of_members_is_refused(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole(path)
    monkeypatch.setattr(rules, "MOST_MEMBERS", 5)
    assert refusal(path) == "it has more than 5 members; do not use this archive"


def test_zeros_without_end_after_the_end_are_refused(path: Path) -> None:
    raw(path, lambda tar: bytes(tar) + bytes(2 * 2**20))
    assert refusal(path).startswith("something else follows after its end")


PEAK = """
import resource, sys
from pathlib import Path
from ansible_collections.llmmon.stack.plugins.module_utils.archive.reading import read_archive
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
read_archive(Path(sys.argv[1]), 2**40)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def test_memory_does_not_grow_with_the_archive(path: Path) -> None:
    """300 MB of zeros, which are one read of compressed bytes."""
    files = {**FULL, f"prometheus/data/{BLOCK}/chunks/000002": bytes(300 * 10**6)}
    whole(path, files)
    done = subprocess.run(
        [sys.executable, "-c", PEAK, path],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY / "collections")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(done.stdout) * 1024 < 20 * 10**6


# -- what is no archive at all


def a_zip() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("x", "y")
    return content.getvalue()


def a_tar() -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        info, text = entry("x", b"y")
        archive.addfile(info, io.BytesIO(text))
    return content.getvalue()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "it is empty and not"),
        (a_zip(), "it is a zip archive and not a gzip'd tar as backup.yml makes them"),
        (a_tar(), "it is a tar that is not compressed"),
        (lzma.compress(b"x"), "it is a file of xz"),
        (b"\x28\xb5\x2f\xfdxx", "it is a file of zstd"),
        (b"SQLite format 3\0", "it is an SQLite database"),
        (b"<!doctype html>", "it is a page of HTML or XML"),
        (b"hello\n", "it is a text and not"),
        (b"\xff\x00\x01", "it is a file of an unknown kind"),
        (gzip.compress(b"hello\n" * 200), "what is compressed in it is not a tar archive"),
        (gzip.compress(b""), "truncated"),
        (b"\x1f\x8b" + b"x" * 100, "it is damaged"),
        (zlib.compress(b"x"), "it is a"),
        (
            b"age-encryption.org/v1\n",
            "it is encrypted: decrypt it where the private key is (age --decrypt --identity KEY",
        ),
        (b"-----BEGIN PGP MESSAGE-----\n", "it is encrypted: decrypt it where the private key is (gpg --decrypt "),
    ],
)
def test_what_is_no_archive_is_called_what_it_is(path: Path, content: bytes, words: str) -> None:
    path.write_bytes(content)
    assert words in refusal(path)


def test_binary_files_of_gpg_go_by_their_name(tmp_path: Path) -> None:
    path = tmp_path / "archive.tar.gz.gpg"
    path.write_bytes(b"\x85\x01\x0c\x03")
    assert "it is encrypted" in refusal(path)


def test_a_file_that_is_missing_or_a_directory_is_told(path: Path) -> None:
    assert refusal(path) == "it cannot be read: No such file or directory"
    path.mkdir()
    assert refusal(path) == "it cannot be read: Is a directory"


# -- a disk that is full in the middle


def test_a_full_disk_is_explained(tmp_path: Path) -> None:
    error = explain_full_disk(OSError(28, "No space left on device"), tmp_path)
    assert str(error) == (
        f"{tmp_path} cannot be written: the disk is full; nothing was changed, free some disk and run again"
    )
