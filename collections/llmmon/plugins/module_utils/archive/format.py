# SPDX-License-Identifier: Apache-2.0
"""What an archive of the stack is made of: names, places of its members, its header and its manifest.

An archive is a POSIX tar (PAX), compressed with gzip, of regular files. The header comes first, so that a reader knows
what follows and how much of it; the manifest comes last and holds the checksum of every file before it.
"""

from __future__ import annotations

import dataclasses
import datetime
import json
import re
from typing import Any, Optional

from ansible_collections.llmmon.stack.plugins.module_utils.archive.names import (
    CHECKSUM_SUFFIX,
    SCOPES,
    SERVICES,
    STATE,
)
from ansible_collections.llmmon.stack.plugins.module_utils.configuration.releases import is_release_name
from ansible_collections.llmmon.stack.plugins.module_utils.errors import StackError
from ansible_collections.llmmon.stack.plugins.module_utils.host.clock import UTC, WRITTEN, written

FORMAT = 1

HEADER = "backup.json"
MANIFEST = "manifest.json"
CONFIG = "config"
PROMETHEUS_DATA = "prometheus/data"
ALERTMANAGER_SILENCES = "alertmanager/silences.json"
ALERTMANAGER_DATA = "alertmanager/data"
GRAFANA_SQLITE = "grafana/grafana.db"
GRAFANA_DUMP = "grafana/database.dump"
GRAFANA_DATA = "grafana/data"
# What would be the restored database, or be taken for a part of it: no file in GRAFANA_DATA has these names.
GRAFANA_DATABASE_FILES = frozenset({"grafana.db", "grafana.db-wal", "grafana.db-shm", "grafana.db-journal"})

# Single files, and the directories that any number of files may lie in.
_FILES = {HEADER, STATE, MANIFEST, ALERTMANAGER_SILENCES, GRAFANA_SQLITE, GRAFANA_DUMP}
_DIRECTORIES = (CONFIG, PROMETHEUS_DATA, ALERTMANAGER_DATA, GRAFANA_DATA)

# More than any archive of ours has, little enough to read into memory.
HEADER_LIMIT = 1024 * 1024
MANIFEST_LIMIT = 64 * 1024 * 1024
# Of a path that has to fit below the directories of a host, where a whole one may have 4096; whatever walks through
# directories goes no deeper than that many.
_PATH_BYTES = 3072
_NAME_BYTES = 255
MOST_LEVELS = 100
# Of a text in a header.
_TEXT_LENGTH = 4096
# What the sizes of a tar of the format can say.
_MOST_BYTES = 2**63 - 1

ARCHIVE_MODE = 0o600
_SHA256 = re.compile(r"[0-9a-f]{64}")
_CHECKSUM_LINE = re.compile(r"([0-9a-f]{64}) [ *]([^/\n]+)\n?")


class ArchiveError(StackError):
    """An archive is not what it should be."""


@dataclasses.dataclass(frozen=True)
class ServiceRecord:
    """A service as it was when the archive was made; what nobody knew is empty."""

    version: str = ""
    image: str = ""
    image_id: str = ""
    digests: tuple[str, ...] = ()
    release: str = ""
    running_release: str = ""


@dataclasses.dataclass(frozen=True)
class Header:
    """The first member: what follows, from where and when. ``size`` is that of the files after it but the manifest.

    ``inventory_host`` is the host's name in the inventory, ``names`` the variables whose values the configuration has
    written into it, such as the containers' names, and ``not_uploaded`` the blocks that no sidecar of Thanos had
    uploaded yet: they are empty in archives from before they were recorded.
    """

    scope: str
    created: datetime.datetime
    host: str
    services: dict[str, ServiceRecord]
    size: int
    inventory_host: str = ""
    names: dict[str, str] = dataclasses.field(default_factory=dict)
    not_uploaded: tuple[str, ...] = ()

    def to_json(self) -> str:
        content = {
            "format": FORMAT,
            "scope": self.scope,
            "created": written(self.created),
            "host": self.host,
            "services": {name: dataclasses.asdict(record) for name, record in self.services.items()},
            "bytes": self.size,
            "inventory_host": self.inventory_host,
            "names": self.names,
            "not_uploaded": self.not_uploaded,
        }
        return json.dumps(content, indent=1, sort_keys=True) + "\n"

    @classmethod
    def from_json(cls, text: bytes) -> Header:
        """Read a header that anybody may have written."""
        content = _object(text, HEADER)
        scope = _text(content, "scope", HEADER)
        if scope not in SCOPES:
            raise _damaged(HEADER, f"its scope is {scope[:40]!r}")
        created = _text(content, "created", HEADER)
        try:
            moment = datetime.datetime.strptime(created, WRITTEN).replace(tzinfo=UTC)
        except ValueError as error:
            raise _damaged(HEADER, f"it was created at {created[:40]!r}") from error
        services = content.get("services")
        if not isinstance(services, dict):
            raise _damaged(HEADER, "it names no services")
        known = content.get("names", {})
        if not isinstance(known, dict):
            raise _damaged(HEADER, "its names are not an object")
        blocks = content.get("not_uploaded", [])
        if not isinstance(blocks, list) or not all(isinstance(block, str) for block in blocks):
            raise _damaged(HEADER, "the blocks that were not uploaded are not a list of names")
        return cls(
            scope=scope,
            created=moment,
            host=_text(content, "host", HEADER),
            services={name: _service(name, record) for name, record in services.items()},
            size=_size(content.get("bytes"), HEADER),
            inventory_host=_text({"inventory_host": "", **content}, "inventory_host", HEADER),
            names={name: _text(known, name, HEADER) for name in known},
            not_uploaded=tuple(blocks),
        )


@dataclasses.dataclass(frozen=True)
class FileRecord:
    """Size and checksum of a file."""

    size: int
    sha256: str


@dataclasses.dataclass(frozen=True)
class Manifest:
    """The last member: every file before it."""

    files: dict[str, FileRecord]

    def to_json(self) -> str:
        files = {path: {"bytes": record.size, "sha256": record.sha256} for path, record in self.files.items()}
        return json.dumps({"format": FORMAT, "files": files}, indent=1, sort_keys=True) + "\n"

    @classmethod
    def from_json(cls, text: bytes) -> Manifest:
        """Read a manifest that anybody may have written."""
        files = _object(text, MANIFEST).get("files")
        if not isinstance(files, dict):
            raise _damaged(MANIFEST, "it names no files")
        found = {}
        for path, record in files.items():
            if not isinstance(record, dict) or not _SHA256.fullmatch(str(record.get("sha256"))):
                raise _damaged(MANIFEST, f"it has no checksum of {path[:200]!r}")
            found[member_path(path)] = FileRecord(_size(record.get("bytes"), MANIFEST), record["sha256"])
        if MANIFEST in found:
            raise _damaged(MANIFEST, "it names itself")
        return cls(found)


def member_path(path: str) -> str:
    """Return the path of a file in an archive when an archive may hold it, refuse it otherwise."""
    found = path_fault(path)
    if found:
        raise ArchiveError(f"the archive holds {shown(path)}, {found}: do not use this archive")
    return path


def path_fault(path: str) -> Optional[str]:
    """What is wrong with the path of a file in an archive, None when an archive may hold it."""
    parts = path.split("/")
    try:
        lengths = [len(part.encode("utf-8", "surrogateescape")) for part in parts]
    except UnicodeEncodeError:
        # A surrogate that stands for no byte.
        return "a path that no file can have"
    if any(part in {"", ".", ".."} for part in parts) or "\0" in path:
        return "a path that it must not hold"
    if max(lengths) > _NAME_BYTES or sum(lengths) + len(parts) > _PATH_BYTES:
        return f"a path longer than {_PATH_BYTES} bytes, or with a name longer than {_NAME_BYTES}"
    if len(parts) > MOST_LEVELS:
        return f"which lies more than {MOST_LEVELS} directories deep"
    if path not in _FILES and not path.startswith(tuple(f"{directory}/" for directory in _DIRECTORIES)):
        return "which is not part of a backup"
    return None


def shown(text: str) -> str:
    """What an archive says, as it is put into a message."""
    return repr(text[:200])


def checksum_line(sha256: str, name: str) -> str:
    """What the file beside an archive holds, as ``sha256sum --check`` reads it."""
    return f"{sha256}  {name}\n"


def read_checksum_line(text: str, name: str) -> str:
    """The checksum in the file beside the archive of that name."""
    match = _CHECKSUM_LINE.fullmatch(text)
    if not match or match[2] != name:
        raise ArchiveError(
            f"the file {name}{CHECKSUM_SUFFIX} does not hold the checksum of {name}: copy both files once more from"
            " where they came from"
        )
    return match[1]


def _damaged(member: str, reason: str) -> ArchiveError:
    return ArchiveError(f"the archive's {member} is damaged: {reason}; use another archive")


def _object(text: bytes, member: str) -> dict[str, Any]:
    try:
        content = json.loads(text.decode("utf-8"), object_pairs_hook=_unique_keys)
    except (ValueError, RecursionError) as error:
        raise _damaged(member, "it is not valid JSON") from error
    if not isinstance(content, dict):
        raise _damaged(member, "it is not a JSON object")
    version = content.get("format")
    if type(version) is not int or version < 1:
        raise _damaged(member, "it has no format")
    if version > FORMAT:
        raise ArchiveError(
            f"the archive has format {version} and this version of llmmon reads up to {FORMAT}: use a newer llmmon"
        )
    return content


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key appears twice")
    return found


def _text(content: dict[str, Any], key: str, member: str) -> str:
    value = content.get(key)
    if not isinstance(value, str) or len(value) > _TEXT_LENGTH or not value.isprintable():
        raise _damaged(member, f"its {key} is not text")
    return value


def _size(value: Any, member: str) -> int:
    # True is an int to Python.
    if type(value) is not int or not 0 <= value <= _MOST_BYTES:
        raise _damaged(member, "a size in it is not a valid size")
    return value


def _service(name: str, record: Any) -> ServiceRecord:
    if name not in SERVICES or not isinstance(record, dict):
        raise _damaged(HEADER, f"it knows a service {name[:40]!r}")
    digests = record.get("digests")
    if not isinstance(digests, list) or not all(isinstance(digest, str) and digest.isprintable() for digest in digests):
        raise _damaged(HEADER, f"the digests of {name} are not text")
    found = ServiceRecord(
        digests=tuple(digests),
        **{
            field.name: _text(record, field.name, HEADER)
            for field in dataclasses.fields(ServiceRecord)
            if field.name != "digests"
        },
    )
    for release in (found.release, found.running_release):
        if release and not is_release_name(release):
            raise _damaged(HEADER, f"{release[:40]!r} is not the name of a release")
    return found
