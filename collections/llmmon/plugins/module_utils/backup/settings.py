# SPDX-License-Identifier: Apache-2.0
"""What a backup depends on, and what comes out of it."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any, Optional

from ansible_collections.llmmon.stack.plugins.module_utils.archive.encryption import Encryption
from ansible_collections.llmmon.stack.plugins.module_utils.backup.offsite import Restic


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
        repository = content["restic_repository"]
        return cls(
            scope=content["scope"],
            services=services,
            data_root=Path(content["data_root"]),
            directory=Path(content["directory"]),
            keep=content["keep"],
            compression_level=content["compression_level"],
            encryption=Encryption(content["encryption"], tuple(content["public_keys"])),
            restic=Restic(repository, Path(content["restic_password_file"])) if repository else None,
            grafana_database_host=content["grafana_database_host"],
            inventory_host=content["inventory_host"],
            names=dict(content["names"]),
        )


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
