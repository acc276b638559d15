"""Where it is a fault that nobody is told of alerts, and where it is only said."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support import rendering

REPOSITORY = rendering.REPOSITORY
OPERATIONS = ("upgrade", "restore")


def steps(content: Any) -> Iterator[dict[str, Any]]:
    """All steps of a file, those of plays and blocks included."""
    for entry in content if isinstance(content, list) else []:
        yield entry
        for inner in ("tasks", "block", "rescue", "always"):
            yield from steps(entry.get(inner))


def proofs(*files: Path) -> list[dict[str, Any]]:
    """The steps that prove a stack."""
    found = [step for file in files for step in steps(yaml.safe_load(file.read_text(encoding="utf-8")))]
    roles = [
        (step, step.get("ansible.builtin.import_role") or step.get("ansible.builtin.include_role")) for step in found
    ]
    return [step for step, role in roles if role and role["name"] == "llmmon.stack.verify"]


def test_a_deployment_and_a_proof_of_it_judge() -> None:
    judged = rendering.load(REPOSITORY / "roles" / "common" / "defaults" / "main" / "main.yml")[
        "__llmmon_judge_receivers"
    ]
    assert judged is True
    found = proofs(*(REPOSITORY / "playbooks").glob("*.yml"))
    assert len(found) == 2
    assert not any("__llmmon_judge_receivers" in step.get("vars", {}) for step in found)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_operation_does_not_go_back_because_nobody_is_told(operation: str) -> None:
    found = proofs(*(REPOSITORY / "roles" / operation / "tasks").glob("*.yml"))
    assert found
    assert [step["vars"]["__llmmon_judge_receivers"] for step in found] == [False] * len(found)


def test_no_other_role_proves_a_stack() -> None:
    roles = [path for path in (REPOSITORY / "roles").iterdir() if path.name not in OPERATIONS]
    assert proofs(*(path for role in roles for path in (role / "tasks").glob("*.yml"))) == []
