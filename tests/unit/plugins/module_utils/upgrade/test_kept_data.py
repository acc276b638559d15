"""Data are kept as they were, whatever the next version does to them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.host.places import KEPT, REFUSED
from ansible_collections.llmmon.stack.plugins.module_utils.upgrade.kept_data import (
    COPY,
    LINK,
    SKIP,
    KeptData,
    handling,
)

BLOCK = "01HQ3Z6K5V9W8X7Y2T4S6R8P0N"


@pytest.mark.parametrize(
    ("service", "path", "newest", "how"),
    [
        ("prometheus", f"{BLOCK}/index", False, LINK),
        ("prometheus", f"{BLOCK}/chunks/000001", True, LINK),
        ("prometheus", "wal/00000003", False, LINK),
        ("prometheus", "wal/00000004", True, COPY),
        ("prometheus", "wal/checkpoint.00000002/00000000", True, LINK),
        ("prometheus", "chunks_head/000007", True, COPY),
        ("prometheus", "lock", False, SKIP),
        ("prometheus", "queries.active", False, SKIP),
        ("prometheus", "something.else", False, COPY),
        ("grafana", "grafana.db", False, COPY),
        ("grafana", "plugins/one/module.js", False, LINK),
        ("alertmanager", "silences", False, COPY),
    ],
)
def test_only_what_is_never_written_again_is_linked(service: str, path: str, newest: bool, how: str) -> None:
    assert handling(service, path, newest) == how


@pytest.fixture
def data(tmp_path: Path) -> Path:
    for path, content in {
        f"{BLOCK}/index": "index",
        "wal/00000001": "sealed",
        "wal/00000002": "open",
        "lock": "",
    }.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(content)
    return tmp_path


def content(directory: Path) -> dict[str, str]:
    return {
        str(path.relative_to(directory)): path.read_text()
        for path in sorted(directory.rglob("*"))
        if path.is_file() and path.relative_to(directory).parts[0] not in {KEPT, REFUSED}
    }


def new_version_at_work(data: Path) -> None:
    """Appends, replaces, deletes and adds, as a service does that has started on the data."""
    with (data / "wal" / "00000002").open("a") as handle:
        handle.write(" and more")
    (data / "wal" / "00000001").unlink()
    (data / "wal" / "00000003").write_text("new format")
    (data / f"{BLOCK}/index").unlink()
    (data / "added").write_text("by the new one")


def test_what_was_kept_comes_back_exactly(data: Path) -> None:
    before = content(data)
    kept = KeptData("prometheus", data)
    kept.keep_ahead()
    kept.keep()
    new_version_at_work(data)
    kept.clear()
    kept.put_back()
    assert content(data) == {path: text for path, text in before.items() if path != "lock"}
    kept.discard()
    assert not (data / KEPT).exists()
    assert not (data / REFUSED).exists()


def test_what_changed_between_looking_ahead_and_stopping_is_kept_as_it_was_at_the_stop(data: Path) -> None:
    kept = KeptData("prometheus", data)
    kept.keep_ahead()
    # A truncation takes a segment away, and another one is begun.
    (data / "wal" / "00000001").unlink()
    (data / "wal" / "00000003").write_text("last words")
    before = content(data)
    kept.keep()
    new_version_at_work_on_last = data / "wal" / "00000003"
    new_version_at_work_on_last.write_text("overwritten")
    kept.clear()
    kept.put_back()
    assert content(data) == {path: text for path, text in before.items() if path != "lock"}


@pytest.mark.parametrize("moved", [0, 1, 2])
def test_a_kill_between_two_moves_costs_nothing(data: Path, moved: int) -> None:
    before = content(data)
    kept = KeptData("prometheus", data)
    kept.keep_ahead()
    kept.keep()
    new_version_at_work(data)
    # What a run did that was killed.
    kept.refused.mkdir()
    for entry in sorted(path for path in data.iterdir() if path.name not in {KEPT, REFUSED})[:moved]:
        entry.replace(kept.refused / entry.name)
    kept.clear()
    for entry in sorted(kept.kept.iterdir())[:moved]:
        entry.replace(data / entry.name)
    kept.put_back()
    assert content(data) == {path: text for path, text in before.items() if path != "lock"}


def test_keeping_costs_only_what_is_copied(data: Path) -> None:
    kept = KeptData("prometheus", data)
    assert kept.bytes_to_copy() == len("open")
    kept.keep_ahead()
    kept.keep()
    assert (data / KEPT / BLOCK / "index").samefile(data / BLOCK / "index")
    assert not (data / KEPT / "wal" / "00000002").samefile(data / "wal" / "00000002")
    assert oct((data / KEPT).stat().st_mode & 0o777) == "0o700"


def test_symbolic_links_are_kept_as_links_and_not_followed(
    data: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "file"
    elsewhere.write_text("not ours")
    (data / "link").symlink_to(elsewhere)
    kept = KeptData("grafana", data)
    kept.keep_ahead()
    kept.keep()
    kept.clear()
    kept.put_back()
    assert (data / "link").readlink() == elsewhere
    kept.give_to(os.getuid(), os.getgid())
    kept.discard()
    assert elsewhere.read_text() == "not ours"
