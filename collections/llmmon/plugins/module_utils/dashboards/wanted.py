# SPDX-License-Identifier: Apache-2.0
"""What the user asks for, out of the parameters of the module: the set of dashboards, their folders and owner."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path
from typing import Any

from ansible_collections.llmmon.stack.plugins.module_utils.dashboards.files import read_directory, read_text
from ansible_collections.llmmon.stack.plugins.module_utils.dashboards.folders import Folder
from ansible_collections.llmmon.stack.plugins.module_utils.dashboards.model import (
    BadDashboard,
    Dashboard,
    DashboardOwner,
)
from ansible_collections.llmmon.stack.plugins.module_utils.dashboards.parse import check_set, dashboard_of, load

_OWNER = re.compile(r"[A-Za-z0-9_.-]{1,40}")


@dataclasses.dataclass(frozen=True)
class WantedSet:
    """A set of dashboards, with the folders it needs and what may become of others."""

    dashboards: list[Dashboard]
    folders: list[Folder]
    owner: DashboardOwner
    keep_edits: bool = False
    prune: bool = False


def dashboards_of(parameters: dict[str, Any], owner: DashboardOwner) -> list[Dashboard]:
    """All dashboards that the parameters name, checked; raises BadDashboard."""
    inputs = {str(name): str(value) for name, value in parameters["inputs"].items()}
    default = parameters["folder_uid"]
    found = read_directory(Path(parameters["src"]), owner, default, inputs) if parameters["src"] else []
    for number, entry in enumerate(parameters["dashboards"] or [], start=1):
        folder_uid = default if entry["folder_uid"] is None else entry["folder_uid"]
        if entry["file"]:
            name = entry["file"]
            content = load(name, read_text(Path(name), name))
        else:
            name, content = f"dashboard {number} of the list", entry["definition"]
        found.append(dashboard_of(name, content, owner, folder_uid, inputs))
    check_set(found)
    return found


def wanted_of(parameters: dict[str, Any]) -> WantedSet:
    """What the parameters ask for; raises BadDashboard."""
    owner = owner_of(parameters)
    dashboards = dashboards_of(parameters, owner)
    if parameters["prune"] and not dashboards:
        raise BadDashboard("there is no dashboard in the set, and prune would delete all that the owner has")
    folders = [Folder(entry["uid"], entry["title"], entry["parent_uid"]) for entry in parameters["folders"]]
    if parameters["folder_title"]:
        folders.insert(0, Folder(parameters["folder_uid"], parameters["folder_title"]))
    return WantedSet(
        dashboards,
        folders,
        owner,
        keep_edits=parameters["drift"] == "keep",
        prune=parameters["prune"],
    )


def owner_of(parameters: dict[str, Any]) -> DashboardOwner:
    """The owner; the name becomes part of a tag and a message."""
    # Only an export may leave it out.
    name = "llmmon" if parameters["owner"] is None else parameters["owner"]
    if not _OWNER.fullmatch(name):
        raise BadDashboard("owner needs 1 to 40 letters, digits, '-', '_' or '.'")
    return DashboardOwner(name)
