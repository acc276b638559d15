# SPDX-License-Identifier: Apache-2.0
"""How much disk a backup needs, and where."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Optional

from ansible_collections.llmmon.stack.plugins.module_utils.host.disk import nearest_existing

# Left for the services while a backup works, and for what a tar and a manifest add to the files.
_RESERVE = 64 * 1024 * 1024


@dataclasses.dataclass(frozen=True)
class Room:
    """Bytes that a file system must have free, and what for."""

    place: Path
    needed: int


def rooms(directory: Path, data_root: Path, archive: int, copies: int) -> list[Room]:
    """How much room is needed where; one file system has to take both."""
    place = nearest_existing(directory)
    if place.stat().st_dev == nearest_existing(data_root).stat().st_dev:
        return [Room(place, archive + copies + _RESERVE)]
    return [Room(place, archive + _RESERVE), Room(data_root, copies + _RESERVE)]


def lack(room: Room, free: int) -> Optional[str]:
    """What to say when a file system has too little room."""
    if free >= room.needed:
        return None
    return (
        f"a backup may need {room.needed // 2**20} MiB in {room.place} and {free // 2**20} MiB are free: free some"
        " disk, set llmmon_backup_directory to another file system, or back up the configuration alone with"
        " llmmon_backup_scope=config"
    )
