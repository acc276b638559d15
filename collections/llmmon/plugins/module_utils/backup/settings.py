# SPDX-License-Identifier: Apache-2.0
"""What a backup depends on, and what comes out of it."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any, Optional

from ansible_collections.llmmon.stack.plugins.module_utils.archive.encryption import Encryption
from ansible_collections.llmmon.stack.plugins.module_utils.backup.offsite import Restic
from ansible_collections.llmmon.stack.plugins.module_utils.errors import StackError


class SettingsError(StackError):
    """A setting that no backup can be made with."""


@dataclasses.dataclass(frozen=True)
class BackedUpService:
    """Where a service is on this host."""

    name: str
    container: str
    url: str
    config_root: Path
    data_directory: Path


@dataclasses.dataclass(frozen=True)
class BackupSettings:
    """All that a backup depends on; paths are the host's."""

    scope: str
    services: list[BackedUpService]
    data_root: Path
    directory: Path
    keep: int
    keep_hours: int
    compression_level: int
    encryption: Encryption
    restic: Optional[Restic]
    grafana_database_host: str
    inventory_host: str
    names: dict[str, str]

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> BackupSettings:
        """BackupSettings as the options of the module ``stack_backup``, which also lie in the timer's file."""
        services = [
            BackedUpService(
                name=service["name"],
                container=service["container"],
                url=service["url"],
                config_root=Path(service["config_root"]),
                data_directory=Path(service["data_directory"]),
            )
            for service in content["services"]
        ]
        return cls(
            scope=content["scope"],
            services=services,
            data_root=Path(content["data_root"]),
            directory=Path(content["directory"]),
            keep=_at_least(content, "keep", 1),
            keep_hours=_at_least(content, "keep_hours", 0),
            compression_level=content["compression_level"],
            encryption=Encryption(content["encryption"], tuple(content["public_keys"])),
            restic=_restic(content) if content["restic_repository"] else None,
            grafana_database_host=content["grafana_database_host"],
            inventory_host=content["inventory_host"],
            names=dict(content["names"]),
        )


def _restic(content: dict[str, Any]) -> Restic:
    return Restic(
        repository=content["restic_repository"],
        password_file=Path(content["restic_password_file"]),
        timeout=_at_least(content, "copy_timeout", 1),
        anew=content["restic_anew"],
    )


def _at_least(content: dict[str, Any], name: str, least: int) -> int:
    value: int = content[name]
    if value < least:
        raise SettingsError(f"llmmon_backup_{name} is {value}, and has to be {least} at least: correct it")
    return value


@dataclasses.dataclass
class Outcome:
    """What a backup made, or would make; ``removed`` are archives that were too many, ``notes`` small troubles."""

    archive: str
    scope: str
    bytes: int = 0
    sha256: str = ""
    seconds: float = 0.0
    files: int = 0
    services: list[str] = dataclasses.field(default_factory=list)
    removed: list[str] = dataclasses.field(default_factory=list)
    cleared: list[str] = dataclasses.field(default_factory=list)
    notes: list[str] = dataclasses.field(default_factory=list)
