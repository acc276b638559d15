# SPDX-License-Identifier: Apache-2.0
"""A dashboard as llmmon knows it, and the owner of a set of them. Pure; nothing here talks to a server."""

from __future__ import annotations

import dataclasses
import hashlib
import re
from typing import Any, Optional

from ansible_collections.llmmon.stack.plugins.module_utils.errors import StackError
from ansible_collections.llmmon.stack.plugins.module_utils.json_values import canonical

UID = re.compile(r"[A-Za-z0-9_-]{1,40}")
_MESSAGE = re.compile(r"Pushed by llmmon \((\S+) ([0-9a-f]{16})\)")


class BadDashboard(StackError):
    """A set of dashboards cannot be pushed as it is; the message names the file."""


@dataclasses.dataclass(frozen=True)
class Dashboard:
    """A dashboard as a file holds it; ``model`` is without what belongs to the server."""

    file: str
    uid: str
    title: str
    model: dict[str, Any]
    folder_uid: str = ""

    @property
    def fingerprint(self) -> str:
        """Tells two contents apart; it goes into the message of the version that Grafana keeps."""
        return hashlib.sha256(canonical(self.model).encode()).hexdigest()[:16]


@dataclasses.dataclass(frozen=True)
class DashboardOwner:
    """Who a set of dashboards belongs to, and how that shows in Grafana: by a tag, and by the message of a version."""

    name: str

    @property
    def tag(self) -> str:
        return f"managed-by-{self.name}"

    def message(self, dashboard: Dashboard) -> str:
        return f"Pushed by llmmon ({self.name} {dashboard.fingerprint})"

    def pushed(self, message: str) -> Optional[str]:
        """The fingerprint of what this owner pushed, None when the message is not this owner's."""
        match = _MESSAGE.fullmatch(message)
        return match[2] if match and match[1] == self.name else None

    def untagged(self, model: dict[str, Any]) -> dict[str, Any]:
        """A dashboard's JSON without the owner's tag, and without a list of tags that is empty."""
        tags = model.get("tags")
        if not isinstance(tags, list):
            return model
        left = [tag for tag in tags if tag != self.tag]
        return {**model, "tags": left} if left else {key: value for key, value in model.items() if key != "tags"}

    def tagged(self, model: dict[str, Any]) -> dict[str, Any]:
        tags = model.get("tags")
        return {**model, "tags": [*(tags if isinstance(tags, list) else []), self.tag]}


def own_model(model: dict[str, Any]) -> dict[str, Any]:
    """A dashboard's JSON without what no person sets.

    Numbers of the server, one that older browsers count up with each save, and the folder in exports of Grafana 13.
    """
    return {
        key: value
        for key, value in model.items()
        if key not in {"id", "version", "iteration"} and not key.startswith("grafana.app/")
    }
