# SPDX-License-Identifier: Apache-2.0
"""Bring a set of dashboards and their folders to Grafana: look at all of it, decide, then write."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any, Optional

from ansible_collections.llmmon.stack.plugins.module_utils.clients.grafana import ClassicWriter, GrafanaApi
from ansible_collections.llmmon.stack.plugins.module_utils.clients.http import CONNECTIONS, HttpClient, HttpError
from ansible_collections.llmmon.stack.plugins.module_utils.dashboards.folders import (
    Folder,
    FolderStep,
    check_title,
    ordered,
    plan_folder,
)
from ansible_collections.llmmon.stack.plugins.module_utils.dashboards.history import saved_version
from ansible_collections.llmmon.stack.plugins.module_utils.dashboards.model import UID, BadDashboard, Dashboard
from ansible_collections.llmmon.stack.plugins.module_utils.dashboards.plan import (
    DashboardStep,
    Leaving,
    check_titles,
    is_provisioned,
    judge_edit,
    plan_dashboard,
    plan_leaving,
    titles_to_check,
)
from ansible_collections.llmmon.stack.plugins.module_utils.dashboards.refusals import (
    ends_all,
    is_conflict,
    is_title_taken,
    said,
)
from ansible_collections.llmmon.stack.plugins.module_utils.dashboards.report import (
    drift_rows,
    push_differences,
    rows,
    warnings,
)
from ansible_collections.llmmon.stack.plugins.module_utils.dashboards.wanted import WantedSet
from ansible_collections.llmmon.stack.plugins.module_utils.errors import StackError
from ansible_collections.llmmon.stack.plugins.module_utils.host.parallel import parallel_map

# SQLite refuses some of eight parallel saves, and with two hardly any.
_WRITERS = 2
_MOST_FAILED_SAVES = 4
_FIRST_PAUSE_SECONDS = 0.2


class PushFailed(StackError):
    """Some of the set is not in Grafana; the message holds what the server said."""


class Push:
    """One run over the whole set. ``signed_in`` is whether Grafana has taken the client's password before."""

    def __init__(self, client: HttpClient, wanted: WantedSet, check_mode: bool, *, signed_in: bool = False) -> None:
        self.grafana = GrafanaApi(client)
        self.writer = ClassicWriter(client)
        self.wanted = wanted
        self.check_mode = check_mode
        self._signed_in = signed_in
        self.folders: list[FolderStep] = []
        self.steps: dict[str, DashboardStep] = {}
        self.leaving: list[Leaving] = []
        self.done: set[str] = set()
        self.warnings: list[str] = []
        self._stopped = threading.Event()

    def run(self) -> None:
        """Look and decide; write unless in check mode. Raises BadDashboard, HttpError or PushFailed."""
        folders = self._asked_folders()
        served, examined, tagged = self._look(folders)
        self.folders = self._plan_folders(folders, served)
        refused = [str(step) for step in examined if isinstance(step, BadDashboard)]
        if refused:
            raise BadDashboard(" | ".join(refused))
        self.steps = {step.dashboard.uid: step for step in examined if isinstance(step, DashboardStep)}
        self.leaving = self._plan_leaving(tagged)
        self._check_titles()
        self.done = {uid for uid, step in self.steps.items() if step.action == "unchanged"}
        if not self.check_mode:
            self._write_folders()
            self._write_dashboards()
        self.warnings += warnings(self.steps.values(), self.leaving)

    # -- look and decide

    def _asked_folders(self) -> list[Folder]:
        """Those that are described, parents first, and those that a dashboard names only."""
        folders = ordered(self.wanted.folders)
        named = {folder.uid for folder in folders}
        used = {dashboard.folder_uid for dashboard in self.wanted.dashboards} - named - {""}
        return folders + [Folder(uid) for uid in sorted(used)]

    def _plan_folders(self, folders: list[Folder], served: dict[str, Any]) -> list[FolderStep]:
        steps = []
        for folder in folders:
            answer = served[folder.uid]
            parent_is_there = served.get(folder.parent_uid) is not None
            nests = bool((answer or {}).get("parentUid")) or (parent_is_there and self._nests(folder.parent_uid))
            if folder.parent_uid and parent_is_there and not nests:
                self._warn_flat(folder)
            step = plan_folder(folder, answer, nests or not parent_is_there)
            if step.actions and (parent_is_there or not folder.parent_uid):
                check_title(folder, self.grafana.folders_in(folder.parent_uid if nests else ""))
            steps.append(step)
        return steps

    def _nests(self, parent_uid: str) -> bool:
        """Whether this Grafana has folders in folders; one that does not lists all of them, the parent as well."""
        return parent_uid not in {folder.get("uid") for folder in self.grafana.folders_in(parent_uid)}

    def _warn_flat(self, folder: Folder) -> None:
        self.warnings.append(
            f"this Grafana has no nested folders: {folder.uid} stays at the top level instead of in {folder.parent_uid}"
        )

    def _look(self, folders: list[Folder]) -> tuple[dict[str, Any], list[Any], list[dict[str, Any]]]:
        """The folders by uid, each dashboard with what it needs, and what has the owner's tag, if others may leave."""
        asked: list[Callable[[], Any]] = [partial(self.grafana.folder, folder.uid) for folder in folders]
        asked += [partial(self._examined_or_refused, dashboard) for dashboard in self.wanted.dashboards]
        if self.wanted.prune:
            asked.append(partial(self.grafana.dashboards_found, self.wanted.owner.tag))
        answers = self.grafana.at_once(asked, signed_in=self._signed_in)
        tagged = answers.pop() if self.wanted.prune else []
        served = {folder.uid: answer for folder, answer in zip(folders, answers)}
        return served, answers[len(folders) :], tagged

    def _examined_or_refused(self, dashboard: Dashboard) -> Any:
        try:
            return self._examined(dashboard)
        except BadDashboard as refusal:
            return refusal

    def _examined(self, dashboard: Dashboard) -> DashboardStep:
        step = plan_dashboard(dashboard, self.grafana.dashboard(dashboard.uid), self.wanted.owner)
        if step.action == "create":
            return step
        # Who saved last matters where something differs, and where an edit that is kept may have come home: not the
        # login tells, which people and this module may share, but the message.
        if step.action == "unchanged" and not self.wanted.keep_edits:
            return step
        last = saved_version(self.grafana, dashboard.uid, step.version)
        return judge_edit(step, last, self.wanted.owner, self.wanted.keep_edits)

    def _check_titles(self) -> None:
        wanted = titles_to_check(self.steps.values())
        if wanted:
            leaving = {gone.uid for gone in self.leaving if not gone.kept}
            check_titles(wanted, self.grafana.dashboards_found(), leaving | self.steps.keys())

    def _plan_leaving(self, tagged: list[dict[str, Any]]) -> list[Leaving]:
        uids = sorted({str(hit.get("uid")) for hit in tagged} - self.steps.keys())
        found = parallel_map(CONNECTIONS, self._leaving, [uid for uid in uids if UID.fullmatch(uid)])
        return [leaving for leaving in found if leaving]

    def _leaving(self, uid: str) -> Optional[Leaving]:
        answer = self.grafana.dashboard(uid)
        if answer is None:
            return None
        # Of a provisioned dashboard it does not matter who saved it.
        number = None if is_provisioned(answer["meta"]) else answer["dashboard"].get("version")
        last = saved_version(self.grafana, uid, number)
        return plan_leaving(uid, answer, last, self.wanted.owner)

    # -- write

    def _write_folders(self) -> None:
        for step in self.folders:
            folder = step.folder
            if "create" in step.actions:
                self.writer.create_folder(folder.uid, folder.title, folder.parent_uid)
                if folder.parent_uid and not (self.grafana.folder(folder.uid) or {}).get("parentUid"):
                    self._warn_flat(folder)
            if "rename" in step.actions:
                self.writer.rename_folder(folder.uid, folder.title, step.version)
            if "move" in step.actions:
                self.writer.move_folder(folder.uid, folder.parent_uid)

    def _write_dashboards(self) -> None:
        todo = [step for step in self.steps.values() if step.action not in ("unchanged", "keep")]
        failures = self._save_all(todo)
        for_titles = [(step, error) for step, error in failures if is_title_taken(error)]
        if len(for_titles) == len(failures):
            self._delete_leaving()
            # What had the title may have another one by now, or be gone.
            failures = self._save_all([step for step, _ in for_titles])
        if failures:
            raise PushFailed(" | ".join(dict.fromkeys(said(error, step.dashboard.title) for step, error in failures)))

    def _save_all(self, steps: list[DashboardStep]) -> list[tuple[DashboardStep, HttpError]]:
        """Save them; what Grafana refuses of one dashboard does not keep the others away."""

        def save(step: DashboardStep) -> Optional[tuple[DashboardStep, HttpError]]:
            if self._stopped.is_set():
                return None
            uid = step.dashboard.uid
            try:
                self.steps[uid] = final = self._save(step)
            except HttpError as error:
                if ends_all(error):
                    self._stopped.set()
                return step, error
            if final.action != "keep":
                self.done.add(uid)
            return None

        return [failure for failure in parallel_map(_WRITERS, save, steps) if failure]

    def _save(self, step: DashboardStep) -> DashboardStep:
        """Save one dashboard; a conflict is tried once more from what is there now, a busy database some times."""
        conflicts = failed = 0
        while True:
            try:
                self._send(step)
            except HttpError as error:
                if is_conflict(error) and not conflicts:
                    conflicts += 1
                elif error.status == 500 and failed < _MOST_FAILED_SAVES - 1:
                    time.sleep(_FIRST_PAUSE_SECONDS * 2**failed)
                    failed += 1
                else:
                    raise
                again = self._examined(step.dashboard)
                if again.action == "keep":
                    return again
                if again.action == "unchanged":
                    if error.status == 500:
                        self.warnings.append(f"{error}; still, the dashboard {step.dashboard.uid} was saved as wanted")
                    return step
                step = again
            else:
                return step

    def _send(self, step: DashboardStep) -> None:
        dashboard = step.dashboard
        model = self.wanted.owner.tagged(dashboard.model) if step.tagged else dashboard.model
        message = self.wanted.owner.message(dashboard)
        answer = self.writer.save_dashboard(model, dashboard.folder_uid, message, step.version)
        # Only later releases say where they put it.
        folder_uid = answer.get("folderUid") if isinstance(answer, dict) else None
        if folder_uid is None:
            there = self.grafana.dashboard(dashboard.uid)
            folder_uid = (there["meta"].get("folderUid") or "") if there else None
        if folder_uid != dashboard.folder_uid:
            place = "has lost it" if folder_uid is None else f"has it in the folder {folder_uid or 'General'}"
            raise HttpError(
                f"Grafana accepted the dashboard {dashboard.uid} for the folder {dashboard.folder_uid or 'General'},"
                f" but {place}",
                reason="misplaced",
                status=200,
            )

    def _delete_leaving(self) -> None:
        for leaving in self.leaving:
            if not leaving.kept:
                self.writer.delete_dashboard(leaving.uid)
                self.done.add(leaving.uid)

    # -- tell

    @property
    def changed(self) -> bool:
        """Whether anything is, or in check mode would be, written."""
        return (
            any(step.actions for step in self.folders)
            or any(step.action not in ("unchanged", "keep") for step in self.steps.values())
            or any(not leaving.kept for leaving in self.leaving)
        )

    def report(self) -> list[dict[str, Any]]:
        """One row a dashboard, also after a failure in the middle."""
        return rows(self.steps.values(), self.leaving, self.done)

    def drift(self) -> list[dict[str, Any]]:
        """The dashboards that somebody else saved last, and what becomes of that."""
        return drift_rows(self.steps.values())

    def differences(self) -> list[dict[str, str]]:
        """A diff for each folder and dashboard that changes, or is kept though it differs."""
        return push_differences(self.folders, self.steps.values(), self.leaving)
