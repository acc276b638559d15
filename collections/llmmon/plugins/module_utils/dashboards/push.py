# SPDX-License-Identifier: Apache-2.0
"""Bring a set of dashboards and their folders to Grafana: look at all of it, decide, then write."""

from __future__ import annotations

import dataclasses
import threading
import time
from typing import Any, Optional

from ansible_collections.llmmon.stack.plugins.module_utils.clients.grafana import ClassicWriter, Grafana
from ansible_collections.llmmon.stack.plugins.module_utils.clients.http import CONNECTIONS, HttpClient, HttpError
from ansible_collections.llmmon.stack.plugins.module_utils.dashboards.diff import difference
from ansible_collections.llmmon.stack.plugins.module_utils.dashboards.folders import (
    Folder,
    FolderStep,
    check_title,
    ordered,
    plan_folder,
)
from ansible_collections.llmmon.stack.plugins.module_utils.dashboards.model import (
    UID,
    BadDashboard,
    Dashboard,
    Edit,
    Owner,
    Step,
    edit_of,
    is_provisioned,
    judge,
    own_model,
    plan,
)
from ansible_collections.llmmon.stack.plugins.module_utils.errors import StackError
from ansible_collections.llmmon.stack.plugins.module_utils.host.at_once import at_once

# SQLite refuses some of eight parallel saves, and with two hardly any.
_WRITERS = 2
_MOST_FAILED_SAVES = 4
_FIRST_PAUSE_SECONDS = 0.2


class PushFailed(StackError):
    """Some of the set is not in Grafana; the message holds what the server said."""


@dataclasses.dataclass(frozen=True)
class Wanted:
    """What the user asks for."""

    dashboards: list[Dashboard]
    folders: list[Folder]
    owner: Owner
    keep_edits: bool = False
    prune: bool = False


@dataclasses.dataclass(frozen=True)
class Leaving:
    """A dashboard that carries our tag and is in the set no more: deleted, or kept for a reason."""

    uid: str
    title: str
    model: dict[str, Any]
    kept: str = ""


def is_conflict(error: HttpError) -> bool:
    """Whether somebody else has saved in between; 12 and later say it with another status."""
    return error.status in (409, 412) and not is_title_taken(error)


def is_title_taken(error: HttpError) -> bool:
    """Whether another dashboard of the folder has the title."""
    return error.status == 412 and isinstance(error.body, dict) and error.body.get("status") == "name-exists"


def ends_all(error: HttpError) -> bool:
    """Whether the next dashboard would fare the same: credentials, a proxy, a server that is gone."""
    return error.status in (None, 401, 403, 502, 503, 504) or error.reason == "not_json"


class Push:
    """One run over the whole set."""

    def __init__(self, client: HttpClient, wanted: Wanted, check_mode: bool) -> None:
        self.grafana = Grafana(client)
        self.writer = ClassicWriter(client)
        self.wanted = wanted
        self.check_mode = check_mode
        self.folders: list[FolderStep] = []
        self.steps: dict[str, Step] = {}
        self.leaving: list[Leaving] = []
        self.done: set[str] = set()
        self.warnings: list[str] = []
        self._stopped = threading.Event()

    def run(self) -> None:
        """Look and decide; write unless in check mode. Raises BadDashboard, HttpError or PushFailed."""
        self.folders = self._plan_folders()
        examined = at_once(CONNECTIONS, self._examined_or_refused, self.wanted.dashboards)
        refused = [str(step) for step in examined if isinstance(step, BadDashboard)]
        if refused:
            raise BadDashboard(" | ".join(refused))
        self.steps = {step.dashboard.uid: step for step in examined if isinstance(step, Step)}
        if self.wanted.prune:
            self.leaving = self._plan_leaving()
        self.done = {uid for uid, step in self.steps.items() if step.action == "unchanged"}
        if not self.check_mode:
            self._write_folders()
            self._write_dashboards()
        self._warn()

    # -- look and decide

    def _plan_folders(self) -> list[FolderStep]:
        folders = ordered(self.wanted.folders)
        named = {folder.uid for folder in folders}
        used = {dashboard.folder_uid for dashboard in self.wanted.dashboards} - named - {""}
        folders += [Folder(uid) for uid in sorted(used)]
        answers = at_once(CONNECTIONS, lambda folder: self.grafana.folder(folder.uid), folders)
        served = {folder.uid: answer for folder, answer in zip(folders, answers)}
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
        """Whether this Grafana has folders in folders; one that has not lists all of them, the parent as well."""
        return parent_uid not in {folder.get("uid") for folder in self.grafana.folders_in(parent_uid)}

    def _warn_flat(self, folder: Folder) -> None:
        self.warnings.append(
            f"this Grafana has no folders in folders: {folder.uid} stays at the top instead of in {folder.parent_uid}"
        )

    def _examined_or_refused(self, dashboard: Dashboard) -> Any:
        try:
            return self._examined(dashboard)
        except BadDashboard as refusal:
            return refusal

    def _examined(self, dashboard: Dashboard) -> Step:
        step = plan(dashboard, self.grafana.dashboard(dashboard.uid), self.wanted.owner)
        if step.action == "create":
            return step
        # Who saved last matters where something differs, and where an edit that is kept may have come home: not the
        # login tells, which people and this module may share, but the message.
        if step.action == "unchanged" and not self.wanted.keep_edits:
            return step
        return judge(step, self._version(dashboard.uid, step.version), self.wanted.owner, self.wanted.keep_edits)

    def _version(self, uid: str, number: Optional[int]) -> Optional[Edit]:
        """Who saved a version, None when that cannot be told."""
        if not isinstance(number, int):
            return None
        try:
            return edit_of(self.grafana.version(uid, number))
        except HttpError as error:
            if ends_all(error) and error.status != 403:
                raise
            return None

    def _plan_leaving(self) -> list[Leaving]:
        hits = self.grafana.dashboards_found(self.wanted.owner.tag)
        uids = sorted({str(hit.get("uid")) for hit in hits} - self.steps.keys())
        found = at_once(CONNECTIONS, self._leaving, [uid for uid in uids if UID.fullmatch(uid)])
        return [leaving for leaving in found if leaving]

    def _leaving(self, uid: str) -> Optional[Leaving]:
        answer = self.grafana.dashboard(uid)
        if answer is None:
            return None
        meta, model = answer["meta"], answer["dashboard"]
        leaving = Leaving(uid, str(model.get("title")), own_model(model))
        if is_provisioned(meta):
            return dataclasses.replace(leaving, kept="it is provisioned from a file of Grafana's")
        last = self._version(uid, model.get("version"))
        if last is None or self.wanted.owner.pushed(last.message) is None:
            # A copy that somebody made of ours has our tag too, and an edit of his would be gone with its history.
            by = meta.get("updatedBy") or "somebody else"
            return dataclasses.replace(leaving, kept=f"it was last saved by {by}, not by llmmon")
        return leaving

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
            raise PushFailed(" | ".join(dict.fromkeys(str(error) for _, error in failures)))

    def _save_all(self, steps: list[Step]) -> list[tuple[Step, HttpError]]:
        """Save them; what Grafana refuses of one dashboard does not keep the others away."""

        def save(step: Step) -> Optional[tuple[Step, HttpError]]:
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

        return [failure for failure in at_once(_WRITERS, save, steps) if failure]

    def _save(self, step: Step) -> Step:
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
                        self.warnings.append(f"{error}; yet the dashboard {step.dashboard.uid} is there as wanted")
                    return step
                step = again
            else:
                return step

    def _send(self, step: Step) -> None:
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
            place = "nowhere" if folder_uid is None else f"in the folder {folder_uid or 'General'}"
            raise HttpError(
                f"Grafana took the dashboard {dashboard.uid} for the folder {dashboard.folder_uid or 'General'} and has"
                f" it {place}",
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
        rows = [
            {
                "uid": uid,
                "file": step.dashboard.file,
                "folder_uid": step.dashboard.folder_uid,
                "action": step.action,
                "done": uid in self.done,
            }
            for uid, step in self.steps.items()
        ]
        return rows + [
            {
                "uid": leaving.uid,
                "file": "",
                "folder_uid": "",
                "action": "spare" if leaving.kept else "delete",
                "done": leaving.uid in self.done,
            }
            for leaving in self.leaving
        ]

    def drift(self) -> list[dict[str, Any]]:
        """The dashboards that somebody else saved last, and what becomes of that."""
        return [
            {
                "uid": uid,
                "version": step.edit.version,
                "saved_by": step.edit.by,
                "saved_at": step.edit.at,
                "message": step.edit.message,
                "outcome": "kept" if step.action == "keep" else "overwritten",
            }
            for uid, step in self.steps.items()
            if step.edit
        ]

    def differences(self) -> list[dict[str, str]]:
        """A diff for each folder and dashboard that changes, or is kept though it differs."""
        folders = [_folder_difference(step) for step in self.folders if step.actions]
        steps = [step for step in self.steps.values() if step.action not in ("unchanged", "acknowledge")]
        deleted = [_deletion(leaving) for leaving in self.leaving if not leaving.kept]
        return [*folders, *map(_dashboard_difference, steps), *deleted]

    def _warn(self) -> None:
        for row in self.drift():
            kept = row["outcome"] == "kept"
            what = "bring the edit home by state: exported, or give it up by drift: overwrite"
            self.warnings.append(
                f"the dashboard {row['uid']} was last saved by {row['saved_by'] or 'somebody else'}"
                f" (version {row['version']}, {row['saved_at'] or 'at an unknown time'}), not by llmmon: "
                + (f"kept; {what}" if kept else "overwritten; its versions in Grafana keep the edit")
            )
        for leaving in self.leaving:
            if leaving.kept:
                self.warnings.append(f"the dashboard {leaving.uid} is not pruned: {leaving.kept}")


def _summary(title: str, model: dict[str, Any]) -> str:
    panels = model.get("panels")
    return f"title: {title}\npanels: {len(panels) if isinstance(panels, list) else 0}\n"


def _deletion(leaving: Leaving) -> dict[str, str]:
    return {
        "before_header": f"{leaving.uid} (Grafana)",
        "after_header": f"{leaving.uid} (deleted)",
        "before": _summary(leaving.title, leaving.model),
        "after": "",
    }


def _folder_difference(step: FolderStep) -> dict[str, str]:
    folder = step.folder
    is_new = "create" in step.actions
    before = "" if is_new else f"title: {step.title_before}\nfolder: {step.parent_before or 'General'}\n"
    # A folder that only moves keeps its title, and one that is renamed its place.
    parent = folder.parent_uid if is_new or "move" in step.actions else step.parent_before
    return {
        "before_header": f"folder {folder.uid} (Grafana)",
        "after_header": f"folder {folder.uid}",
        "before": before,
        "after": f"title: {folder.title}\nfolder: {parent or 'General'}\n",
    }


def _dashboard_difference(step: Step) -> dict[str, str]:
    dashboard = step.dashboard
    folder = f"folder: {dashboard.folder_uid or 'General'}\n"
    if step.before is None:
        before, after = "", folder + _summary(dashboard.title, dashboard.model)
    else:
        before, after = difference(step.before, dashboard.model)
        if step.folder_before != dashboard.folder_uid:
            before, after = f"folder: {step.folder_before or 'General'}\n{before}", folder + after
    return {
        "before_header": f"{dashboard.uid} (Grafana)",
        "after_header": f"{dashboard.uid} ({dashboard.file})" + (", kept" if step.action == "keep" else ""),
        "before": before,
        "after": after,
    }
