# SPDX-License-Identifier: Apache-2.0
"""Keys that appear twice in a variable's dictionary: YAML keeps the last and forgets the others without a word."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import yaml
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.shapes import repeated

_VARIABLE_FILES = ("group_vars", "host_vars")
_SUFFIXES = {"", ".yml", ".yaml", ".json"}


def repetition_problems(directories: list[str], variables: list[str]) -> list[str]:
    """Names that appear twice in one of the variables, in group_vars and host_vars below the directories."""
    found = []
    for path in sorted({path for directory in directories if directory for path in _files(Path(directory))}):
        try:
            root = yaml.compose(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError):
            # Ansible has read it, or has said why it cannot: it may be a whole file in a vault.
            continue
        for variable, value in _entries(root):
            if variable in variables:
                names = [name for name, _ in _entries(value)]
                found += [f"{variable}: the name {name} appears twice in {path}" for name in repeated(names)]
    return found


def _files(directory: Path) -> Iterator[Path]:
    for folder in _VARIABLE_FILES:
        for path in (directory / folder).rglob("*"):
            if path.is_file() and path.suffix in _SUFFIXES:
                yield path


def _entries(node: yaml.Node | None) -> Iterator[tuple[str, yaml.Node]]:
    """Keys and values of a dictionary as they are written."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                yield key.value, value
