# SPDX-License-Identifier: Apache-2.0
"""What an archive may hold: one set of rules, by which it is read and, before that, written.

Whatever a reader refuses by them a writer has refused first, so that no backup looks good that cannot be restored.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from typing import Optional

from ansible_collections.llmmon.stack.plugins.module_utils.archive import format as members
from ansible_collections.llmmon.stack.plugins.module_utils.archive.format import Header, path_fault, shown
from ansible_collections.llmmon.stack.plugins.module_utils.archive.names import SCOPE_CONFIG, SCOPE_FULL, STATE
from ansible_collections.llmmon.stack.plugins.module_utils.configuration.releases import is_release_name

# Far more than a stack has, few enough to remember.
MOST_MEMBERS = 200_000
# What a manifest has for each file besides its path, and at its beginning and end.
_MANIFEST_ENTRY = 200
_PROMETHEUS_BLOCK = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}")


def is_block_name(name: str) -> bool:
    """Whether a directory has a name as Prometheus gives them to its blocks."""
    return bool(_PROMETHEUS_BLOCK.fullmatch(name))


class Roster:
    """The members of an archive with this header, one after the other."""

    def __init__(self, header: Header) -> None:
        self.header = header
        self.files: set[str] = {members.HEADER}
        self.directories: set[str] = set()
        # How long the manifest of these files is at most.
        self.manifest_bytes = 2 * _MANIFEST_ENTRY

    @property
    def full(self) -> bool:
        """Whether it can take no more, whatever it is."""
        return len(self.files) + len(self.directories) >= MOST_MEMBERS or self.manifest_bytes > members.MANIFEST_LIMIT

    def add(self, path: str, directory: bool = False) -> Optional[str]:
        """Add a member, and say what is wrong with it, if anything is."""
        if self.full:
            return f"it has more than {MOST_MEMBERS} members"
        if path in self.files or (path in self.directories and not directory):
            return f"{shown(path)} appears twice in it"
        parent = path
        while "/" in parent:
            parent = parent.rpartition("/")[0]
            if parent in self.files:
                return f"it holds {shown(parent)} as a file and as a directory"
            self.directories.add(parent)
        if directory:
            self.directories.add(path)
            return None
        self.files.add(path)
        self.manifest_bytes += len(json.dumps(path)) + _MANIFEST_ENTRY
        if self.manifest_bytes > members.MANIFEST_LIMIT:
            return f"the names of its files are longer than {members.MANIFEST_LIMIT // 2**20} MiB together"
        return misplaced(path, self.header)


def fault(path: str, roster: Roster) -> Optional[str]:
    """What is wrong with a file as one more member, said of the archive; None when nothing is."""
    found = path_fault(path)
    return f"it holds {shown(path)}, {found}" if found else roster.add(path)


def misplaced(path: str, header: Header) -> Optional[str]:
    """Why a file that has a possible path has no business in an archive with this header."""
    parts = path.split("/")
    if path == STATE:
        return None
    service = parts[1] if parts[0] == members.CONFIG else parts[0]
    reason = None
    if service not in header.services:
        reason = f"belongs to {shown(service)}, which its backup.json does not name"
    elif parts[0] == members.CONFIG:
        if len(parts) < 4 or not is_release_name(parts[2]):
            reason = "does not lie in a release"
    elif header.scope == SCOPE_CONFIG:
        reason = "is data in an archive of configuration"
    elif path.startswith(f"{members.PROMETHEUS_DATA}/") and (len(parts) < 4 or not is_block_name(parts[2])):
        reason = "does not lie in a block of Prometheus"
    elif path.startswith(f"{members.GRAFANA_DATA}/") and parts[2] in members.GRAFANA_DATABASE_FILES:
        reason = "would lie beside the database"
    return f"{shown(path)} {reason}" if reason else None


def lacking(files: Collection[str], header: Header) -> Optional[str]:
    """What an archive with these files lacks of what its header promises, None when it has all."""
    releases = {"/".join(path.split("/", 3)[1:3]) for path in files if path.startswith(f"{members.CONFIG}/")}
    for service, record in header.services.items():
        for release in {record.release, record.running_release} - {""}:
            if f"{service}/{release}" not in releases:
                return f"its backup.json says that {service} had the configuration {release}, which is missing"
    if header.scope == SCOPE_FULL:
        databases = [path for path in (members.GRAFANA_SQLITE, members.GRAFANA_DUMP) if path in files]
        if "grafana" in header.services and len(databases) != 1:
            return f"it holds {len(databases)} databases of Grafana instead of one"
        if "alertmanager" in header.services and members.ALERTMANAGER_SILENCES not in files:
            return f"{members.ALERTMANAGER_SILENCES} is missing"
    return None
