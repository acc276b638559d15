"""What lies on the disk is seen and goes, however deep it lies."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.host.disk import disk_usage, remove, walk

from tests.support.directories import deep

# Three times as many as Python's functions may call each other, and more than a path can say.
LEVELS = 3000


def test_a_tree_that_is_too_deep_for_every_other_tool_is_removed(tmp_path: Path) -> None:
    tree, outside = tmp_path / "tree", tmp_path / "outside"
    outside.mkdir()
    (outside / "mine").touch()
    with deep(tree, LEVELS):
        (tree / "link").symlink_to(outside)
        (tree / "nowhere").symlink_to("nothing")
        remove(tree)
        assert sorted(path.name for path in tmp_path.iterdir()) == ["outside"]
    assert (outside / "mine").exists()


def test_what_is_gone_is_no_trouble_and_a_link_goes_alone(tmp_path: Path) -> None:
    remove(tmp_path / "nothing")
    (tmp_path / "kept").mkdir()
    (tmp_path / "link").symlink_to("kept")
    remove(tmp_path / "link")
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


@pytest.mark.usefixtures("as_root")
def test_what_cannot_go_is_named_with_its_path() -> None:
    with pytest.raises(OSError, match=r"'/proc/self/fdinfo/"):
        remove(Path("/proc/self/fdinfo"))


def test_a_walk_sees_files_and_links_in_order_and_no_more_calls_than_levels(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    for name in ("b/2", "b/1", "a", "c"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "b" / "link").symlink_to("..")
    found = [str(Path(entry.path).relative_to(tmp_path)) for entry in walk(tmp_path)]
    assert found == ["a", "c", "b/1", "b/2", "b/link"]
    left_out = [entry.name for entry in walk(tmp_path, {str(tmp_path / "b"), str(tmp_path / "c")})]
    assert left_out == ["a"]
    assert list(walk(tmp_path / "nothing")) == []
    with deep(tmp_path / "deep", LEVELS // 2):
        assert len(list(walk(tmp_path / "deep"))) == LEVELS // 2
        assert disk_usage(tmp_path / "deep") == 0
