# SPDX-License-Identifier: Apache-2.0
"""The host that is restored onto: its services, and what an archive would replace there."""

from __future__ import annotations

import dataclasses
import shutil
import socket
from pathlib import Path
from typing import Optional

from ansible_collections.llmmon.stack.plugins.module_utils.archive.format import Header
from ansible_collections.llmmon.stack.plugins.module_utils.archive.names import SCOPE_FULL
from ansible_collections.llmmon.stack.plugins.module_utils.archive.reading import Contents
from ansible_collections.llmmon.stack.plugins.module_utils.configuration.releases import CURRENT, SECRETS, Releases
from ansible_collections.llmmon.stack.plugins.module_utils.errors import StackError
from ansible_collections.llmmon.stack.plugins.module_utils.host.disk import disk_usage
from ansible_collections.llmmon.stack.plugins.module_utils.restore.rules import (
    host_problems,
    name_problems,
    part_problems,
    secret_key_problems,
    version_problems,
)

SECRET_KEY = f"{SECRETS}/secret_key"


class RestoreError(StackError):
    """A restore cannot go on."""


@dataclasses.dataclass(frozen=True)
class RestoredService:
    """A service of this host as the inventory describes it; the first of its containers is its own."""

    name: str
    version: str
    url: str
    containers: tuple[str, ...]
    uid: int
    gid: int
    data_directory: Path
    config_root: Path


@dataclasses.dataclass(frozen=True)
class RestoreSettings:
    """What the inventory says beside the services; the passwords are empty when it leaves them to the host."""

    data_root: Path
    config_root: Path
    minimum_free: int
    admin_password: str
    secret_key: str
    # The host's name in the inventory, the one that the archive of another may replace, names in the configuration.
    inventory_host: str
    onto: str
    names: dict[str, str]
    # Whether a sidecar of Thanos uploads Prometheus's blocks.
    sidecar: bool = False


class RestoreTarget:
    """A host that an archive may be restored onto; only looks."""

    def __init__(self, services: list[RestoredService], settings: RestoreSettings) -> None:
        self.services = {service.name: service for service in services}
        self.settings = settings

    def room(self) -> int:
        """How many bytes of an archive there is room for."""
        return shutil.disk_usage(self.settings.data_root).free - self.settings.minimum_free

    def restored(self, header: Header) -> list[RestoredService]:
        """The services that both the archive and the host have."""
        return [service for name, service in self.services.items() if name in header.services]

    def require_fit(self, archive: Path, contents: Contents) -> None:
        """Refuse an archive that cannot be put in place here."""
        header, services = contents.header, self.restored(contents.header)
        settings = self.settings
        problems = host_problems(header, settings.inventory_host, socket.gethostname(), settings.onto)
        problems += name_problems(header, settings.names)
        problems += part_problems(header, contents.files, [service.name for service in services])
        problems += version_problems(header, {service.name: service.version for service in services})
        if "grafana" in self.services and "grafana" in header.services:
            problems += secret_key_problems(
                header, contents.files, self.settings.secret_key, self._key_that_stays(header.scope)
            )
        if header.scope == SCOPE_FULL:
            problems += [problem for service in services for problem in self._place_problems(service)]
        if problems:
            raise RestoreError(f"the archive {archive} cannot be restored here: {' | '.join(problems)}")

    def _key_that_stays(self, scope: str) -> Optional[bytes]:
        """The key on the host, when a database stays that it belongs to."""
        grafana = self.services["grafana"]
        key = grafana.config_root / CURRENT / SECRET_KEY
        if scope == SCOPE_FULL or not (grafana.data_directory / "grafana.db").exists() or not key.is_file():
            return None
        return key.read_bytes()

    def _place_problems(self, service: RestoredService) -> list[str]:
        directory = service.data_directory
        if directory.is_dir() and directory.stat().st_dev == self.settings.data_root.stat().st_dev:
            return []
        return [
            f"{directory} does not lie on the same file system as {self.settings.data_root}, so its content cannot be"
            " exchanged at once: mount that file system at llmmon_data_root instead"
        ]

    def replaced(self, contents: Contents) -> list[str]:
        """What would be replaced by what, one line each, and what nobody could compare."""
        header = contents.header
        of = f"of {header.host}, {header.created.strftime('%Y-%m-%d %H:%M:%S')} UTC"
        lines = []
        for service in self.restored(header):
            record = header.services[service.name]
            release = Releases(service.config_root).target(CURRENT)
            lines.append(
                f"{service.config_root} ({f'configuration {release}' if release else 'empty'})"
                f" by the configuration {record.release} {of}"
            )
            if header.scope == SCOPE_FULL:
                prefix = f"{service.name}/"
                size = sum(record.size for path, record in contents.files.items() if path.startswith(prefix))
                lines.append(
                    f"{service.data_directory} ({_mebibytes(disk_usage(service.data_directory))})"
                    f" by the data of {service.name} {record.version} ({_mebibytes(size)}) {of}"
                )
        if self.settings.names and not header.names:
            lines.append(
                "(not compared: an earlier llmmon made the archive, which does not say what its stack's containers were"
                f" called; here they are {', '.join(self.settings.names.values())})"
            )
        return lines


def _mebibytes(size: int) -> str:
    return f"{size / 2**20:.1f} MiB"
