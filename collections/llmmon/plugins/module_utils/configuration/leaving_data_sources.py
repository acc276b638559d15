# SPDX-License-Identifier: Apache-2.0
"""Data sources that left the provisioning file: Grafana keeps them, read-only, until another file says to delete them.

What llmmon has provisioned stands in the release that ran before, so whatever people made themselves is never meant.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ansible_collections.llmmon.stack.plugins.module_utils.host.files import write_atomically

DIRECTORY = "provisioning/datasources"
PROVISIONED = f"{DIRECTORY}/llmmon.yaml"
# Sorts before the other: Grafana goes by name, and a new data source may want the uid of one that leaves.
LEAVING = f"{DIRECTORY}/leaving.yaml"


def _named(content: bytes) -> dict[tuple[int, str], dict[str, Any]]:
    """The data sources of a provisioning file by what Grafana knows them by; none of a file that is something else."""
    try:
        entries = json.loads(content)["datasources"]
        return {(int(entry.get("orgId") or 1), str(entry["name"])): entry for entry in entries}
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}


def data_sources_that_left(before: bytes, after: bytes) -> list[dict[str, Any]]:
    """Those of one provisioning file that the next one has no more, as Grafana wants them named."""
    gone = _named(before).keys() - _named(after).keys()
    return [{"name": name, "orgId": organisation} for organisation, name in sorted(gone)]


@contextlib.contextmanager
def deleting(release: Path, data_sources: list[dict[str, Any]]) -> Iterator[None]:
    """Have Grafana delete these data sources when it reads its provisioning files; the file for it does not stay."""
    if not data_sources:
        yield
        return
    beside, path = (release / PROVISIONED).stat(), release / LEAVING
    content = json.dumps({"apiVersion": 1, "deleteDatasources": data_sources})
    write_atomically(path, content, beside.st_mode & 0o777, beside.st_uid, beside.st_gid)
    try:
        yield
    finally:
        path.unlink()
