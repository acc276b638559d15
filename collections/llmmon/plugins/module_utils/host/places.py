# SPDX-License-Identifier: Apache-2.0
"""The one list of everything that llmmon may have on a host: paths, labels, suffixes of containers, units.

Whoever makes something on a host gives it a name from here, and ``uninstall`` knows by these functions what it finds.
They decide by names alone and look at nothing. Three directories hold everything:

- the configuration root (``/etc/llmmon``): a directory of releases for each service, and the timer's settings;
- the data root (``/var/lib/llmmon``): a directory for each service, which is the service's own, and what operations
  need: lock, journal, and their directories of work;
- the backup directory (``/var/backups/llmmon``): archives and their checksums.

Beside these there are containers, a network, and, for a timer, a library and two units of systemd,
whose names say which stack they are of.
"""

from __future__ import annotations

import enum
import re
from pathlib import Path
from typing import Optional

from ansible_collections.llmmon.stack.plugins.module_utils.archive.names import (
    CHECKSUM_SUFFIX,
    SERVICES,
    STATE,
    ArchiveName,
)
from ansible_collections.llmmon.stack.plugins.module_utils.configuration.releases import (
    CURRENT,
    LOCK,
    RUNNING,
    is_release_name,
    unfinished_link,
)
from ansible_collections.llmmon.stack.plugins.module_utils.host.files import is_unfinished

# -- containers

# On every container of ours; its value is the service.
SERVICE_LABEL = "llmmon.service"
# On those that check a configuration and are gone when they have; its value is VALIDATION.
ROLE_LABEL = "llmmon.role"
VALIDATION = "validation"
# The container that is about to take one's place, its trial without network and data, the one that had the place, and
# the one from before a restore.
NEXT = "-next"
REHEARSAL = "-rehearsal"
PREVIOUS = "-previous"
BEFORE_RESTORE = "-before-restore"
# Those of a fire drill, which are gone when it is over; the name of Prometheus's has the world that it sees besides. It
# is their ROLE_LABEL too, and where they lie below the data root.
DRILL_SUFFIX = "-drill"
DRILL_WORLDS = ("loud", "quiet", "nearly", "own1", "own2", "own3", "own4")
DRILL = "drill"

# -- below the data root, beside the directories of the services and STATE, which says what is deployed

# How containers were found when they were as described (look/compared.py).
COMPARED = "compared.json"
# When each receiver was tried (delivery/tries.py).
RECEIVERS = "receivers.json"
OPERATION_LOCK = "operation.lock"
OPERATION_JOURNAL = "operation.json"
# Copies of databases and files with keys, while a backup works.
BACKUP_WORK = "backup.work"
# An archive while the user who signed in fetches it.
BACKUP_FETCH = "backup.fetch"
# Where and when archives were copied off the host: it goes with them.
COPIES = "backup.copies.json"
# What an archive held (new), and what was there before (old), while a restore works.
RESTORE_WORK = "restore"

# -- in Prometheus's data directory

# What a sidecar of Thanos has uploaded; it leaves alone what is in it.
UPLOADED = "thanos.shipper.json"
_BLOCK = r"[0-9A-HJKMNP-TV-Z]{26}"

# -- in a service's data directory, while an upgrade works

KEPT = ".llmmon-previous"
REFUSED = ".llmmon-refused"

# -- below the configuration root, beside the directories of the services

# As RESTORE_WORK, for configuration: the two roots may lie on two file systems.
RESTORE_CONFIGURATION = ".restore"
TIMER_DIRECTORY = "backup"
TIMER_SETTINGS = "settings.json"
# The documentation site, which the stack serves itself.
DOCS = "docs"
# Thanos, here and below the data root. What it keeps for good is in a bucket.
THANOS = "thanos"
# The canary's settings and keys; below the data root, what it has spent today.
CANARY = "canary"

# -- in a service's directory of releases, beside what configuration/releases.py makes there

# What changes there without a deployment: rules that report the last backup, which prometheus.yml loads.
GENERATED = "generated"
# What the user, or a tool of theirs, keeps there for Prometheus to read: files of targets and of tokens.
OWN = "own.d"

# -- in the backup directory

# An archive that is not whole yet is hidden and ends so.
PARTIAL_SUFFIX = ".partial"

# -- elsewhere

UNITS = Path("/etc/systemd/system")
BACKUP_UNIT = "llmmon-backup"
SERVICE_SUFFIX = ".service"
TIMER_SUFFIX = ".timer"
_LIBRARIES = Path("/usr/local/lib")
# The stack with this data root has the short names; the names of another one's timer and library say its data root.
_FIRST_DATA_ROOT = Path("/var/lib/llmmon")


class Kind(enum.Enum):
    """What something of ours is, which decides when it goes."""

    # Of a service: a directory that has to be looked into.
    SERVICE = "a service's directory"
    CONFIGURATION = "configuration"
    # A directory for files of the user's, which stay.
    OWN = "files of your own"
    STATE = "what is deployed"
    WORK = "copies of what is kept elsewhere"
    ARCHIVE = "a backup"
    LOCK = "the lock of operations"
    # It goes with the timer, by stack_backup_schedule.
    TIMER = "settings of the timer"
    # Of an operation that was killed. Nothing can use it, and it may hold keys and databases.
    REMAINS_OF_BACKUP = "left by a backup that was killed"
    REMAINS_OF_RESTORE = "left by a restore that was killed"
    REMAINS_OF_DRILL = "left by a fire drill that was killed"
    REMAINS_OF_WRITING = "left by a run that was killed"


REMAINS = frozenset({Kind.REMAINS_OF_BACKUP, Kind.REMAINS_OF_RESTORE, Kind.REMAINS_OF_DRILL, Kind.REMAINS_OF_WRITING})

_IN_DATA_ROOT = {
    **dict.fromkeys(SERVICES, Kind.SERVICE),
    STATE: Kind.STATE,
    THANOS: Kind.WORK,
    COMPARED: Kind.STATE,
    RECEIVERS: Kind.STATE,
    OPERATION_LOCK: Kind.LOCK,
    BACKUP_WORK: Kind.REMAINS_OF_BACKUP,
    BACKUP_FETCH: Kind.REMAINS_OF_BACKUP,
    COPIES: Kind.ARCHIVE,
    RESTORE_WORK: Kind.REMAINS_OF_RESTORE,
    CANARY: Kind.STATE,
    DRILL: Kind.REMAINS_OF_DRILL,
}
_IN_CONFIGURATION_ROOT = {
    **dict.fromkeys(SERVICES, Kind.SERVICE),
    TIMER_DIRECTORY: Kind.TIMER,
    DOCS: Kind.CONFIGURATION,
    THANOS: Kind.CONFIGURATION,
    CANARY: Kind.CONFIGURATION,
    RESTORE_CONFIGURATION: Kind.REMAINS_OF_RESTORE,
}
# What the services make in their data directories: of Prometheus blocks, also half-made ones, and the log of writes,
# with what a sidecar of Thanos notes and is about to upload; of Alertmanager its two files, also half-written ones; of
# Grafana the database and what lies beside it.
_IN_DATA = {
    "prometheus": re.compile(
        rf"{_BLOCK}(\.tmp-for-(creation|deletion))?|data|wal|wbl|chunks_head|snapshots|lock|queries\.active"
        r"|thanos|thanos\.shipper\.json(\.tmp)?"
    ),
    "alertmanager": re.compile(r"(nflog|silences)(\.[0-9a-f]+)?"),
    "grafana": re.compile(
        r"grafana\.db(-wal|-shm|-journal)?|alerting|csv|log|pdf|plugins|png"
        # 12 and later: what is migrated, the new API's own files, the index of the search.
        r"|dualwrite\.json|grafana-apiserver|unified-search"
    ),
}
_IN_CONFIGURATION = {**dict.fromkeys((CURRENT, RUNNING, GENERATED, LOCK), Kind.CONFIGURATION), OWN: Kind.OWN}


def containers(names: list[str]) -> list[str]:
    """Every name that a container of these may have, during a change, an upgrade, a restore or a drill too."""
    drills = (DRILL_SUFFIX, *(f"{DRILL_SUFFIX}-{world}" for world in DRILL_WORLDS))
    return [name + suffix for name in names for suffix in ("", NEXT, REHEARSAL, PREVIOUS, BEFORE_RESTORE, *drills)]


def in_data_root(name: str) -> Optional[Kind]:
    """What an entry of the data root is by its name, None when it is none of ours."""
    if any(is_unfinished(name, file) for file in (STATE, COMPARED, RECEIVERS, OPERATION_JOURNAL, COPIES)):
        return Kind.REMAINS_OF_WRITING
    return _IN_DATA_ROOT.get(name)


def in_configuration_root(name: str) -> Optional[Kind]:
    """What an entry of the configuration root is by its name, None when it is none of ours."""
    return _IN_CONFIGURATION_ROOT.get(name)


def in_configuration(name: str) -> Optional[Kind]:
    """What an entry of a service's directory of releases is by its name, None when it is none of ours."""
    if is_release_name(name):
        return Kind.CONFIGURATION
    if name in {unfinished_link(CURRENT), unfinished_link(RUNNING)}:
        return Kind.REMAINS_OF_WRITING
    return _IN_CONFIGURATION.get(name)


def in_data(service: str, name: str) -> bool:
    """Whether an entry of a service's data directory is the service's or an upgrade's by its name."""
    return name in {KEPT, REFUSED} or bool(_IN_DATA[service].fullmatch(name))


def is_block(name: str) -> bool:
    """Whether an entry of Prometheus's data directory is a block by its name."""
    return bool(re.fullmatch(_BLOCK, name))


def in_timer_directory(name: str) -> Optional[Kind]:
    """What an entry beside the timer's settings is by its name, None when it is none of ours."""
    return Kind.TIMER if name == TIMER_SETTINGS or is_unfinished(name, TIMER_SETTINGS) else None


def in_backup_directory(name: str, others: set[str]) -> Optional[Kind]:
    """What an entry of the backup directory is by its name and those beside it, None when it is none of ours."""
    if ArchiveName.parse(name):
        return Kind.ARCHIVE
    if name.startswith(".") and name.endswith(PARTIAL_SUFFIX) and ArchiveName.parse(name[1 : -len(PARTIAL_SUFFIX)]):
        return Kind.REMAINS_OF_BACKUP
    of = name[: -len(CHECKSUM_SUFFIX)] if name.endswith(CHECKSUM_SUFFIX) else ""
    if not ArchiveName.parse(of):
        return None
    # The checksum is written first and deleted last.
    return Kind.ARCHIVE if of in others else Kind.REMAINS_OF_BACKUP


def backup_unit(data_root: Path) -> str:
    """The name of a stack's service and timer of backups without their suffixes."""
    return BACKUP_UNIT + _of_stack(data_root)


def library(data_root: Path) -> Path:
    """Where the code of a stack's timer lies: two stacks may be deployed by two versions of llmmon."""
    return _LIBRARIES / f"llmmon{_of_stack(data_root)}"


def _of_stack(data_root: Path) -> str:
    if data_root == _FIRST_DATA_ROOT:
        return ""
    return "-" + re.sub(r"[^A-Za-z0-9_.]+", "-", str(data_root).strip("/"))


def partial(archive: Path) -> Path:
    """Where an archive lies until it is whole: beside its place, and hidden."""
    return archive.with_name(f".{archive.name}{PARTIAL_SUFFIX}")


def checksum(archive: Path) -> Path:
    """Where an archive's checksum lies."""
    return archive.with_name(archive.name + CHECKSUM_SUFFIX)
