# SPDX-License-Identifier: Apache-2.0
"""What the module says of a push: a row for each dashboard, drift, differences and warnings. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ansible_collections.llmmon.stack.plugins.module_utils.dashboards.diff import differing_values
from ansible_collections.llmmon.stack.plugins.module_utils.dashboards.folders import FolderStep
from ansible_collections.llmmon.stack.plugins.module_utils.dashboards.plan import DashboardStep, Leaving
from ansible_collections.llmmon.stack.plugins.module_utils.difference import difference

_MOST_NAMES = 100


def rows(steps: Iterable[DashboardStep], leaving: Iterable[Leaving], done: set[str]) -> list[dict[str, Any]]:
    """One row a dashboard, also after a failure in the middle; ``done`` are the uids that are as they should be."""
    return [
        {
            "uid": step.dashboard.uid,
            "file": step.dashboard.file,
            "folder_uid": step.dashboard.folder_uid,
            "action": step.action,
            "done": step.dashboard.uid in done,
        }
        for step in steps
    ] + [
        {
            "uid": gone.uid,
            "file": "",
            "folder_uid": "",
            "action": "spare" if gone.kept else "delete",
            "done": gone.uid in done,
        }
        for gone in leaving
    ]


def drift_rows(steps: Iterable[DashboardStep]) -> list[dict[str, Any]]:
    """The dashboards that somebody else saved last, and what becomes of that."""
    return [
        {
            "uid": step.dashboard.uid,
            "version": step.edit.version,
            "saved_by": step.edit.by,
            "saved_at": step.edit.at,
            "message": step.edit.message,
            "outcome": "kept" if step.action == "keep" else "overwritten",
        }
        for step in steps
        if step.edit
    ]


def warnings(steps: Iterable[DashboardStep], leaving: Iterable[Leaving]) -> list[str]:
    """A sentence for each edit of somebody else, and for each dashboard that is not pruned."""
    found = []
    for row in drift_rows(steps):
        outcome = (
            "kept; export.yml brings the edit home (or state: exported), drift: overwrite discards it"
            if row["outcome"] == "kept"
            else "overwritten; its versions in Grafana keep the edit"
        )
        found.append(
            f"the dashboard {row['uid']} was last saved by {row['saved_by'] or 'somebody else'}"
            f" (version {row['version']}, {row['saved_at'] or 'at an unknown time'}), not by llmmon: {outcome}"
        )
    return found + [f"the dashboard {gone.uid} is not pruned: {gone.kept}" for gone in leaving if gone.kept]


def push_differences(
    folders: Iterable[FolderStep], steps: Iterable[DashboardStep], leaving: Iterable[Leaving]
) -> list[dict[str, str]]:
    """A diff for each folder and dashboard that changes, or is kept though it differs."""
    return [
        *(_folder_difference(step) for step in folders if step.actions),
        *(_dashboard_difference(step) for step in steps if step.action not in ("unchanged", "acknowledge")),
        *(_deletion(gone) for gone in leaving if not gone.kept),
    ]


def named(uids: list[str]) -> str:
    """Uids for a message; all of them are in the result."""
    left_out = len(uids) - _MOST_NAMES
    return ", ".join(uids[:_MOST_NAMES]) + (f" and {left_out} more" if left_out > 0 else "") if uids else "none"


def failure(error: Exception, rows: list[dict[str, Any]]) -> str:
    """What failed, what was pushed by then, and what was not."""
    if not rows:
        return f"the dashboards could not be pushed: {error}; nothing was written"
    pushed = [row["uid"] for row in rows if row["done"] and row["action"] != "unchanged"]
    left = [row["uid"] for row in rows if not row["done"] and row["action"] not in ("keep", "spare")]
    return (
        f"the dashboards could not be pushed: {error}; pushed: {named(pushed)}; not pushed: {named(left)};"
        " run it again to finish"
    )


def _summary(title: str, model: dict[str, Any]) -> str:
    panels = model.get("panels")
    return f"title: {title}\npanels: {len(panels) if isinstance(panels, list) else 0}\n"


def _deletion(leaving: Leaving) -> dict[str, str]:
    before = _summary(leaving.title, leaving.model)
    return difference(f"{leaving.uid} (Grafana)", before, "", f"{leaving.uid} (deleted)")


def _folder_difference(step: FolderStep) -> dict[str, str]:
    folder = step.folder
    is_new = "create" in step.actions
    before = "" if is_new else f"title: {step.title_before}\nfolder: {step.parent_before or 'General'}\n"
    # A folder that only moves keeps its title, and one that is renamed its place.
    parent = folder.parent_uid if is_new or "move" in step.actions else step.parent_before
    after = f"title: {folder.title}\nfolder: {parent or 'General'}\n"
    return difference(f"folder {folder.uid} (Grafana)", before, after, f"folder {folder.uid}")


def _dashboard_difference(step: DashboardStep) -> dict[str, str]:
    dashboard = step.dashboard
    folder = f"folder: {dashboard.folder_uid or 'General'}\n"
    if step.before is None:
        before, after = "", folder + _summary(dashboard.title, dashboard.model)
    else:
        before, after = differing_values(step.before, dashboard.model)
        if step.folder_before != dashboard.folder_uid:
            before, after = f"folder: {step.folder_before or 'General'}\n{before}", folder + after
    kept = ", kept" if step.action == "keep" else ""
    return difference(f"{dashboard.uid} (Grafana)", before, after, f"{dashboard.uid} ({dashboard.file}){kept}")
