# SPDX-License-Identifier: Apache-2.0
"""What archives are called and what may be in them, for those who do not read one."""

from __future__ import annotations

import dataclasses
import datetime
import re
from typing import Optional

from ansible_collections.llmmon.stack.plugins.module_utils.host.clock import UTC

SCOPE_FULL = "full"
SCOPE_CONFIG = "config"
SCOPES = (SCOPE_FULL, SCOPE_CONFIG)
SERVICES = ("prometheus", "alertmanager", "grafana")
# On the host and in an archive: what is deployed.
STATE = "state.json"

CHECKSUM_SUFFIX = ".sha256"
ENCRYPTION_SUFFIXES = {"gpg": ".gpg", "age": ".age"}
_ARCHIVE_NAME = re.compile(r"llm_monitoring_backup_(\d{8}_\d{6})_(full|config)\.tar\.gz(?:\.(gpg|age))?")
_STAMP = "%Y%m%d_%H%M%S"


@dataclasses.dataclass(frozen=True)
class ArchiveName:
    """What the name of an archive says; ``encryption`` is empty, ``gpg`` or ``age``."""

    created: datetime.datetime
    scope: str
    encryption: str = ""

    def __str__(self) -> str:
        suffix = ENCRYPTION_SUFFIXES.get(self.encryption, "")
        return f"llm_monitoring_backup_{self.created.strftime(_STAMP)}_{self.scope}.tar.gz{suffix}"

    @classmethod
    def parse(cls, name: str) -> Optional[ArchiveName]:
        """What a file's name says, or None when it is not the name of an archive."""
        match = _ARCHIVE_NAME.fullmatch(name)
        if not match:
            return None
        try:
            created = datetime.datetime.strptime(match[1], _STAMP).replace(tzinfo=UTC)
        except ValueError:
            return None
        return cls(created, match[2], match[3] or "")
