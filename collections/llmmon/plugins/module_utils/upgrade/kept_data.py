# SPDX-License-Identifier: Apache-2.0
"""Keep a service's data as they are while a new version works on them, and put them back.

Files that are never written to again are hard-linked, which costs neither time nor disk; the few others are copied.
What is kept lies inside of the data directory, the one place that is sure to be on the same file system.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

from ansible_collections.llmmon.stack.plugins.module_utils.host.disk import sync
from ansible_collections.llmmon.stack.plugins.module_utils.host.places import KEPT, REFUSED

LINK = "link"
COPY = "copy"
SKIP = "skip"

_BLOCK = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}")
_SEGMENT = re.compile(r"\d{6,8}")


def handling(service: str, path: str, newest: bool) -> str:
    """How a file is kept, by its path in the data directory; ``newest`` tells whether its folder has no later name.

    Prometheus never writes to a block again, replaces the small files in it by renaming, and begins a new segment of
    the write-ahead log and of the head's chunks whenever it starts. So only the last segment of each is written to.
    """
    parts = Path(path).parts
    if service == "prometheus":
        if parts[0] in {"lock", "queries.active", "snapshots"}:
            return SKIP
        if _BLOCK.fullmatch(parts[0]) or parts[0].startswith("chunk_snapshot."):
            return LINK
        if parts[0] in {"wal", "wbl", "chunks_head"}:
            sealed = len(parts) > 2 or (_SEGMENT.fullmatch(parts[1]) is not None and not newest)
            return LINK if sealed else COPY
    # A plugin is replaced as a whole, and may be large.
    if service == "grafana" and parts[0] == "plugins":
        return LINK
    return COPY


class KeptData:
    """The kept data of one service. ``keep`` may run again and again; every step survives being killed."""

    def __init__(self, service: str, data_directory: Path) -> None:
        self.service = service
        self.data = data_directory
        self.kept = data_directory / KEPT
        self.refused = data_directory / REFUSED

    def files(self) -> Iterator[tuple[str, str]]:
        """Relative path of every file and symbolic link of the service, and how it is kept."""
        for parent, directories, files in os.walk(self.data):
            if Path(parent) == self.data:
                directories[:] = [name for name in directories if name not in {KEPT, REFUSED}]
            last = max((name for name in files if _SEGMENT.fullmatch(name)), default="")
            for name in (*files, *directories):
                path = Path(parent) / name
                relative = str(path.relative_to(self.data))
                if path.is_symlink():
                    yield relative, COPY
                elif path.is_file():
                    yield relative, handling(self.service, relative, name == last)

    def bytes_to_copy(self) -> int:
        """How much disk keeping the data takes now."""
        total = 0
        for relative, how in self.files():
            if how == COPY:
                # What is being compacted or truncated may go meanwhile.
                with contextlib.suppress(FileNotFoundError):
                    total += (self.data / relative).lstat().st_size
        return total

    def keep_ahead(self) -> None:
        """Link what will not change any more while the service still runs: the less is left to do once it stands."""
        self.discard()
        self._make(Path())
        for relative, how in self.files():
            if how == LINK:
                with contextlib.suppress(FileNotFoundError):
                    self._link(relative)

    def keep(self) -> None:
        """Keep exactly what is there. The service must not run."""
        wanted = {relative: how for relative, how in self.files() if how != SKIP}
        for parent, _, files in os.walk(self.kept):
            for name in files:
                relative = str((Path(parent) / name).relative_to(self.kept))
                if relative not in wanted:
                    (self.kept / relative).unlink()
        self._make(Path())
        for relative, how in wanted.items():
            if how == LINK:
                self._link(relative)
            else:
                self._copy(relative)
        sync(self.kept)

    def clear(self) -> None:
        """Move what the new version made of the data out of the way, without deleting any of it yet."""
        self.refused.mkdir(mode=0o700, exist_ok=True)
        for entry in sorted(self.data.iterdir()):
            if entry.name not in {KEPT, REFUSED}:
                entry.replace(self.refused / entry.name)
        sync(self.data)

    def put_back(self) -> None:
        """Move the kept data to where they were."""
        for entry in sorted(self.kept.iterdir()):
            entry.replace(self.data / entry.name)
        sync(self.data)

    def give_to(self, user: int, group: int) -> None:
        """Let the data belong to the user of the version from before."""
        for parent, directories, files in os.walk(self.data):
            for name in (*directories, *files):
                path = Path(parent) / name
                status = path.lstat()
                if (status.st_uid, status.st_gid) != (user, group):
                    os.chown(path, user, group, follow_symlinks=False)

    def discard(self) -> None:
        """Delete what was kept, and what was refused."""
        for directory in (self.kept, self.refused):
            with contextlib.suppress(FileNotFoundError):
                shutil.rmtree(directory)

    def _make(self, relative: Path) -> None:
        """A directory of what is kept, with owner and mode of its original. Nobody but root enters the topmost."""
        target = self.kept / relative
        if target.is_dir():
            return
        if not relative.parts:
            target.mkdir(mode=0o700)
            return
        self._make(relative.parent)
        status = (self.data / relative).stat()
        target.mkdir()
        os.chown(target, status.st_uid, status.st_gid)
        target.chmod(status.st_mode & 0o7777)

    def _link(self, relative: str) -> None:
        source, target = self.data / relative, self.kept / relative
        if target.exists():
            if source.samefile(target):
                return
            target.unlink()
        self._make(Path(relative).parent)
        try:
            os.link(source, target)
        except FileNotFoundError:
            raise
        except OSError:
            # A folder of the data may be a mount of its own.
            self._copy(relative)

    def _copy(self, relative: str) -> None:
        source, target = self.data / relative, self.kept / relative
        self._make(Path(relative).parent)
        with contextlib.suppress(FileNotFoundError):
            target.unlink()
        shutil.copy2(source, target, follow_symlinks=False)
        status = source.lstat()
        os.chown(target, status.st_uid, status.st_gid, follow_symlinks=False)
        if not target.is_symlink():
            sync(target)
