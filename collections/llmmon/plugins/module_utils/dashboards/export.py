# SPDX-License-Identifier: Apache-2.0
"""Write dashboards of Grafana to files, so that an edit made in the browser can come home."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from ansible_collections.llmmon.stack.plugins.module_utils.clients.grafana import GrafanaApi
from ansible_collections.llmmon.stack.plugins.module_utils.clients.http import HttpClient
from ansible_collections.llmmon.stack.plugins.module_utils.dashboards.files import (
    exported_text,
    files_by_uid,
    holds,
    text_before,
    write_text,
)
from ansible_collections.llmmon.stack.plugins.module_utils.dashboards.model import UID, BadDashboard, DashboardOwner
from ansible_collections.llmmon.stack.plugins.module_utils.difference import difference


class Export:
    """One run; all dashboards are read before a file is written."""

    def __init__(self, client: HttpClient, owner: DashboardOwner, directory: Path, check_mode: bool) -> None:
        self.grafana = GrafanaApi(client)
        self.owner = owner
        self.directory = directory
        self.check_mode = check_mode
        self.report: list[dict[str, Any]] = []
        self.differences: list[dict[str, str]] = []

    def run(self, uids: list[str], folder_uid: str) -> None:
        """Export these, or all of the folder. Raises BadDashboard, HttpError or OSError."""
        if not self.directory.is_dir():
            raise BadDashboard(f"there is no directory {self.directory} to write to")
        wanted = uids or self._uids_in(folder_uid)
        # They become parts of paths, here and there, and the server's are not to be trusted more than the user's.
        bad = [uid for uid in wanted if not UID.fullmatch(uid)]
        if bad:
            raise BadDashboard(f"{bad[0]!r} is not a valid uid of a dashboard")
        if not wanted:
            raise BadDashboard(f"the folder {folder_uid or 'General'} has no dashboard")
        known = files_by_uid(self.directory)
        answers = self.grafana.at_once([partial(self.grafana.dashboard, uid) for uid in wanted])
        missing = [uid for uid, answer in zip(wanted, answers) if answer is None or answer["meta"].get("isFolder")]
        if missing:
            raise BadDashboard(f"Grafana has no dashboard {missing[0]}")
        for uid, answer in zip(wanted, answers):
            if answer:
                self._export(uid, answer, known.get(uid, self.directory / f"{uid}.json"))

    def _uids_in(self, folder_uid: str) -> list[str]:
        hits = self.grafana.dashboards_found()
        return sorted(str(hit["uid"]) for hit in hits if (hit.get("folderUid") or "") == folder_uid)

    def _export(self, uid: str, answer: dict[str, Any], path: Path) -> None:
        before = text_before(path)
        unchanged = holds(before, answer["dashboard"], self.owner)
        if not unchanged:
            text = exported_text(answer["dashboard"], self.owner)
            self.differences.append(difference(str(path), before or "", text))
            if not self.check_mode:
                write_text(path, text)
        self.report.append(
            {
                "uid": uid,
                "file": str(path),
                "folder_uid": answer["meta"].get("folderUid") or "",
                "action": "unchanged" if unchanged else "write",
                "done": unchanged or not self.check_mode,
            }
        )

    @property
    def changed(self) -> bool:
        """Whether any file is, or in check mode would be, written."""
        return any(row["action"] == "write" for row in self.report)
