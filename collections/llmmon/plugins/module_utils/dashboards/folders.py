# SPDX-License-Identifier: Apache-2.0
"""Folders of dashboards: what is refused, and what has to be done. Pure functions; nothing here talks to a server."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any, Optional

from ansible_collections.llmmon.stack.plugins.module_utils.dashboards.model import UID, BadDashboard


@dataclasses.dataclass(frozen=True)
class Folder:
    """A folder as the user wants it; without a title it only has to be there."""

    uid: str
    title: str = ""
    parent_uid: str = ""


@dataclasses.dataclass(frozen=True)
class FolderStep:
    """What one folder needs: any of create, rename, move."""

    folder: Folder
    actions: tuple[str, ...] = ()
    version: Optional[int] = None
    title_before: str = ""
    parent_before: str = ""


def ordered(folders: Iterable[Folder]) -> list[Folder]:
    """Parents before their children; raises BadDashboard on what Grafana would not take."""
    wanted: dict[str, Folder] = {}
    for folder in folders:
        if not UID.fullmatch(folder.uid) or folder.uid == "general":
            raise BadDashboard(
                f"the folder {folder.title!r} needs a uid of 1 to 40 letters, digits, '-' or '_' other than general,"
                f" but has {folder.uid!r}"
            )
        if folder.uid in wanted:
            raise BadDashboard(f"the folder {folder.uid} appears twice in the list")
        wanted[folder.uid] = folder
    found: list[Folder] = []

    def add(folder: Folder, below: tuple[str, ...]) -> None:
        if folder.uid in below:
            raise BadDashboard(f"the folders {' and '.join(below)} contain each other")
        if folder in found:
            return
        if folder.parent_uid in wanted:
            add(wanted[folder.parent_uid], (*below, folder.uid))
        found.append(folder)

    for folder in wanted.values():
        add(folder, ())
    return found


def plan_folder(folder: Folder, served: Optional[dict[str, Any]], nests: bool) -> FolderStep:
    """Compare a folder with the answer to ``GET /api/folders/:uid``; parents count only where folders nest."""
    if served is None:
        if not folder.title:
            raise BadDashboard(f"the folder {folder.uid} does not exist and has no title to create it with")
        return FolderStep(folder, ("create",))
    title, parent = str(served.get("title") or ""), str(served.get("parentUid") or "")
    actions = []
    if folder.title and title != folder.title:
        actions.append("rename")
    if folder.title and nests and parent != folder.parent_uid:
        actions.append("move")
    return FolderStep(folder, tuple(actions), served.get("version"), title, parent)


def check_title(folder: Folder, siblings: list[dict[str, Any]]) -> None:
    """Refuse a title that another folder has, which Grafana would refuse too, or write to that other folder."""
    for sibling in siblings:
        other = str(sibling.get("uid"))
        if other != folder.uid and str(sibling.get("title", "")).lower() == folder.title.lower():
            raise BadDashboard(
                f"a folder named {folder.title!r} already exists with the uid {other}: use {other} as the folder's uid,"
                " or another title"
            )
