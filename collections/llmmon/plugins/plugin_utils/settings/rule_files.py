# SPDX-License-Identifier: Apache-2.0
"""What is wrong with the user's own rule files beside llmmon's rules."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import yaml
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.regexes import regex_problem
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.shapes import texts
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.user_files import user_file_problems
from ansible_collections.llmmon.stack.plugins.plugin_utils.user_files import FileUnreadableError, text_of
from ansible_collections.llmmon.stack.plugins.plugin_utils.yaml_text import from_yaml

_VARIABLE = "llmmon_prometheus_rule_files"

# A regular expression that is compared with a label; in quotes of either kind.
_MATCHER = re.compile(r"""[=!]~\s*("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')""")


def rule_file_problems(
    paths: list[str], alerts: dict[str, dict[str, Any]], places: Sequence[str] | None = None
) -> list[str]:
    """What is wrong with the files, beside alerts of ours; ``alerts`` are these by name, as tuned by the user.

    Relative paths are looked for in ``places`` first. What promtool finds is left to promtool, which knows better.
    """
    usable, _ = texts(_VARIABLE, paths, "")
    found = user_file_problems(paths, _VARIABLE, places=places)
    for path in usable:
        try:
            content = from_yaml(text_of(path, places))
            groups = content["groups"]
            rules = [rule for group in groups for rule in group.get("rules") or [] if isinstance(rule, dict)]
            names = {str(group["name"]) for group in groups}
        except (FileUnreadableError, yaml.YAMLError, TypeError, KeyError, AttributeError):
            continue
        found += [
            f"{_VARIABLE}: duplicate rule group {name} in {path}; llmmon has one of that name"
            for name in sorted(names)
            if name.startswith("llmmon_")
        ]
        for rule in rules:
            found += _rule_problems(rule, path, alerts)
    return found


def _rule_problems(rule: dict[str, Any], path: str, alerts: dict[str, dict[str, Any]]) -> list[str]:
    alert = str(rule.get("alert"))
    found = []
    if alert in alerts and alerts[alert].get("enabled", True):
        found.append(
            f"{_VARIABLE}: duplicate rule name {alert} in {path}; rename it, or switch llmmon's off with"
            f" llmmon_alerts: {{{alert}: {{enabled: false}}}}"
        )
    for quoted in _MATCHER.findall(str(rule.get("expr", ""))):
        why = regex_problem(_unquoted(quoted))
        if why:
            found.append(
                f"{_VARIABLE}: the matcher {quoted} of {rule.get('alert') or rule.get('record')} in {path} does not"
                f" compile: {why}"
            )
    return found


def _unquoted(quoted: str) -> str:
    """What a string of PromQL says; of its escapes only those that regular expressions are written with."""
    return re.sub(r"""\\([\\"'])""", r"\1", quoted[1:-1])
