"""Every error that the collection raises on purpose is one kind of error."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.canary.errors import CanaryError
from ansible_collections.llmmon.stack.plugins.module_utils.errors import StackError

from tests.conftest import REPOSITORY

PLUGINS = REPOSITORY / "collections" / "llmmon" / "plugins"
FILES = sorted(path for room in ("modules", "module_utils") for path in (PLUGINS / room).rglob("[!_]*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PLUGINS)))
def test_an_error_for_the_operator_is_caught_by_one_name(path: Path) -> None:
    dotted = ".".join(path.relative_to(PLUGINS).with_suffix("").parts)
    module = importlib.import_module(f"ansible_collections.llmmon.stack.plugins.{dotted}")
    raised = [
        found
        for name, found in vars(module).items()
        if isinstance(found, type) and issubclass(found, Exception) and not name.startswith("_")
    ]
    ours = [found for found in raised if found.__module__ == module.__name__]
    # The canary's program runs in a container of its own, and catches its own.
    one_name = CanaryError if path.parent.name == "canary" else StackError
    assert [found.__name__ for found in ours if not issubclass(found, one_name)] == []
