"""A dashboard as a file holds it, and as Grafana serves it."""

from __future__ import annotations

from typing import Any

from ansible_collections.llmmon.stack.plugins.module_utils.dashboards.model import Dashboard, DashboardOwner
from ansible_collections.llmmon.stack.plugins.module_utils.dashboards.parse import dashboard_of

OWNER = DashboardOwner("llmmon")
MODEL: dict[str, Any] = {
    "uid": "llm",
    "title": "LLM",
    "panels": [{"id": 1, "gridPos": {"h": 8, "w": 12.0}, "targets": [{"expr": "up", "refId": "A"}]}],
    "tags": ["a", "b"],
}


def dashboard(**changes: Any) -> Dashboard:
    """The dashboard of a file that holds MODEL, with changes."""
    return dashboard_of("llm.json", {**MODEL, **changes}, OWNER, "llmmon")


def served(model: dict[str, Any] | None = None, **meta: Any) -> dict[str, Any]:
    """Grafana's answer about a dashboard that it has."""
    return {
        "meta": {"isFolder": False, "provisioned": False, "folderUid": "llmmon", "updatedBy": "anna", **meta},
        "dashboard": {"id": 17, "version": 3, **(MODEL if model is None else model)},
    }
