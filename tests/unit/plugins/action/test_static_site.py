"""static_site as a playbook runs it: action and module together, on this machine."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.unit.plugins.action.test_config_tree import play

pytestmark = pytest.mark.usefixtures("as_root")


def test_the_site_as_a_playbook_installs_it(tmp_path: Path) -> None:
    """One playbook for all of it: starting Ansible costs more than everything it does here."""
    source, dest, empty = tmp_path / "site", tmp_path / "etc" / "docs", tmp_path / "empty"
    (source / "runbooks").mkdir(parents=True)
    (source / "index.html").write_bytes(b"<html>")
    (source / "runbooks" / "One.html").write_bytes(b"\x89one")
    (source / ".buildinfo").write_text("hidden")
    empty.mkdir()

    def install(**changes: Any) -> dict[str, Any]:
        return {"llmmon.stack.static_site": {"src": str(source), "dest": str(dest), "group": 65534, **changes}}

    ran = play(
        tmp_path,
        [
            {**install(), "check_mode": True},
            {"ansible.builtin.stat": {"path": str(dest)}},
            install(),
            install(),
            {"ansible.builtin.copy": {"dest": str(source / "new.html"), "content": "new", "mode": "0644"}},
            {**install(), "check_mode": True},
            install(),
            install(src=str(empty)),
            install(src=str(tmp_path / "nowhere")),
        ],
        {},
    )
    foreseen, before, first, again, _, planned, second, nothing, nowhere = ran.results
    assert (foreseen["changed"], before["stat"]["exists"]) == (True, False)
    assert (first["changed"], again["changed"]) == (True, False)
    assert again["release"] == first["release"]
    # In check mode the one that would be replaced.
    assert (planned["changed"], planned["release"]) == (True, first["release"])
    assert second["changed"]
    assert second["release"] > first["release"]
    assert (dest / "current" / "runbooks" / "One.html").read_bytes() == b"\x89one"
    assert (dest / "current" / "new.html").is_file()
    assert not (dest / "current" / ".buildinfo").exists()
    assert nothing["msg"] == f"static_site needs src, a folder with files: {empty} has none"
    assert "nowhere" in nowhere["msg"]
    assert nowhere["failed"]
    # The archive is nothing that stays on the host.
    assert not list((tmp_path / "remote").rglob("*.tar.gz"))
    shutil.rmtree(tmp_path / "remote", ignore_errors=True)
