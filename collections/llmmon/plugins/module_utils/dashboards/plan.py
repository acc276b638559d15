# SPDX-License-Identifier: Apache-2.0
"""What one dashboard needs, from what Grafana has of it and who saved that last. Pure functions."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any, Optional

from ansible_collections.llmmon.stack.plugins.module_utils.dashboards.model import (
    BadDashboard,
    Dashboard,
    DashboardOwner,
    own_model,
)


@dataclasses.dataclass(frozen=True)
class Edit:
    """The version that somebody else has saved since our last push."""

    version: int
    by: str
    at: str
    message: str


@dataclasses.dataclass(frozen=True)
class DashboardStep:
    """What one dashboard needs. ``version`` is the server's, sent back so that no edit in between is overwritten."""

    dashboard: Dashboard
    action: str
    version: Optional[int] = None
    before: Optional[dict[str, Any]] = None
    folder_before: str = ""
    saved_by: str = ""
    tagged: bool = True
    edit: Optional[Edit] = None


@dataclasses.dataclass(frozen=True)
class Leaving:
    """A dashboard that carries our tag and is in the set no more: deleted, or kept for a reason."""

    uid: str
    title: str
    model: dict[str, Any]
    kept: str = ""


def is_provisioned(meta: Mapping[str, Any]) -> bool:
    """Whether a dashboard comes from a file of Grafana's; where the browser may edit it, only the file's name shows."""
    return bool(meta.get("provisioned") or meta.get("provisionedExternalId"))


def plan_dashboard(dashboard: Dashboard, answer: Optional[dict[str, Any]], owner: DashboardOwner) -> DashboardStep:
    """Compare a dashboard with the server's answer to ``GET /api/dashboards/uid/:uid``."""
    if answer is None:
        return DashboardStep(dashboard, "create")
    meta, served = answer["meta"], answer["dashboard"]
    if meta.get("isFolder"):
        raise BadDashboard(f"the uid {dashboard.uid} of {dashboard.file} belongs to a folder in Grafana")
    if is_provisioned(meta):
        raise BadDashboard(
            f"the dashboard {dashboard.uid} of {dashboard.file} is provisioned by Grafana from a file"
            f" ({meta.get('provisionedExternalId') or 'unknown'}): remove it there, or give this one another uid"
        )
    before = owner.untagged(own_model(served))
    folder_before = meta.get("folderUid") or ""
    action = "unchanged"
    # Python's own comparison, which takes true for 1, is forty times as fast as a walk that does not.
    if before != dashboard.model:
        action = "update"
    elif folder_before != dashboard.folder_uid:
        action = "move"
    tagged = owner.tag in (served.get("tags") or [])
    saved_by = str(meta.get("updatedBy") or "")
    return DashboardStep(dashboard, action, served.get("version"), before, folder_before, saved_by, tagged)


def edit_of(answer: Any) -> Optional[Edit]:
    """The answer to ``GET /api/dashboards/uid/:uid/versions/:version``, None when it is something else."""
    if not isinstance(answer, dict) or "version" not in answer:
        return None
    texts = {key: str(answer.get(key) or "") for key in ("createdBy", "created", "message")}
    return Edit(int(answer["version"] or 0), texts["createdBy"], texts["created"], texts["message"])


def judge_edit(step: DashboardStep, last: Optional[Edit], owner: DashboardOwner, keep: bool) -> DashboardStep:
    """Tell a changed file from an edit in the browser, by who saved the dashboard's last version."""
    pushed = owner.pushed(last.message) if last else None
    if pushed is None:
        if step.action == "unchanged":
            # The edit is in the file by now: from here on the dashboard is as we pushed it. Where a server keeps
            # no versions nobody can tell, and nothing is gained by saying so.
            return dataclasses.replace(step, action="acknowledge") if last else step
        edit = last or Edit(step.version or 0, step.saved_by, "", "")
        return dataclasses.replace(step, action="keep" if keep else step.action, edit=edit)
    if step.action == "update" and pushed == step.dashboard.fingerprint:
        # It is what we pushed, as this server keeps it: some releases add defaults of their own.
        moved = step.folder_before != step.dashboard.folder_uid
        return dataclasses.replace(step, action="move" if moved else "unchanged")
    return step


def plan_leaving(uid: str, answer: dict[str, Any], last: Optional[Edit], owner: DashboardOwner) -> Leaving:
    """Decide about a dashboard with our tag that left the set, from Grafana's answer and who saved it last."""
    meta, model = answer["meta"], answer["dashboard"]
    leaving = Leaving(uid, str(model.get("title")), own_model(model))
    if is_provisioned(meta):
        return dataclasses.replace(leaving, kept="Grafana provisions it from a file")
    if last is None or owner.pushed(last.message) is None:
        # A copy that somebody made of ours has our tag too, and an edit of his would be gone with its history.
        by = meta.get("updatedBy") or "somebody else"
        return dataclasses.replace(leaving, kept=f"it was last saved by {by}, not by llmmon")
    return leaving


def _takes_title(step: DashboardStep) -> bool:
    """Whether the dashboard gets a title that it has not had in its folder, or comes into another folder."""
    if step.action in ("unchanged", "keep"):
        return False
    before = step.before or {}
    title_before = str(before.get("title") or "")
    moves = step.folder_before != step.dashboard.folder_uid
    return step.before is None or moves or title_before.lower() != step.dashboard.title.lower()


def titles_to_check(steps: Iterable[DashboardStep]) -> dict[tuple[str, str], Dashboard]:
    """The dashboards whose title may be another one's already, by folder and title."""
    return {
        (step.dashboard.folder_uid, step.dashboard.title.lower()): step.dashboard
        for step in steps
        if _takes_title(step)
    }


def check_titles(
    wanted: Mapping[tuple[str, str], Dashboard], hits: Iterable[Mapping[str, Any]], written: set[str]
) -> None:
    """Refuse the title of a dashboard that is not among the ``written`` uids; 11.3 and later would not."""
    found = []
    for hit in hits:
        dashboard = wanted.get((str(hit.get("folderUid") or ""), str(hit.get("title") or "").lower()))
        if dashboard and hit.get("uid") not in written:
            found.append(
                f"the folder {dashboard.folder_uid or 'General'} already has a dashboard named {dashboard.title!r},"
                f" with the uid {hit.get('uid')}: use that uid in {dashboard.file}, or another title"
            )
    if found:
        raise BadDashboard(" | ".join(found))
