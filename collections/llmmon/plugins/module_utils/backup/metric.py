# SPDX-License-Identifier: Apache-2.0
"""Tell Prometheus of the last good backup: there is no exporter on the host, so a rule gives the time as a constant."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from ansible_collections.llmmon.stack.plugins.module_utils.archive.format import FileRecord
from ansible_collections.llmmon.stack.plugins.module_utils.clients.engine import Engine, EngineError
from ansible_collections.llmmon.stack.plugins.module_utils.configuration.releases import CURRENT, RUNNING, Releases
from ansible_collections.llmmon.stack.plugins.module_utils.host.disk import why_not_written
from ansible_collections.llmmon.stack.plugins.module_utils.host.files import write_atomically
from ansible_collections.llmmon.stack.plugins.module_utils.host.places import GENERATED

_RULES = """\
# Written by llmmon after each backup.
groups:
  - name: llmmon_backup_{scope}
    rules:
      - record: llmmon_backup_last_success_timestamp_seconds
        expr: vector({timestamp})
        labels: {{scope: {scope}}}
      - record: llmmon_backup_last_success_bytes
        expr: vector({size})
        labels: {{scope: {scope}}}
"""
_COPY_RULES = """\
# Written by llmmon after each copy of a backup off the host.
groups:
  - name: llmmon_backup_copy_{scope}
    rules:
      - record: llmmon_backup_copy_last_success_timestamp_seconds
        expr: vector({timestamp})
        labels: {{scope: {scope}}}
"""


def rules(scope: str, timestamp: int, size: int) -> str:
    """A rule file that tells when (seconds since 1970) the last backup of a scope was made, and its size in bytes."""
    return _RULES.format(scope=scope, timestamp=timestamp, size=size)


def copy_rules(scope: str, timestamp: int) -> str:
    """A rule file that tells when the last backup of a scope was made of which there is a copy off the host."""
    return _COPY_RULES.format(scope=scope, timestamp=timestamp)


def publish(config_root: Path, container: str, scope: str, timestamp: int, record: FileRecord) -> str:
    """Tell of a backup; returns a sentence when something stood in the way."""
    return _publish(config_root, container, f"backup_{scope}.yml", rules(scope, timestamp, record.size))


def publish_copy(config_root: Path, container: str, scope: str, timestamp: int) -> str:
    """Tell of a backup's copy off the host; returns a sentence when something stood in the way."""
    return _publish(config_root, container, f"backup_copy_{scope}.yml", copy_rules(scope, timestamp))


def _publish(config_root: Path, container: str, name: str, content: str) -> str:
    """Write a rule file and let Prometheus load it."""
    try:
        _write(config_root / GENERATED, name, content)
    except OSError as error:
        return f"the metric of the backup was not written: {why_not_written(error, str(config_root))}"
    releases = Releases(config_root)
    if releases.target(CURRENT) != releases.target(RUNNING):
        # A signal would load the release that site.yml has not proved yet.
        return "the metric of the backup appears after the next site.yml, which has a configuration to reload"
    try:
        Engine().hang_up(container)
    except EngineError as error:
        return f"the metric of the backup appears when Prometheus next reads its configuration: {error}"
    return ""


def _write(directory: Path, name: str, content: str) -> None:
    """Readable for the service as its releases are: by the group of the directory they lie in."""
    group = directory.parent.stat().st_gid
    with contextlib.suppress(FileExistsError):
        directory.mkdir(mode=0o750)
    os.chown(directory, 0, group)
    # The timer's service lets nobody else read what it makes, so the mode above does not count there.
    directory.chmod(0o750)
    write_atomically(directory / name, content, 0o640, 0, group)
