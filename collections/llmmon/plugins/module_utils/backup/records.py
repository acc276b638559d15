# SPDX-License-Identifier: Apache-2.0
"""What an archive's header says of each service: version, image and releases."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from typing import Any, Optional

from ansible_collections.llmmon.stack.plugins.module_utils.archive.format import ServiceRecord
from ansible_collections.llmmon.stack.plugins.module_utils.archive.names import STATE
from ansible_collections.llmmon.stack.plugins.module_utils.backup.settings import BackedUpService, BackupSettings
from ansible_collections.llmmon.stack.plugins.module_utils.clients.engine import Engine, EngineError
from ansible_collections.llmmon.stack.plugins.module_utils.clients.http import Connection, HttpClient, HttpError
from ansible_collections.llmmon.stack.plugins.module_utils.clients.service_api import told_version
from ansible_collections.llmmon.stack.plugins.module_utils.configuration.releases import CURRENT, RUNNING, Releases


def service_records(settings: BackupSettings) -> dict[str, ServiceRecord]:
    """The record of each service; what cannot be found out now is as it was deployed."""
    try:
        engine: Optional[Engine] = Engine()
    except EngineError:
        engine = None
    deployed = _deployed(settings.data_root / STATE)
    return {service.name: _record(service, engine, deployed.get(service.name, {})) for service in settings.services}


def _deployed(state: Path) -> dict[str, dict[str, Any]]:
    """What site.yml wrote down of each service."""
    try:
        services = json.loads(state.read_text(encoding="utf-8"))["services"]
        return {name: dict(record) for name, record in services.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _record(service: BackedUpService, engine: Optional[Engine], deployed: dict[str, Any]) -> ServiceRecord:
    image, image_id, digests = str(deployed.get("image", "")), "", tuple(deployed.get("digests", ()))
    with contextlib.suppress(EngineError):
        attributes = engine.inspect(service.container) if engine else None
        if engine and attributes:
            image, image_id = attributes["Config"]["Image"], attributes["Image"]
            digests = tuple(engine.image_digests(image_id))
    version = ""
    with contextlib.suppress(HttpError):
        version = told_version(service.name, HttpClient(Connection(url=service.url, timeout=5)))
    releases = Releases(service.config_root)
    return ServiceRecord(
        version=version or str(deployed.get("version", "")),
        image=image,
        image_id=image_id,
        digests=digests,
        release=releases.target(CURRENT) or "",
        running_release=releases.target(RUNNING) or "",
    )
