# SPDX-License-Identifier: Apache-2.0
"""Directories of the stack on a host: who owns each, and which are not as they should be."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Optional

MODE = 0o750

Access = tuple[int, int, int]


def access(path: Path) -> Optional[Access]:
    """Owner, group and mode of a directory; None when there is none."""
    if not path.is_dir():
        return None
    status = path.stat()
    return status.st_uid, status.st_gid, status.st_mode & 0o7777


def plan(directories: list[dict[str, Any]], actual: dict[str, Optional[Access]]) -> list[dict[str, Any]]:
    """The directories that are not as they should be."""
    return [
        d
        for d in directories
        if actual[d["path"]] != (d["owner"], d["group"], MODE) and not (d.get("once") and actual[d["path"]])
    ]
