# SPDX-License-Identifier: Apache-2.0
"""What a backup leaves lying about while it works, written down first so that the next run clears it after a kill."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import json
import re
from pathlib import Path
from typing import Optional

from ansible_collections.llmmon.stack.plugins.module_utils.errors import StackError
from ansible_collections.llmmon.stack.plugins.module_utils.host.clock import UTC, utc_now
from ansible_collections.llmmon.stack.plugins.module_utils.host.disk import remove
from ansible_collections.llmmon.stack.plugins.module_utils.host.files import write_atomically
from ansible_collections.llmmon.stack.plugins.module_utils.host.places import BACKUP_WORK

_JOURNAL = "journal.json"
_MODE = 0o700

# How Prometheus names a snapshot: the time at which it was asked for, and a random number.
_SNAPSHOT_NAME = re.compile(r"(\d{8}T\d{6})Z-[0-9a-f]+")
# A snapshot of which we only know when we asked for it has a name of about that time.
_ANSWERED_WITHIN = datetime.timedelta(seconds=60)


class WorkplaceError(StackError):
    """What an earlier run left cannot be cleared away."""


@dataclasses.dataclass(frozen=True)
class Traces:
    """What there is to clear: the unfinished archive, and the snapshot, whose name is known once it was answered."""

    partial: str = ""
    snapshots: str = ""
    snapshots_before: tuple[str, ...] = ()
    requested: float = 0.0
    snapshot: str = ""


class Workplace:
    """A directory below the data root for the copies that a backup makes, with the journal in it."""

    def __init__(self, data_root: Path) -> None:
        self.path = data_root / BACKUP_WORK
        self._journal = Traces()

    def open(self, partial: Path) -> None:
        """Begin with nothing of an earlier run left."""
        self.clear()
        self.path.mkdir(mode=_MODE)
        self._note(Traces(partial=str(partial)))

    def expect_snapshot(self, snapshots: Path) -> None:
        """Note which snapshots there are, before one more is asked for."""
        before = tuple(sorted(entry.name for entry in snapshots.iterdir())) if snapshots.is_dir() else ()
        self._note(
            dataclasses.replace(
                self._journal,
                snapshots=str(snapshots),
                snapshots_before=before,
                requested=utc_now().timestamp(),
            )
        )

    def name_snapshot(self, name: str) -> Path:
        """Note the name that Prometheus gave to ours."""
        if not _SNAPSHOT_NAME.fullmatch(name):
            raise WorkplaceError(
                f"Prometheus answered with the snapshot {name[:80]!r}, which is not the name of a snapshot"
            )
        self._note(dataclasses.replace(self._journal, snapshot=name))
        return Path(self._journal.snapshots) / name

    def leftovers(self) -> list[str]:
        """Paths that ``clear`` would delete, besides the workplace itself."""
        if not self.path.is_dir():
            return []
        journal = self._read()
        found = [journal.partial] if journal.partial and Path(journal.partial).exists() else []
        return found + [str(path) for path in _our_snapshots(journal)]

    def clear(self) -> list[str]:
        """Delete what is left, also what a killed run left; the journal goes last."""
        found = self.leftovers()
        try:
            for path in map(Path, found):
                directory = path.is_dir()
                remove(path)
                if directory:
                    # Not ours to keep when it holds nothing else.
                    with contextlib.suppress(OSError):
                        path.parent.rmdir()
            if self.path.is_dir():
                for entry in self.path.iterdir():
                    if entry.name != _JOURNAL:
                        remove(entry)
                remove(self.path)
        except OSError as error:
            raise WorkplaceError(f"{error.filename} cannot be deleted: {error.strerror}") from error
        return found

    def _note(self, journal: Traces) -> None:
        self._journal = journal
        write_atomically(self.path / _JOURNAL, json.dumps(dataclasses.asdict(journal)), 0o600)

    def _read(self) -> Traces:
        try:
            content = json.loads((self.path / _JOURNAL).read_text(encoding="utf-8"))
            return Traces(**{**content, "snapshots_before": tuple(content["snapshots_before"])})
        except FileNotFoundError:
            # Killed before the first note: nothing else was made yet.
            return Traces()
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise WorkplaceError(
                f"the journal {self.path / _JOURNAL} is damaged: delete the directory {self.path} and what Prometheus's"
                " data directory has below snapshots, then run again"
            ) from error


def _our_snapshots(journal: Traces) -> list[Path]:
    """The snapshot of a run; when it was killed before the answer, the one that was begun at the time it asked."""
    if not journal.snapshots:
        return []
    directory = Path(journal.snapshots)
    if journal.snapshot:
        return [directory / journal.snapshot] if (directory / journal.snapshot).is_dir() else []
    if not directory.is_dir():
        return []
    return [
        entry
        for entry in sorted(directory.iterdir())
        if entry.name not in journal.snapshots_before and _asked_for_at(entry.name, journal.requested)
    ]


def _asked_for_at(name: str, requested: float) -> bool:
    taken = snapshot_time(name)
    if taken is None:
        return False
    # Names have whole seconds.
    asked = datetime.datetime.fromtimestamp(int(requested), tz=UTC)
    return asked <= taken <= asked + _ANSWERED_WITHIN


def snapshot_time(name: str) -> Optional[datetime.datetime]:
    """When a snapshot was asked for, or None when it is not the name of one."""
    match = _SNAPSHOT_NAME.fullmatch(name)
    if not match:
        return None
    try:
        return datetime.datetime.strptime(match[1], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None
