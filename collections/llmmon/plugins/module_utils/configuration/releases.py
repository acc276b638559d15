# SPDX-License-Identifier: Apache-2.0
"""Configuration releases on a host: directories named by UTC time and the two links that point at them.

``<root>/current`` is the release a service reads when it (re)starts or reloads. ``<root>/running`` is the release
the service has proved to run. While the two differ a reload is owed, however the run that owed it ended.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import fcntl
import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Optional

from ansible_collections.llmmon.stack.plugins.module_utils.errors import StackError
from ansible_collections.llmmon.stack.plugins.module_utils.host.clock import utc_now
from ansible_collections.llmmon.stack.plugins.module_utils.host.disk import sync
from ansible_collections.llmmon.stack.plugins.module_utils.host.files import write_atomically

CURRENT = "current"
RUNNING = "running"
RELEASE_MANIFEST = ".manifest.json"
LOCK = ".lock"
SECRETS = "secrets"

_RELEASE_NAME = re.compile(r"\d{8}T\d{6}\.\d{6}Z")

DIRECTORY_MODE = 0o750
FILE_MODE = 0o640
SECRET_MODE = 0o440
MANIFEST_MODE = 0o400


class ReleaseError(StackError):
    """A release directory cannot be used."""


@dataclasses.dataclass(frozen=True)
class File:
    """A file of a release: ``path`` relative to the release, content as text."""

    path: str
    content: str
    secret: bool = False

    @property
    def mode(self) -> int:
        return SECRET_MODE if self.secret else FILE_MODE

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.content.encode()).hexdigest()


def new_name(now: Optional[datetime.datetime] = None) -> str:
    """Name a release by UTC time, so that names sort by age and tell nothing about their content."""
    moment = now or utc_now()
    return moment.strftime("%Y%m%dT%H%M%S.%fZ")


def is_release_name(name: str) -> bool:
    """Whether a name is one that ``new_name`` gives."""
    return _RELEASE_NAME.fullmatch(name) is not None


def unfinished_link(link: str) -> str:
    """The name under which a link is made before it takes the place of the old one."""
    return f".{link}.new"


def check_path(path: str) -> str:
    """Return ``path`` when it stays inside a release, refuse it otherwise."""
    parts = Path(path).parts
    if not parts or path.startswith("/") or ".." in parts or parts[0] in {RELEASE_MANIFEST}:
        raise ReleaseError(f"the path {path!r} does not lie inside a release: use a relative path without '..'")
    return str(Path(path))


def stamp_secrets(files: list[File], actual: dict[str, bytes], stamp: str) -> list[File]:
    """Give every secret a name that changes when its content does, and let the other files refer to that name.

    Prometheus from 3.5 on keeps a token it has read until the scrape configuration that names its file changes; a file
    with the same name and a new content goes unnoticed, also over a reload. ``actual`` is the current release: a secret
    that has not changed keeps the name it has there. ``stamp`` goes into new names.
    """
    names: dict[str, str] = {}
    for file in files:
        if file.secret:
            kept = [
                path
                for path, content in actual.items()
                if is_stamped(path, file.path) and content == file.content.encode()
            ]
            names[file.path] = max(kept, default=f"{file.path}.{stamp}")
    # Longer names first, and only whole ones: one gateway's name may begin with another's.
    pattern = re.compile(
        "|".join(rf"{re.escape(name)}(?![\w.-])" for name in sorted(names, key=len, reverse=True)) or r"(?!)"
    )
    return [
        dataclasses.replace(file, path=names[file.path])
        if file.secret
        else dataclasses.replace(file, content=pattern.sub(lambda match: names[match[0]], file.content))
        for file in files
    ]


def file_mode(release: Path, path: Path) -> int:
    """The mode of a file or directory of a release, the release itself included."""
    if path.is_dir():
        return DIRECTORY_MODE
    relative = path.relative_to(release)
    # Digests of secrets are for root's eyes only: a short secret could be guessed from one.
    if str(relative) == RELEASE_MANIFEST:
        return MANIFEST_MODE
    return SECRET_MODE if relative.parts[0] == SECRETS else FILE_MODE


def is_stamped(path: str, name: str) -> bool:
    """Whether a path is the name of a secret with a stamp."""
    return path.startswith(f"{name}.") and is_release_name(path[len(name) + 1 :])


class Releases:
    """The releases below one root directory, such as ``/etc/llmmon/prometheus``."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def names(self) -> list[str]:
        """All release names, oldest first."""
        if not self.root.is_dir():
            return []
        return sorted(entry.name for entry in self.root.iterdir() if is_release_name(entry.name))

    def target(self, link: str) -> Optional[str]:
        """The release a link points at, or None when the link or its release is missing."""
        try:
            name = str((self.root / link).readlink())
        except OSError:
            return None
        return name if is_release_name(name) and (self.root / name).is_dir() else None

    def point(self, link: str, name: str) -> None:
        """Let ``link`` point at a release, atomically: readers see the old release or the new one."""
        temporary = self.root / unfinished_link(link)
        with contextlib.suppress(FileNotFoundError):
            temporary.unlink()
        temporary.symlink_to(name)
        temporary.replace(self.root / link)
        sync(self.root)

    def read(self, name: str) -> dict[str, bytes]:
        """Content of every regular file of a release by its relative path, the manifest left out."""
        base = self.root / name
        found: dict[str, bytes] = {}
        for directory, _, files in os.walk(base):
            for file in files:
                path = Path(directory) / file
                relative = str(path.relative_to(base))
                if relative != RELEASE_MANIFEST and path.is_file():
                    found[relative] = path.read_bytes()
        return found

    def edited_by_hand(self, name: str) -> list[str]:
        """Paths of a release that are not what llmmon wrote: changed, added or removed since."""
        try:
            recorded = dict(self._manifest(name)["files"])
        except (OSError, ValueError, KeyError, TypeError):
            return []
        actual = {path: hashlib.sha256(content).hexdigest() for path, content in self.read(name).items()}
        return sorted(path for path in set(recorded) | set(actual) if recorded.get(path) != actual.get(path))

    def asked(self, name: str) -> str:
        """Digest of what was asked for when llmmon wrote a release or last found it right; empty without a note."""
        try:
            return str(self._manifest(name).get("asked", ""))
        except (OSError, ValueError, AttributeError):
            return ""

    def _manifest(self, name: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.root / name / RELEASE_MANIFEST).read_text())
        return found

    def wrong_access(self, name: str, group: int) -> list[str]:
        """Paths whose owner, group or mode differ from what the service needs to read them, and nobody else."""
        base = self.root / name
        wrong = []
        for directory, _, files in os.walk(base):
            entries = [Path(directory)] + [Path(directory) / file for file in files if file != RELEASE_MANIFEST]
            for path in entries:
                status = path.lstat()
                if (status.st_mode & 0o7777, status.st_uid, status.st_gid) != (file_mode(base, path), 0, group):
                    wrong.append(str(path.relative_to(base)))
        return sorted(wrong)

    def write(self, name: str, files: list[File], group: int, asked: str = "") -> Path:
        """Write a whole release; what it holds is on the disk before this returns."""
        base = self.root / name
        self._make_directory(base, group)
        for file in files:
            path = base / check_path(file.path)
            # Python 3.9 cannot slice parents.
            for parent in reversed(list(path.relative_to(base).parents)[:-1]):
                self._make_directory(base / parent, group)
            write_atomically(path, file.content, file.mode, 0, group)
        self.note(name, files, asked)
        sync(base)
        return base

    def note(self, name: str, files: list[File], asked: str) -> None:
        """Write down what a release holds, and the digest of what was asked for, by which a look knows it again."""
        manifest = {"files": {file.path: file.digest for file in files}, "asked": asked}
        text = json.dumps(manifest, indent=1, sort_keys=True) + "\n"
        write_atomically(self.root / name / RELEASE_MANIFEST, text, MANIFEST_MODE, 0, 0)

    @staticmethod
    def _make_directory(path: Path, group: int) -> None:
        if not path.is_dir():
            path.mkdir()
            path.chmod(DIRECTORY_MODE)
            os.chown(path, 0, group)

    def remove(self, name: str) -> None:
        """Delete a release that no link points at, whatever part of it was written."""
        if name in {self.target(CURRENT), self.target(RUNNING)}:
            raise ReleaseError(f"release {name} below {self.root} is in use and stays")
        with contextlib.suppress(FileNotFoundError):
            shutil.rmtree(self.root / name)

    def stale(self, keep: int) -> list[str]:
        """Releases that may go: left behind by an interrupted run, refused, or beyond the last ``keep``."""
        current, running = self.target(CURRENT), self.target(RUNNING)
        names = self.names()
        if current is None:
            return [name for name in names if name != running]
        # The manifest is written last: without it a release is a fragment, and nothing to go back to.
        older = [name for name in names if name < current and (self.root / name / RELEASE_MANIFEST).is_file()]
        kept = {current, running, *older[max(len(older) - (keep - 1), 0) :]}
        return [name for name in names if name not in kept]

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the root's lock; the kernel releases it when the process dies."""
        with (self.root / LOCK).open("w") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise ReleaseError(
                    f"another run is changing {self.root} at this moment: wait for it to end, then run again"
                ) from error
            yield
