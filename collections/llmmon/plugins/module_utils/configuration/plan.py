# SPDX-License-Identifier: Apache-2.0
"""What a wanted configuration tree differs in from the one on the host, and what has to happen. Changes nothing."""

from __future__ import annotations

import dataclasses
import secrets
from collections.abc import Sequence
from fnmatch import fnmatchcase

from ansible_collections.llmmon.stack.plugins.module_utils.configuration.releases import (
    CURRENT,
    RUNNING,
    SECRETS,
    File,
    ReleaseError,
    Releases,
    check_path,
    is_stamped,
)
from ansible_collections.llmmon.stack.plugins.module_utils.difference import difference

HIDDEN = "<a secret, not shown>\n"
HIDDEN_NEW = "<a secret, changed, not shown>\n"


@dataclasses.dataclass(frozen=True)
class TreePlan:
    """What has to happen to make the wanted files the current release."""

    changed_files: list[str]
    wrong_access: list[str]
    edited_by_hand: list[str]
    stale: list[str]
    reload_owed: bool

    @property
    def write_needed(self) -> bool:
        return bool(self.changed_files or self.wrong_access)

    @property
    def changed(self) -> bool:
        return self.write_needed or self.reload_owed or bool(self.stale)


def plan_tree(wanted: list[File], releases: Releases, group: int, keep: int, reloaded: bool = True) -> TreePlan:
    """Compare the wanted files with the current release on the host; changes nothing.

    ``reloaded`` tells whether a service is told of a new release.
    """
    current = releases.target(CURRENT)
    actual = releases.read(current) if current else {}
    desired = {file.path: file.content.encode() for file in wanted}
    changed = sorted(path for path in set(desired) | set(actual) if desired.get(path) != actual.get(path))
    return TreePlan(
        changed_files=changed,
        wrong_access=releases.wrong_access(current, group) if current else [],
        # Once the inventory says the same as the hand that edited, there is nothing to tell.
        edited_by_hand=[path for path in releases.edited_by_hand(current) if path in changed] if current else [],
        stale=releases.stale(keep),
        reload_owed=reloaded and current is not None and current != releases.target(RUNNING),
    )


def tree_differences(
    wanted: list[File], actual: dict[str, bytes], changed: list[str], brief: Sequence[str] = ()
) -> list[dict[str, str]]:
    """One diff a changed file, for ``--diff``.

    Of a secret only that it changed, and of a whole file that fits one of the patterns in ``brief`` how long it is.
    """
    desired = {file.path: file for file in wanted}
    secret_paths = {file.path for file in wanted if file.secret}
    found = []
    for path in changed:
        before = actual[path].decode(errors="replace") if path in actual else ""
        after = desired[path].content if path in desired else ""
        if path in secret_paths or path.startswith(f"{SECRETS}/"):
            before, after = (HIDDEN if before else ""), (HIDDEN_NEW if after else "")
        elif not (before and after) and any(fnmatchcase(path, pattern) for pattern in brief):
            before, after = _length(before), _length(after)
        found.append(difference(path, before, after))
    return found


def _length(text: str) -> str:
    return f"<generated, {len(text.splitlines())} lines, not shown>\n" if text else ""


def files_to_install(files: list[dict[str, str]], secret_files: list[dict[str, str]]) -> list[File]:
    """The files that the action sent, by ``path`` and ``content``; raises ReleaseError on a path that cannot be."""
    found = [File(check_path(f["path"]), f["content"]) for f in files]
    found += [File(check_path(f["path"]), f["content"], secret=True) for f in secret_files]
    if any(file.path.startswith(f"{SECRETS}/") and not file.secret for file in found):
        raise ReleaseError(f"files below {SECRETS}/ are secrets and must be given as secrets")
    return found


def generated_secrets(files: list[File], names: list[str], actual: dict[str, bytes]) -> list[File]:
    """Secrets that nobody gave: as they are on the host, or generated."""
    given = {file.path for file in files}
    found = []
    for path in (f"{SECRETS}/{name}" for name in names):
        if path not in given:
            kept = [content for name, content in actual.items() if name == path or is_stamped(name, path)]
            found.append(File(path, kept[0].decode() if kept else secrets.token_urlsafe(32), secret=True))
    return found
