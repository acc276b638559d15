"""The timer's program is made of whole packages, and of all that they import."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.backup.library import PROGRAM, contents

from tests.conftest import REPOSITORY

ROOM = "ansible_collections.llmmon.stack.plugins.module_utils"
MODULE_UTILS = REPOSITORY / "collections" / "llmmon" / "plugins" / "module_utils"
PACKAGES = ("archive", "backup", "clients", "configuration", "host")
BELOW = Path(*ROOM.split("."))


def dotted(path: str) -> str:
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def imported(text: str) -> set[str]:
    """Names of the modules that a file imports, of those of Ansible."""
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.module
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return {name for name in found if name.partition(".")[0] in ("ansible", "ansible_collections")}


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_is_taken_whole_and_as_it_is(package: str) -> None:
    of_the_library = {path: text for path, text in contents().items() if Path(path).parent == BELOW / package}
    assert of_the_library == {str(BELOW / package / file.name): file.read_text() for file in _python(package)}


def _python(package: str) -> list[Path]:
    return sorted((MODULE_UTILS / package).glob("*.py"))


def test_whatever_it_imports_of_the_collection_is_in_it_and_nothing_of_ansible_is() -> None:
    there = {dotted(path) for path in contents()}
    asked = {name for text in contents().values() for name in imported(text)}
    # What is no module of its own is a name in one.
    missing = {name for name in asked if name not in there and name.rpartition(".")[0] not in there}
    assert missing == set()
    assert PROGRAM in there
