# SPDX-License-Identifier: Apache-2.0
"""Where the files of dashboards lie in a release of Grafana's configuration."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any


def placed_dashboards(files: list[str], folders: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Path in the release and source of each dashboard; those of a folder lie in a directory of its uid's name."""
    found = [(f"dashboards/{PurePosixPath(source).name}", source) for source in files]
    for folder in folders:
        place = f"dashboards/{folder['uid']}"
        found += [(f"{place}/{PurePosixPath(source).name}", source) for source in folder.get("files") or []]
    return found


def grafana_dashboard_files(files: list[str], folders: list[dict[str, Any]]) -> dict[str, str]:
    """Path in the release to source on the controller."""
    return dict(placed_dashboards(files, folders))
