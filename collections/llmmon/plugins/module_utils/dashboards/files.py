# SPDX-License-Identifier: Apache-2.0
"""Dashboards in files: reading a directory of them, and writing one that came home from Grafana."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Optional

from ansible_collections.llmmon.stack.plugins.module_utils.dashboards.model import (
    BadDashboard,
    Dashboard,
    DashboardOwner,
    own_model,
)
from ansible_collections.llmmon.stack.plugins.module_utils.dashboards.parse import dashboard_of, load, unwrapped
from ansible_collections.llmmon.stack.plugins.module_utils.host.files import write_atomically
from ansible_collections.llmmon.stack.plugins.module_utils.json_values import canonical, readable, same


def read_text(path: Path, name: str) -> str:
    """The text of a dashboard's file; raises BadDashboard."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadDashboard(f"the file {name} cannot be read as text: {error}") from error


def _placed(source: Path, folder_uid: str) -> list[tuple[Path, str]]:
    """The files of a directory, each with the uid of the folder that it belongs into."""
    paths = sorted((*source.glob("*.json"), *source.glob("*/*.json")))
    return [(path, folder_uid if path.parent == source else path.parent.name) for path in paths]


def folders_by_uid(source: Path, folder_uid: str) -> dict[str, str]:
    """Which folder each dashboard of a directory belongs into; the files themselves are not checked."""
    found: dict[str, str] = {}
    for path, place in _placed(source, folder_uid):
        content = load(path.name, read_text(path, path.name))
        found[str(unwrapped(path.name, content).get("uid"))] = place
    return found


def read_directory(source: Path, owner: DashboardOwner, folder_uid: str, inputs: Mapping[str, str]) -> list[Dashboard]:
    """The dashboards of a directory's files; those of a directory in it belong into the folder of that name."""
    if not source.is_dir():
        raise BadDashboard(f"there is no directory {source} with dashboards")
    found, problems = [], []
    for path, place in _placed(source, folder_uid):
        name = str(path.relative_to(source))
        try:
            found.append(dashboard_of(name, load(name, read_text(path, name)), owner, place, inputs))
        except BadDashboard as error:
            problems.append(str(error))
    if problems:
        raise BadDashboard(" | ".join(problems))
    return found


def exported_text(model: dict[str, Any], owner: DashboardOwner) -> str:
    """A dashboard as a file for a repository: the same text for the same content, without what is the server's."""
    return readable(owner.untagged(own_model(model)))


def files_by_uid(directory: Path) -> dict[str, Path]:
    """Which file of a directory holds which dashboard; a file that is not a dashboard is left alone."""
    found: dict[str, Path] = {}
    for path in sorted(directory.glob("*.json")):
        try:
            content = load(path.name, read_text(path, path.name))
        except BadDashboard:
            continue
        uid = content.get("uid") if isinstance(content, dict) else None
        if isinstance(uid, str):
            found.setdefault(uid, path)
    return found


def text_before(path: Path) -> Optional[str]:
    """What a file holds now, None when it is not there."""
    return read_text(path, path.name) if path.is_file() else None


def holds(text: Optional[str], model: dict[str, Any], owner: DashboardOwner) -> bool:
    """Whether a file's text is the dashboard already, however it is laid out."""
    if text is None:
        return False
    try:
        content = json.loads(text)
    except ValueError:
        return False
    wanted = owner.untagged(own_model(model))
    if not isinstance(content, dict):
        return False
    there = owner.untagged(own_model(content))
    return canonical(there) == canonical(wanted) or same(there, wanted)


def write_text(path: Path, text: str) -> None:
    """Replace a file in one go; a lone surrogate, which UTF-8 has no bytes for, stays the escape that it was."""
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o644
    write_atomically(path, text.encode("utf-8", "backslashreplace"), mode)
