"""What stays where it is when the content of directories is exchanged."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.llmmon.stack.plugins.module_utils.restore.swap import Place


def test_files_of_the_user_s_own_stay_through_a_restore(tmp_path: Path) -> None:
    target, new, old = (tmp_path / name for name in ("target", "new", "old"))
    for directory, release in ((target, "before"), (new, "after")):
        (directory / release).mkdir(parents=True)
    (target / "own.d").mkdir()
    (target / "own.d" / "gw.token").write_text("x")
    place = Place.look(target, new, old)
    place.exchange()
    assert sorted(path.name for path in target.iterdir()) == ["after", "own.d"]
    place.put_back()
    assert sorted(path.name for path in target.iterdir()) == ["before", "own.d"]
    assert (target / "own.d" / "gw.token").read_text() == "x"
