# SPDX-License-Identifier: Apache-2.0
"""Write dashboards that a host sent to files on the controller. Nothing that a host says is trusted to name a path."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ansible_collections.llmmon.stack.plugins.module_utils.dashboards.files import (
    exported_text,
    files_by_uid,
    holds,
    text_before,
    write_text,
)
from ansible_collections.llmmon.stack.plugins.module_utils.dashboards.model import UID, BadDashboard, DashboardOwner
from ansible_collections.llmmon.stack.plugins.module_utils.dashboards.parse import load, unwrapped
from ansible_collections.llmmon.stack.plugins.module_utils.difference import difference


def uid_in(path: Path) -> str:
    """The uid of the dashboard that a file of the user's holds, empty when it holds none."""
    try:
        return str(unwrapped(path.name, load(path.name, text_before(path) or "")).get("uid") or "")
    except BadDashboard:
        return ""


class Homecoming:
    """One run: where each dashboard belongs, and what of it has to be written."""

    def __init__(self, owner: DashboardOwner, directory: Path, files: Sequence[Path]) -> None:
        self.owner = owner
        self.directory = directory
        self.files = {uid: path for path in files if (uid := uid_in(path))}
        self.report: list[dict[str, Any]] = []
        self.differences: list[dict[str, str]] = []
        self._texts: dict[Path, str] = {}

    def plan(self, dashboards: Sequence[Mapping[str, Any]]) -> None:
        """Decide for each dashboard of a host; raises BadDashboard."""
        known = files_by_uid(self.directory)
        taken: dict[str, str] = {}
        for dashboard in dashboards:
            uid = str(dashboard["uid"])
            if not UID.fullmatch(uid):
                raise BadDashboard(f"{uid!r} is not a valid uid of a dashboard")
            path = self.files.get(uid) or known.get(uid) or self.directory / f"{uid}.json"
            # Some disks, such as those of macOS, do not tell a from A.
            other = taken.setdefault(str(path).lower(), uid)
            if other != uid:
                raise BadDashboard(f"the dashboards {other} and {uid} would both be {path}: give one another uid")
            self._plan_file(path, dashboard, uid not in self.files)

    def _plan_file(self, path: Path, dashboard: Mapping[str, Any], is_new: bool) -> None:
        model = json.loads(dashboard["content"])
        before = text_before(path)
        is_there = holds(before, model, self.owner)
        if not is_there:
            self._texts[path] = exported_text(model, self.owner)
            self.differences.append(difference(str(path), before or "", self._texts[path]))
        row = {key: value for key, value in dashboard.items() if key != "content"}
        self.report.append({**row, "file": str(path), "is_new": is_new, "action": "unchanged" if is_there else "write"})

    def write(self) -> None:
        """Write what differs; raises OSError."""
        for path, text in self._texts.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            write_text(path, text)

    @property
    def changed(self) -> bool:
        """Whether any file is, or in check mode would be, written."""
        return bool(self._texts)
