"""Whatever would be refused when it is restored is refused when it is backed up, and what is written is read back."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.archive import format as names
from ansible_collections.llmmon.stack.plugins.module_utils.archive import rules
from ansible_collections.llmmon.stack.plugins.module_utils.archive.extraction import Extraction, FileOwner
from ansible_collections.llmmon.stack.plugins.module_utils.archive.format import FileRecord, Header
from ansible_collections.llmmon.stack.plugins.module_utils.archive.new_files import NewFile, WritingError
from ansible_collections.llmmon.stack.plugins.module_utils.archive.reading import read_archive, read_header
from ansible_collections.llmmon.stack.plugins.module_utils.archive.writing import ArchiveWriter, gzip_command
from ansible_collections.llmmon.stack.plugins.module_utils.backup.sources import SourceError, tree

from tests.support.archives import BLOCK, FULL, header
from tests.support.directories import deep

ROOM = 2**30
ME = FileOwner(os.geteuid(), os.getegid())
GZIP = [gzip_command(1)]


def files(content: dict[str, bytes]) -> list[NewFile]:
    return [NewFile(path, len(text), text) for path, text in content.items()]


def write(path: Path, members: list[NewFile], head: Header | None = None, filters: Any = None) -> FileRecord:
    head = head or header({member.path: b"x" * member.size for member in members})
    with ArchiveWriter(path, head, filters or GZIP) as writer:
        return writer.write(members)


def refusal(path: Path, members: list[NewFile], head: Header | None = None, filters: Any = None) -> str:
    """The one sentence, after which nothing is left."""
    with pytest.raises(WritingError) as refused:
        write(path, members, head, filters)
    assert list(path.parent.glob(f"{path.name}*")) == []
    assert "\n" not in str(refused.value)
    return str(refused.value)


def test_what_is_written_can_be_read(tmp_path: Path) -> None:
    record = write(tmp_path / "archive", files(FULL))
    contents = read_archive(tmp_path / "archive", ROOM)
    assert contents.header == header(FULL) == read_header(tmp_path / "archive")
    assert set(contents.files) == {*FULL, names.HEADER}
    assert record.size == (tmp_path / "archive").stat().st_size


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("grafana/data/" + "a/" * 1500 + "x", "lies more than 100 directories deep"),
        ("grafana/data/" + f"{'a' * 200}/" * 20 + "x", "a path longer than 3072 bytes"),
        ("grafana/data/" + "ü" * 200, "a name longer than 255"),
        ("grafana/data/grafana.db-wal", "would lie beside the database"),
        ("grafana/data//x", "a path that it must not hold"),
        ("grafana/data/\ud800", "a path that no file can have"),
        ("prometheus/data/wal/000001", "does not lie in a block of Prometheus"),
        ("loki/data/x", "not part of a backup"),
        ("config/loki/20260102T030405.000000Z/x", "'loki', which its backup.json does not name"),
        ("config/prometheus/by-hand/x", "does not lie in a release"),
        ("state.json", "'state.json' appears twice in it"),
        ("grafana/grafana.db/x", "not part of a backup"),
        ("alertmanager/data/silences/x", "as a file and as a directory"),
    ],
)
def test_the_writer_refuses_what_the_reader_refuses_and_names_the_file(tmp_path: Path, path: str, reason: str) -> None:
    source = tmp_path / "the-file"
    source.write_bytes(b"x")
    said = refusal(tmp_path / "archive", [*files(FULL), NewFile(path, 1, source)])
    assert said.startswith(f"restore.yml would refuse an archive with {source}: ")
    assert reason in said
    assert said.endswith("or move it elsewhere, then run again")


def test_too_many_files_are_refused_by_where_most_of_them_lie(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(50):
        (tmp_path / f"{number}").write_bytes(b"")
    many = [*files(FULL), *tree(tmp_path, "grafana/data/plugins/x")]
    assert len(many) > 50
    monkeypatch.setattr(rules, "MOST_MEMBERS", 60)
    said = refusal(tmp_path / "archive", many)
    assert f"an archive with {tmp_path}: it has more than 60 members" in said
    monkeypatch.setattr(rules, "MOST_MEMBERS", 200_000)
    monkeypatch.setattr(names, "MANIFEST_LIMIT", 8000)
    said = refusal(tmp_path / "archive", many)
    assert f"an archive with {tmp_path}: the names of its files are longer than" in said


@pytest.mark.parametrize("missing", ["alertmanager/silences.json", "grafana/grafana.db", "config/grafana/"])
def test_an_archive_that_would_lack_something_is_not_written(tmp_path: Path, missing: str) -> None:
    rest = {path: text for path, text in FULL.items() if not path.startswith(missing)}
    assert "restore.yml would refuse this archive: " in refusal(tmp_path / "archive", files(rest))


def test_a_host_whose_name_no_header_can_hold_makes_no_archive(tmp_path: Path) -> None:
    head = header(FULL)
    odd = Header(head.scope, head.created, "two\nlines", head.services, head.size)
    assert "its host is not text" in refusal(tmp_path / "archive", files(FULL), odd)


def test_names_of_any_bytes_and_of_any_language_come_back(tmp_path: Path) -> None:
    odd = [b"caf\xe9.png", "café.png".encode(), "🦊".encode() * 60, b"two\nlines", b"back\\slash", b" "]
    source, staging = tmp_path / "source", tmp_path / "staging"
    source.mkdir()
    staging.mkdir()
    for name in odd:
        (source / os.fsdecode(name)).write_bytes(name)
    write(tmp_path / "archive", [*files(FULL), *tree(source, "grafana/data/plugins")])
    read_archive(tmp_path / "archive", ROOM, Extraction(staging, {}).open)
    restored = [path for path in (staging / "grafana" / "data" / "plugins").iterdir() if path.is_file()]
    assert sorted(os.fsencode(path.name) for path in restored) == sorted(odd)
    for path in restored:
        assert path.read_bytes() == os.fsencode(path.name)


def test_a_plugin_is_still_a_program_after_a_restore(tmp_path: Path) -> None:
    source, staging = tmp_path / "source", tmp_path / "staging"
    source.mkdir()
    staging.mkdir()
    for name, mode in (("gpx_linux", 0o755), ("plugin.json", 0o644)):
        (source / name).write_text("x")
        (source / name).chmod(mode)
    write(tmp_path / "archive", [*files(FULL), *tree(source, "grafana/data/plugins/y")])
    read_archive(tmp_path / "archive", ROOM, Extraction(staging, {"grafana": ME}).open)
    restored = staging / "grafana" / "data" / "plugins" / "y"
    assert {path.name: oct(path.stat().st_mode & 0o777) for path in restored.iterdir()} == {
        "gpx_linux": "0o750",
        "plugin.json": "0o640",
    }


@pytest.mark.parametrize("after", [[], [["cat"]]], ids=["plain", "encrypted"])
@pytest.mark.parametrize(
    ("compressor", "reason"),
    [
        ("gzip -1 | head -c 3000", "it is truncated"),
        (f"sed s/{BLOCK}/01JABCDEFGHJKMNPQRSTVWXYZ1/ | gzip -1", "something else is where a member should begin"),
        ("sed s/global/lobalg/ | gzip -1", "is not what its manifest says"),
        ("cat", "it is damaged"),
    ],
)
def test_what_was_read_back_wrong_is_no_archive(
    tmp_path: Path, compressor: str, reason: str, after: list[list[str]]
) -> None:
    said = refusal(tmp_path / "archive", files(FULL), filters=[["sh", "-c", compressor], *after])
    assert "the archive was read back while it was written, and restore.yml would refuse it: " in said
    assert reason in said


def test_directories_deeper_than_a_path_can_say_are_named_and_not_left_out_unseen(tmp_path: Path) -> None:
    with deep(tmp_path / "deep", 2500), pytest.raises(SourceError, match="lie deeper than a path can say"):
        tree(tmp_path, "grafana/data")
