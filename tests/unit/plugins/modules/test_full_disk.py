"""No module says of a disk that is full only what the system says."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.support import rendering

MODULES = rendering.REPOSITORY / "collections" / "llmmon" / "plugins" / "modules"
# They read or delete when they fail so, and name the path.
WRITE_NOTHING = {"host_check", "prometheus_rules", "stack_uninstall"}


def handlers(name: str) -> Iterator[ast.ExceptHandler]:
    """Give the places where a module fails because of an OSError."""
    for node in ast.walk(ast.parse((MODULES / f"{name}.py").read_text(encoding="utf-8"))):
        if isinstance(node, ast.ExceptHandler) and node.type and node.name and "OSError" in ast.unparse(node.type):
            fails = any("fail_json" in ast.unparse(statement) for statement in node.body)
            if fails:
                yield node


WRITERS = sorted(
    path.stem for path in MODULES.glob("*.py") if path.stem not in WRITE_NOTHING and [*handlers(path.stem)]
)


def test_the_writers_are_found() -> None:
    assert {"config_tree", "host_directories", "stack_backup_schedule", "stack_restore", "stack_status"} <= {*WRITERS}


@pytest.mark.parametrize("name", WRITERS)
def test_a_module_that_cannot_write_says_where_and_what_to_do(name: str) -> None:
    for handler in handlers(name):
        assert any("why_not_written" in ast.unparse(statement) for statement in handler.body), ast.unparse(handler)
