"""A host's directories in a temporary folder, with real services behind them, and what an archive of them holds."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ansible_collections.llmmon.stack.plugins.module_utils.archive.format import Manifest
from ansible_collections.llmmon.stack.plugins.module_utils.backup.settings import BackupSettings
from ansible_collections.llmmon.stack.plugins.module_utils.configuration.releases import (
    CURRENT,
    RUNNING,
    File,
    Releases,
)

from tests.support.directories import Directories

RELEASE = "20260101T000000.000000Z"
OLDER_RELEASE = "20251201T000000.000000Z"
SECRET_KEY = "the-key-of-grafana"  # noqa: S105


@dataclass
class BackupMachine(Directories):
    """A host to back up; ``urls`` of the services that run."""

    urls: dict[str, str] = field(default_factory=dict)

    @property
    def archives(self) -> Path:
        return self.root / "backups"

    def prepare(self) -> None:
        """Releases and data as a deployment leaves them."""
        (self.data_root / "grafana").mkdir(parents=True)
        (self.data_root / "state.json").write_text(
            json.dumps({"format": 1, "services": {"grafana": {"version": "13.1.1", "digests": ["a@sha256:b"]}}})
        )
        for service in ("prometheus", "alertmanager", "grafana"):
            releases = Releases(self.config_root / service)
            releases.root.mkdir(parents=True)
            files = [
                File(f"{service}.ini", "[database]\ntype = sqlite3\n"),
                File("secrets/secret_key", SECRET_KEY, True),
            ]
            for name in (OLDER_RELEASE, RELEASE):
                releases.write(name, files, 0)
            releases.point(CURRENT, RELEASE)
            releases.point(RUNNING, RELEASE)
        database = sqlite3.connect(self.data_root / "grafana" / "grafana.db")
        database.executescript("CREATE TABLE dashboard (title TEXT); INSERT INTO dashboard VALUES ('mine');")
        database.close()

    def options(self, **changes: Any) -> dict[str, Any]:
        """Options as the module gets them."""
        services = [
            {
                "name": name,
                "container": f"no-such-{name}",
                "url": self.urls.get(name, "http://127.0.0.1:1"),
                "config_root": str(self.config_root / name),
                "data_directory": str(self.data_root / name / ("" if name == "grafana" else "data")),
            }
            for name in ("prometheus", "alertmanager", "grafana")
        ]
        return {
            "scope": "full",
            "services": services,
            "data_root": str(self.data_root),
            "directory": str(self.archives),
            "keep": 7,
            "keep_hours": 0,
            "compression_level": 1,
            "encryption": "",
            "public_keys": [],
            "restic_repository": "",
            "restic_password_file": "",
            "restic_anew": False,
            "copy_timeout": 60,
            "grafana_database_host": "",
            "inventory_host": "monitoring",
            "names": {"llmmon_prometheus_container": "llmmon-prometheus"},
            **changes,
        }

    def settings(self, **changes: Any) -> BackupSettings:
        return BackupSettings.from_dict(self.options(**changes))

    def leftovers(self) -> list[str]:
        """What a backup must not leave: hidden files, its workplace, and snapshots."""
        found = [path for path in self.archives.glob(".*") if self.archives.is_dir()]
        found += self.data_root.glob("backup.work")
        found += self.data_root.glob("prometheus/data/snapshots/*")
        return [str(path) for path in found]


@contextmanager
def opened(archive: Path) -> Iterator[tarfile.TarFile]:
    with tarfile.open(archive, "r:gz") as tar:
        yield tar


def contents(archive: Path) -> dict[str, bytes]:
    """Every member, after the manifest was found to be true."""
    found: dict[str, bytes] = {}
    with opened(archive) as tar:
        for member in tar:
            assert member.isreg()
            source = tar.extractfile(member)
            assert source
            found[member.name] = source.read()
    manifest = Manifest.from_json(found["manifest.json"])
    actual = {path: (len(data), hashlib.sha256(data).hexdigest()) for path, data in found.items()}
    actual.pop("manifest.json")
    assert {path: (record.size, record.sha256) for path, record in manifest.files.items()} == actual
    assert next(iter(found)) == "backup.json"
    assert list(found)[-1] == "manifest.json"
    return found
