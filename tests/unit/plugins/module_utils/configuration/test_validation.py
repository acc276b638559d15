"""The tools that check a tree: all at once, and what one that refuses it says."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.clients.engine import ToolResult
from ansible_collections.llmmon.stack.plugins.module_utils.configuration import validation
from ansible_collections.llmmon.stack.plugins.module_utils.configuration.validation import (
    TreeRefused,
    Validation,
    Validator,
    gist_of_tool,
)

TOOLS = [Validator("prometheus:1", "llmmon_prometheus_image", ["promtool", "%s/prometheus.yml"])]
TOOLS += [Validator("prober:1", "llmmon_prober_image", ["blackbox_exporter", "%s/prober/blackbox.yml"])]


@pytest.mark.parametrize(
    ("words", "gist"),
    [
        (
            "Checking p.yml\n  FAILED: yaml: unmarshal errors:\n  line 1: field x\n",
            "yaml: unmarshal errors:; line 1: field x",
        ),
        ("Checking 'a.yml'  SUCCESS\nFound:\n - route\n  FAILED: template: x\n", "template: x"),
        ("Checking p.yml\n SUCCESS: fine\n", "Checking p.yml\n SUCCESS: fine\n"),
        ("", ""),
        ("x" * 3000, "x" * 2000),
    ],
)
def test_the_gist_of_a_tool_s_words(words: str, gist: str) -> None:
    assert gist_of_tool(words) == gist


class Machine:
    """An engine whose tools end only when all of them run."""

    def __init__(self, refusing: str = "") -> None:
        self._all_run = threading.Barrier(len(TOOLS), timeout=20)
        self._refusing = refusing

    def pull(self, _: str) -> None:
        """Nothing: the image is there."""

    def run_tool(self, image: str, command: list[str], **_: object) -> ToolResult:
        self._all_run.wait()
        return ToolResult(int(image == self._refusing), f"{command[1]}: no good")


def test_all_tools_run_at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(validation, "Engine", Machine)
    assert Validation(TOOLS, "1:1").run(tmp_path / "next", tmp_path / "next")


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.image)
def test_one_that_refuses_is_heard_in_its_own_words(
    tool: Validator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(validation, "Engine", lambda: Machine(tool.image))
    said = rf"^{tool.command[0]} of {tool.image} refuses the new configuration, .*: \S+\.yml: no good$"
    with pytest.raises(TreeRefused, match=said):
        Validation(TOOLS, "1:1").run(tmp_path / "next", tmp_path / "next")


def test_without_a_tool_there_is_nothing_to_ask(tmp_path: Path) -> None:
    assert not Validation([], "1:1").run(tmp_path, tmp_path)
