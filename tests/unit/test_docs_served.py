"""The documentation that the stack serves: where its site is looked for, and how it runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar

from tests.support import rendering
from tests.support.collection import REPOSITORY

ROLE = REPOSITORY / "roles" / "docs"


def templar(**variables: Any) -> Templar:
    known = rendering.role_variables(ROLE) | {"role_path": str(ROLE), "playbook_dir": "/nowhere"} | variables
    return Templar(loader=DataLoader(), variables=known)


@pytest.fixture
def inventory(tmp_path: Path) -> Path:
    """A folder of an inventory, and a built site beside it."""
    (tmp_path / "mine" / "site" / "runbooks").mkdir(parents=True)
    (tmp_path / "mine" / "site" / "index.html").touch()
    (tmp_path / "unfinished").mkdir()
    return tmp_path / "mine"


@pytest.mark.parametrize(
    ("source", "is_there"),
    [("site", True), ("{mine}/site", True), ("nowhere", False), ("", False), ("../unfinished", False)],
)
def test_a_site_is_looked_for_beside_the_inventory(source: str, is_there: bool, inventory: Path) -> None:
    asked = templar(inventory_dir=str(inventory), llmmon_docs_source=source.format(mine=inventory))
    problems = asked.template(rendering.load(ROLE / "vars" / "main.yml")["__llmmon_docs_problems"])
    if not is_there:
        (problem,) = problems
        assert f'llmmon_docs_source, "{source.format(mine=inventory)}", is no folder with a built site' in problem
    else:
        assert problems == []
        assert asked.template(rendering.load(ROLE / "vars" / "main.yml")["__llmmon_docs_folder"]) == str(
            inventory / "site"
        )


def test_the_web_server_serves_the_release_that_was_installed_to_the_host_alone() -> None:
    described = rendering.load(ROLE / "vars" / "main.yml")["__llmmon_docs_run"]
    run = templar(__llmmon_docs_site={"release": "20260102T030405.000000Z"}).template(described)
    # Another release is another command, so that the container is changed as for any other reason.
    assert "-h /etc/llmmon/docs/20260102T030405.000000Z " in run["command"][2]
    assert (run["address"], run["port"], run["user"]) == ("127.0.0.1", 9099, "65534:65534")
    # In check mode on a new host there is none yet.
    assert "/etc/llmmon/docs/current" in templar(__llmmon_docs_site={"release": None}).template(described)["command"][2]
