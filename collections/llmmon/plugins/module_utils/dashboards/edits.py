# SPDX-License-Identifier: Apache-2.0
"""Find the dashboards of Grafana that are not as they were pushed: edited in the browser, or made there."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any, Optional

from ansible_collections.llmmon.stack.plugins.module_utils.clients.grafana import GrafanaApi
from ansible_collections.llmmon.stack.plugins.module_utils.clients.http import CONNECTIONS, HttpClient
from ansible_collections.llmmon.stack.plugins.module_utils.dashboards.history import saved_version
from ansible_collections.llmmon.stack.plugins.module_utils.dashboards.model import (
    UID,
    BadDashboard,
    Dashboard,
    DashboardOwner,
    own_model,
)
from ansible_collections.llmmon.stack.plugins.module_utils.dashboards.plan import Edit, is_provisioned
from ansible_collections.llmmon.stack.plugins.module_utils.host.parallel import parallel_map

# How people call the folder that has no uid.
GENERAL = "general"


@dataclasses.dataclass(frozen=True)
class Found:
    """A dashboard as Grafana has it; ``model`` is without what is the server's or the owner's."""

    uid: str
    folder_uid: str
    model: dict[str, Any]
    is_edited: bool
    last: Optional[Edit] = None
    warning: str = ""


def judge(
    uid: str, answer: Mapping[str, Any], pushed: Optional[Dashboard], last: Optional[Edit], owner: DashboardOwner
) -> Found:
    """Tell what people edited or made from what llmmon pushed, be it another file than the one that is there now."""
    model = owner.untagged(own_model(answer["dashboard"]))
    is_edited = (pushed is None or pushed.model != model) and (last is None or owner.pushed(last.message) is None)
    warning = ""
    if is_provisioned(answer["meta"]):
        is_edited, warning = False, f"the dashboard {uid} is not exported: Grafana provisions it from a file"
    return Found(uid, answer["meta"].get("folderUid") or "", model, is_edited, last, warning)


class Edits:
    """One look at some folders; it sends no writing request."""

    def __init__(self, client: HttpClient, owner: DashboardOwner, pushed: Mapping[str, Dashboard]) -> None:
        self.grafana = GrafanaApi(client)
        self.owner = owner
        self.pushed = pushed
        self.found: list[Found] = []
        self.warnings: list[str] = []

    def look(self, folders: Sequence[str]) -> None:
        """Look at all dashboards of these folders. Raises BadDashboard or HttpError."""
        places = ["" if folder == GENERAL else folder for folder in dict.fromkeys(folders)]
        for place in places:
            if place and (not UID.fullmatch(place) or self.grafana.folder(place) is None):
                raise BadDashboard(f"Grafana has no folder with the uid {place!r}")
        hits = self.grafana.dashboards_found()
        uids = sorted(str(hit["uid"]) for hit in hits if (hit.get("folderUid") or "") in places)
        # They become parts of paths, here and on the controller.
        usable = [uid for uid in uids if UID.fullmatch(uid)]
        self.warnings = [
            f"the dashboard {uid!r} is not exported: its uid cannot be a file's name"
            for uid in uids
            if not UID.fullmatch(uid)
        ]
        self.found = [found for found in parallel_map(CONNECTIONS, self._looked_at, usable) if found]
        self.warnings += [found.warning for found in self.found if found.warning]

    def _looked_at(self, uid: str) -> Optional[Found]:
        answer = self.grafana.dashboard(uid)
        if answer is None:
            return None
        pushed = self.pushed.get(uid)
        first = judge(uid, answer, pushed, None, self.owner)
        if not first.is_edited:
            return first
        last = saved_version(self.grafana, uid, answer["dashboard"].get("version"))
        return judge(uid, answer, pushed, last, self.owner)
