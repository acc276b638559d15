"""The page about the second day, as somebody copies it: blocks for files, and blocks of commands."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar, trust_as_template

from tests.support import rendering
from tests.support.rendering import REPOSITORY

PAGE = REPOSITORY / "docs" / "second-day.md"
# What the first day has set, beside the page's own.
FIRST_DAY = {"SLACK_WEBHOOK_URL": "https://hooks.example.org/x", "PROMETHEUS_BEARER_TOKEN": "of-the-first-day"}
VARIABLES = "inventories/mine/group_vars/llmmon/main.yml"
MINE = "inventories/mine/"

_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass
class Task:
    """What one section of the page does: files by their path, and commands in order."""

    title: str
    files: dict[str, str] = field(default_factory=dict)
    commands: list[str] = field(default_factory=list)

    @property
    def variables(self) -> str:
        return self.files.get(VARIABLES, "")

    @property
    def environment(self) -> dict[str, str]:
        return dict(line.split("=", 1) for line in self.files.get(".env", "").splitlines())


@cache
def tasks() -> dict[str, Task]:
    """The sections by their titles; what stands before the first is called `""`."""
    found: dict[str, Task] = {}
    for section in re.split(r"^## ", f"\n## {PAGE.read_text(encoding='utf-8')}", flags=re.MULTILINE)[1:]:
        title, _, text = section.partition("\n")
        task = Task("" if title.startswith("# ") else title)
        for language, block in _BLOCK.findall(text):
            if language:
                place, _, content = block.partition("\n")
                task.files[place.removeprefix("# ")] = content
            else:
                task.commands += [re.sub(r"\s+# .*", "", line) for line in block.splitlines()]
        found[task.title] = task
    return found


def with_variables() -> list[Task]:
    return [task for task in tasks().values() if task.variables]


def settings(task: Task, folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The variables of a block as Ansible reads them out of an inventory's folder, with its .env."""
    for name, value in (FIRST_DAY | task.environment).items():
        monkeypatch.setenv(name, value)
    (folder / "variables.yml").write_text(task.variables, encoding="utf-8")
    given = rendering.load(folder / "variables.yml")
    slack = trust_as_template("{{ lookup('llmmon.stack.dotenv', 'SLACK_WEBHOOK_URL') }}")
    variables = rendering.role_variables() | {"llmmon_slack_webhook_url": slack}
    templated: dict[str, Any] = Templar(loader=DataLoader(), variables=variables).template(given)
    return templated
