"""What is wrong with the user's own rule files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.rule_files import (
    rule_file_problems,
)

KNOWN = ["LLMTargetDown", "LLMTokenSurge", "Watchdog"]


def rule_file(folder: Path, *rules: dict[str, Any], group: str = "mine", name: str = "mine.yml") -> str:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(yaml.safe_dump({"groups": [{"name": group, "rules": list(rules)}]}))
    return str(path)


OURS: dict[str, dict[str, Any]] = {name: {"severity": "warning"} for name in KNOWN}


def test_rules_beside_ours_pass(tmp_path: Path) -> None:
    path = rule_file(
        tmp_path, {"alert": "Mine", "expr": r'up{job=~"a|b\\.c", x!~\'y\'} == 0'}, {"record": "a:b", "expr": "up"}
    )
    assert rule_file_problems([path], OURS) == []


def test_a_rule_of_the_same_name_is_refused_unless_ours_is_off(tmp_path: Path) -> None:
    path = rule_file(tmp_path, {"alert": "LLMTokenSurge", "expr": "up"})
    (problem,) = rule_file_problems([path], OURS)
    assert problem == (
        f"llmmon_prometheus_rule_files: duplicate rule name LLMTokenSurge in {path}; rename it, or switch llmmon's off"
        " with llmmon_alerts: {LLMTokenSurge: {enabled: false}}"
    )
    assert rule_file_problems([path], {**OURS, "LLMTokenSurge": {"enabled": False}}) == []


def test_a_group_of_ours_is_refused(tmp_path: Path) -> None:
    (problem,) = rule_file_problems([rule_file(tmp_path, group="llmmon_alerts")], OURS)
    assert "duplicate rule group llmmon_alerts in" in problem


def test_files_that_would_be_one_on_the_host_are_refused(tmp_path: Path) -> None:
    paths = [rule_file(tmp_path / "a"), rule_file(tmp_path / "b")]
    (problem,) = rule_file_problems(paths, OURS)
    assert "two files are called mine.yml" in problem


@pytest.mark.parametrize("quote", ['"', "'"])
def test_a_matcher_that_does_not_compile_is_named(tmp_path: Path, quote: str) -> None:
    path = rule_file(tmp_path, {"alert": "Mine", "expr": f"up{{job=~{quote}a(b{quote}}} == 0"})
    (problem,) = rule_file_problems([path], OURS)
    assert f"the matcher {quote}a(b{quote} of Mine in {path} does not compile: missing )" in problem


@pytest.mark.parametrize(
    "content",
    [
        "",
        "groups: [",
        "groups: 1",
        "[]",
        "groups: [{rules: [1]}]",
        "groups: [{name: x}]",
        "groups: [{name: x, rules: [1, {alert: [LLMTokenSurge]}, {alert: {a: b}}]}]",
    ],
)
def test_what_promtool_will_find_is_left_to_promtool(tmp_path: Path, content: str) -> None:
    path = tmp_path / "odd.yml"
    path.write_text(content)
    assert rule_file_problems([str(path)], OURS) == []
