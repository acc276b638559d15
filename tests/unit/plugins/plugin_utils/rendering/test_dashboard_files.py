"""Where the user's dashboards lie in a release."""

from __future__ import annotations

from typing import Any

from ansible_collections.llmmon.stack.plugins.plugin_utils.rendering.dashboard_files import (
    grafana_dashboard_files,
)

TEAM: dict[str, Any] = {"uid": "team", "title": "Team", "files": ["/x/a.json", "/y/b.json"]}


def test_dashboards_of_a_folder_lie_in_a_directory_of_its_uid() -> None:
    assert grafana_dashboard_files(["/r/a.json"], [TEAM, {"uid": "empty", "title": "Empty"}]) == {
        "dashboards/a.json": "/r/a.json",
        "dashboards/team/a.json": "/x/a.json",
        "dashboards/team/b.json": "/y/b.json",
    }
