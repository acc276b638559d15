# SPDX-License-Identifier: Apache-2.0
"""Exchange what directories hold by renames, so that a kill between any two of them can be made undone.

The directories themselves stay: one may be where a disk is mounted, and containers hold on to them.
"""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path
from typing import Any

from ansible_collections.llmmon.stack.plugins.module_utils.configuration.releases import LOCK
from ansible_collections.llmmon.stack.plugins.module_utils.host.disk import remove, sync
from ansible_collections.llmmon.stack.plugins.module_utils.host.places import OWN


@dataclasses.dataclass(frozen=True)
class Place:
    """A directory, where its new content waits and where the old one goes: all three on one file system.

    ``before`` names what the directory held before the first rename, None when there was no such directory.
    """

    target: Path
    new: Path
    old: Path
    before: tuple[str, ...]
    existed: bool

    @classmethod
    def look(cls, target: Path, new: Path, old: Path) -> Place:
        """A place as it is now; nobody else may work in the directory any more."""
        return cls(target, new, old, tuple(_entries(target)), target.is_dir())

    def to_journal(self) -> dict[str, Any]:
        """The place as a journal keeps it."""
        paths = {name: str(getattr(self, name)) for name in ("target", "new", "old")}
        return {**paths, "before": list(self.before), "existed": self.existed}

    @classmethod
    def from_journal(cls, found: dict[str, Any]) -> Place:
        """The place that a journal kept."""
        paths = {name: Path(found[name]) for name in ("target", "new", "old")}
        return cls(**paths, before=tuple(found["before"]), existed=bool(found["existed"]))

    def exchange(self) -> None:
        """Move the old content out and the new content in."""
        self.old.mkdir(mode=0o700, parents=True, exist_ok=True)
        for name in _entries(self.target):
            (self.target / name).rename(self.old / name)
        sync(self.old)
        for name in _entries(self.new):
            (self.new / name).rename(self.target / name)
        sync(self.target)

    def put_back(self) -> None:
        """Make the directory hold what it held before, whatever part of the exchange took place, also a second time."""
        for name in _entries(self.target):
            # What was there before and is not among the old has not been moved yet, or was moved back already.
            if name not in self.before or _lies_there(self.old / name):
                remove(self.target / name)
        for name in _entries(self.old):
            (self.old / name).rename(self.target / name)
        if self.target.is_dir():
            sync(self.target)
        if not self.existed:
            remove(self.target)


def _entries(directory: Path) -> list[str]:
    """Names of what lies in a directory; none when there is none.

    The lock of a directory of releases stays: whoever waits for it would wait for a file that is gone. So do the user's
    own files, which are in no archive.
    """
    if not directory.is_dir():
        return []
    return sorted(entry.name for entry in directory.iterdir() if entry.name not in (LOCK, OWN))


def _lies_there(path: Path) -> bool:
    """Whether something has that path, a link that leads nowhere included."""
    return os.path.lexists(path)
