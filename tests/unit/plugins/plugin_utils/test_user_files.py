"""Where files of the user's on the controller are."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.llmmon.stack.plugins.plugin_utils.user_files import beside_inventory


@pytest.fixture
def inventory(tmp_path: Path) -> Path:
    folder = tmp_path / "inventories" / "single"
    folder.mkdir(parents=True)
    return folder


@pytest.mark.parametrize("folder", [False, True], ids=["file", "folder"])
def test_a_path_leads_beside_the_inventory(inventory: Path, folder: bool) -> None:
    def found() -> str:
        return beside_inventory("own", str(inventory), folder=folder)

    assert found() == str(inventory / "own"), "where there is none, the message names this"
    for place in (inventory.parent, inventory):
        if folder:
            (place / "own").mkdir()
        else:
            (place / "own").write_text("")
        assert found() == str(place / "own")


def test_the_wrong_kind_is_not_what_is_looked_for(inventory: Path) -> None:
    (inventory / "own").write_text("")
    (inventory.parent / "own").mkdir()
    assert beside_inventory("own", str(inventory), folder=True) == str(inventory.parent / "own")


def test_a_whole_path_and_none_stay_as_they_are(
    inventory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert beside_inventory("~/prices.yml", str(inventory)) == str(tmp_path / "prices.yml")
    assert beside_inventory("", str(inventory)) == ""
