"""What lies on the disk is measured and removed, however deep it is."""

from __future__ import annotations

import os
from pathlib import Path

from ansible_collections.llmmon.stack.plugins.module_utils.host.disk import disk_usage, remove


def deep(root: Path, levels: int) -> Path:
    """A file so many directories below the root, deeper than one path can say; returns the root."""
    root.mkdir()
    directory = os.open(root, os.O_RDONLY)
    for _ in range(levels):
        os.mkdir("a" * 10, dir_fd=directory)
        below = os.open("a" * 10, os.O_RDONLY, dir_fd=directory)
        os.close(directory)
        directory = below
    os.close(os.open("file", os.O_WRONLY | os.O_CREAT, dir_fd=directory))
    os.close(directory)
    return root


def test_a_tree_deeper_than_python_can_follow_is_measured_and_removed(tmp_path: Path) -> None:
    root = deep(tmp_path / "deep", 3000)
    assert disk_usage(root) >= 0
    remove(root)
    assert list(tmp_path.iterdir()) == []


def test_a_link_goes_and_what_it_leads_to_stays(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    (kept / "directory").mkdir(parents=True)
    (kept / "file").write_text("kept")
    gone = tmp_path / "gone"
    (gone / "below").mkdir(parents=True)
    for directory in (gone, gone / "below"):
        (directory / "to-directory").symlink_to(kept)
        (directory / "to-file").symlink_to(kept / "file")
        (directory / "to-nothing").symlink_to("missing")
    remove(gone)
    remove(gone)
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]
    assert (kept / "file").read_text() == "kept"
    assert (kept / "directory").is_dir()


def test_usage_counts_what_lies_there_and_not_where_links_lead(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_bytes(b"x" * 2**20)
    (tmp_path / "data" / "below").mkdir(parents=True)
    (tmp_path / "data" / "below" / "file").write_bytes(os.urandom(8192))
    (tmp_path / "data" / "link").symlink_to(tmp_path / "elsewhere")
    assert 8192 <= disk_usage(tmp_path / "data") < 2**20
    assert disk_usage(tmp_path / "missing") == 0
