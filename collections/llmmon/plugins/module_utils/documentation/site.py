# SPDX-License-Identifier: Apache-2.0
"""A site of static files on a host: which one is there, and how another takes its place."""

from __future__ import annotations

import hashlib
import json
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Optional

from ansible_collections.llmmon.stack.plugins.module_utils.configuration.releases import (
    CURRENT,
    MANIFEST_MODE,
    RELEASE_MANIFEST,
    ReleaseError,
    Releases,
    check_path,
    file_mode,
    new_name,
)
from ansible_collections.llmmon.stack.plugins.module_utils.host.files import write_atomically


def files_of(root: Path) -> Iterator[Path]:
    """The files of a site, sorted; what is hidden is none of it."""
    for directory, folders, names in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(directory) / name for name in sorted(names) if not name.startswith("."))


def digest_of(root: Path) -> str:
    """Changes with the names and the contents of a site's files."""
    whole = hashlib.sha256()
    for path in files_of(root):
        whole.update(f"{path.relative_to(root)}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    return whole.hexdigest()


class Site:
    """The releases of a site, which a group may read; the last ``keep`` stay."""

    def __init__(self, releases: Releases, group: int, keep: int) -> None:
        self.releases = releases
        self.group = group
        self.keep = keep

    @property
    def current(self) -> Optional[str]:
        """The release that is served."""
        return self.releases.target(CURRENT)

    def is_there(self, digest: str) -> bool:
        """Whether the site with this digest is served, as it was written."""
        return (
            self.current is not None
            and digest_of(self.releases.root / self.current) == digest
            and not self.releases.wrong_access(self.current, self.group)
        )

    def install(self, archive: Path, digest: str) -> str:
        """Write the archive's files as a new release, which becomes the current one; returns its name."""
        root = self.releases.root
        root.mkdir(parents=True, exist_ok=True)
        self._give(root, 0o750)
        with self.releases.locked():
            name = new_name()
            try:
                self._unpack(archive, root / name)
                if digest_of(root / name) != digest:
                    raise ReleaseError("the files that arrived are not those that were sent: run again")
                # Written last: without it a release is a fragment.
                write_atomically(root / name / RELEASE_MANIFEST, json.dumps({"digest": digest}), MANIFEST_MODE, 0, 0)
            except Exception:
                self.releases.remove(name)
                raise
            self.releases.point(CURRENT, name)
            for stale in self.releases.stale(self.keep):
                self.releases.remove(stale)
        return name

    def _unpack(self, archive: Path, release: Path) -> None:
        release.mkdir()
        with tarfile.open(archive) as packed:
            for member in packed:
                content = packed.extractfile(member) if member.isfile() else None
                if content is None:
                    continue
                path = release / check_path(member.name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content.read())
        for directory, _, names in os.walk(release):
            for path in [Path(directory), *(Path(directory) / name for name in names)]:
                self._give(path, file_mode(release, path))

    def _give(self, path: Path, mode: int) -> None:
        path.chmod(mode)
        os.chown(path, 0, self.group)
