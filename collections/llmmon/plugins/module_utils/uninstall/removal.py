# SPDX-License-Identifier: Apache-2.0
"""What lies in the directories of a stack, told apart: what goes with it, and what stays and why. Only looks."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Optional

from ansible_collections.llmmon.stack.plugins.module_utils.backup.workplace import Workplace, WorkplaceError
from ansible_collections.llmmon.stack.plugins.module_utils.configuration.releases import (
    CURRENT,
    RUNNING,
    Releases,
    is_release_name,
)
from ansible_collections.llmmon.stack.plugins.module_utils.host import places
from ansible_collections.llmmon.stack.plugins.module_utils.host.places import REMAINS, Kind
from ansible_collections.llmmon.stack.plugins.module_utils.restore.staging import what_was_there

# So many strangers in one directory are named; of more there is the number.
_MOST_NAMED = 10

KindOf = Callable[[str], Optional[Kind]]


@dataclasses.dataclass(frozen=True)
class Going:
    """Something to delete, and why it is there when nobody would expect it."""

    path: Path
    why: str = ""

    def __str__(self) -> str:
        return f"{self.path}, {self.why}" if self.why else str(self.path)


@dataclasses.dataclass(frozen=True)
class Roots:
    """The three directories that hold everything."""

    configuration: Path
    data: Path
    backups: Path

    def holds_one(self, path: Path) -> bool:
        """Whether a path is one of them, or has one of them in it."""
        return any(path in (root, *root.parents) for root in (self.configuration, self.data, self.backups))


class Removal:
    """What goes and what stays of some services; ``data`` tells whether data, archives and Grafana's key go too."""

    def __init__(self, roots: Roots, services: list[str], data: bool) -> None:
        self.roots = roots
        self.services = services
        self.data = data

    def going(self) -> list[Going]:
        """Everything that goes, no path twice."""
        found = [going for path, kind in self._found() if kind for going in self._goes(path, kind)]
        found += self._left_elsewhere_by_backup()
        if self.data:
            found += [Going(path) for path in self._data()]
        return list({going.path: going for going in reversed(found)}.values())[::-1]

    def staying(self) -> list[str]:
        """One phrase for each thing that stays, with the reason."""
        found = self._data_that_stay() if not self.data else self._directories_that_stay()
        for service in self.services if self.data else []:
            directory = self.roots.data / service
            found += _named(directory, [path for path in _entries(directory) if not _is_of(service, path)])
        for directory, kind_of in self._directories():
            found += _named(
                directory,
                [path for path in _entries(directory) if kind_of(path.name) is None and not self.roots.holds_one(path)],
            )
        return found

    def _found(self) -> Iterator[tuple[Path, Optional[Kind]]]:
        """Everything in the directories that are looked into, and what it is."""
        for directory, kind_of in self._directories():
            for path in _entries(directory):
                yield path, kind_of(path.name)

    def _directories(self) -> Iterator[tuple[Path, KindOf]]:
        for service in self.services:
            yield self.roots.configuration / service, places.in_configuration
            yield self.roots.configuration / service / places.OWN, lambda _: None
        yield self.roots.configuration / places.TIMER_DIRECTORY, places.in_timer_directory
        yield self.roots.configuration, places.in_configuration_root
        yield self.roots.data, places.in_data_root
        others = {path.name for path in _entries(self.roots.backups)}
        yield self.roots.backups, lambda name: places.in_backup_directory(name, others)

    def _goes(self, path: Path, kind: Kind) -> list[Going]:
        """What goes of one thing."""
        if kind in REMAINS:
            # Nothing can use it, and it may hold keys: it goes with data and without.
            return [Going(part, kind.value) for part in self._parts(path, kind)]
        if kind in {Kind.STATE, Kind.WORK} or (kind is Kind.ARCHIVE and self.data):
            return [Going(path)]
        if kind is Kind.OWN and not _entries(path):
            return [Going(path)]
        if kind is Kind.CONFIGURATION and not self._has_key_that_stays(path):
            return [Going(path)]
        return []

    def _parts(self, path: Path, kind: Kind) -> list[Path]:
        """Of a restore whose journal somebody has deleted, what was there before stays unless data go."""
        if kind is Kind.REMAINS_OF_RESTORE and not self.data and what_was_there(path):
            return [part for part in _entries(path) if part != what_was_there(path)]
        return [path]

    def _has_key_that_stays(self, path: Path) -> bool:
        """Whether something is a part of the release with the key that Grafana's data are encrypted with."""
        releases = Releases(path.parent)
        current = releases.target(CURRENT)
        if path.parent != self.roots.configuration / "grafana" or self.data or not current:
            return False
        return not is_release_name(path.name) or path.name in {current, releases.target(RUNNING)}

    def _left_elsewhere_by_backup(self) -> list[Going]:
        """The unfinished archive and the snapshot of a backup that was killed, as its journal has them."""
        try:
            found = Workplace(self.roots.data).leftovers()
        except WorkplaceError:
            # Its journal is damaged. What is known of all the same is found by name.
            return []
        return [Going(Path(path), Kind.REMAINS_OF_BACKUP.value) for path in found]

    def _data(self) -> list[Path]:
        """What the services' own data directories hold of them; the directories may be mounts or links."""
        return [
            path for service in self.services for path in _entries(self.roots.data / service) if _is_of(service, path)
        ]

    def _data_that_stay(self) -> list[str]:
        found = []
        if self._data() or any(kind is Kind.ARCHIVE for _, kind in self._found()):
            found.append(f"data in {self.roots.data} and backups in {self.roots.backups}")
        if "grafana" in self.services and Releases(self.roots.configuration / "grafana").target(CURRENT):
            found.append(f"{self.roots.configuration}/grafana/{CURRENT}, which holds the key of Grafana's database")
        works = (self.roots.data / places.RESTORE_WORK, self.roots.configuration / places.RESTORE_CONFIGURATION)
        found += [
            f"{old}, which holds what was there before a restore whose journal somebody has deleted"
            for old in map(what_was_there, works)
            if old
        ]
        kept = [self.roots.data / service / name for service in self.services for name in (places.KEPT, places.REFUSED)]
        found += [f"{path}, which is left of an upgrade" for path in kept if path.exists()]
        return found

    def _directories_that_stay(self) -> list[str]:
        """Directories whose content goes and which llmmon does not remove themselves."""
        found = []
        for directory in (self.roots.data / service for service in self.services):
            if directory.is_symlink():
                found.append(f"{directory}, which is a link")
            elif os.path.ismount(directory):
                found.append(f"{directory}, where a file system is mounted")
        return found


def _is_of(service: str, path: Path) -> bool:
    """Whether something in a service's data directory is the service's: by its name, or because the service made it.

    Nobody knows all that a version or a plug-in of Grafana makes, but it belongs to the user that the directory is
    for; what root or another user has put there does not.
    """
    user = path.parent.stat().st_uid
    return places.in_data(service, path.name) or (user != 0 and path.lstat().st_uid == user)


def _entries(directory: Path) -> list[Path]:
    return sorted(directory.iterdir()) if directory.is_dir() else []


def _named(directory: Path, foreign: list[Path]) -> list[str]:
    found = [f"{path}, which llmmon did not make" for path in foreign[:_MOST_NAMED]]
    if len(foreign) > _MOST_NAMED:
        found.append(f"{len(foreign) - _MOST_NAMED} more in {directory}, which llmmon did not make")
    return found
