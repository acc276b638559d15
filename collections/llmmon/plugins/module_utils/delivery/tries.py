# SPDX-License-Identifier: Apache-2.0
"""What a host remembers of its receivers: when each was tried, and whether the test alert reached it.

It holds for the settings that the receiver had then. Of these there is a digest, and nothing that could be read.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Optional

from ansible_collections.llmmon.stack.plugins.module_utils.host.files import write_atomically


@dataclasses.dataclass(frozen=True)
class Try:
    """When a receiver was tried (UTC), with which settings, and whether it was reached."""

    at: str
    reached: bool
    settings: str


def fingerprint(name: str, settings: str, secrets_directory: Optional[str]) -> str:
    """A digest of a receiver's settings and of its secrets, which are files called ``NAME.KEY`` in the directory."""
    digest = hashlib.sha256(settings.encode())
    folder = Path(secrets_directory) if secrets_directory else None
    files = folder.iterdir() if folder and folder.is_dir() else ()
    for path in sorted(path for path in files if path.is_file() and path.name.startswith(f"{name}.")):
        content = path.read_bytes()
        digest.update(f"\n{path.name} {len(content)}\n".encode() + content)
    return digest.hexdigest()


class Tries:
    """A file below the data root, such as ``/var/lib/llmmon/receivers.json``; only its owner may read it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> dict[str, Try]:
        """Name of a receiver to its last try; what cannot be read was never tried."""
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        entries = found.items() if isinstance(found, dict) else ()
        return {name: entry for name, content in entries for entry in _entries(content)}

    def note(self, tried: Mapping[str, Try]) -> None:
        """Remember these in place of those from before, since all are tried at once. OSError when it fails."""
        content = {name: dataclasses.asdict(entry) for name, entry in tried.items()}
        write_atomically(self._path, json.dumps(content, indent=1, sort_keys=True) + "\n", 0o600)


def _entries(content: Any) -> list[Try]:
    """The try that an entry of the file is, none when it is something else."""
    if not isinstance(content, dict) or not isinstance(content.get("reached"), bool):
        return []
    at, settings = content.get("at"), content.get("settings")
    return [Try(at, content["reached"], settings)] if isinstance(at, str) and isinstance(settings, str) else []
