# SPDX-License-Identifier: Apache-2.0
"""What a host remembers of its copies off the host: to which repository, and when last.

Without this a repository on a disk that is not mounted would look like one that has never been.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Optional

from ansible_collections.llmmon.stack.plugins.module_utils.host.clock import utc_now, written
from ansible_collections.llmmon.stack.plugins.module_utils.host.files import write_atomically
from ansible_collections.llmmon.stack.plugins.module_utils.host.places import COPIES


class Copies:
    """A file below the data root, such as ``/var/lib/llmmon``."""

    def __init__(self, data_root: Path) -> None:
        self._path = data_root / COPIES

    def last(self, repository: str) -> Optional[str]:
        """When this host last copied to a repository, None when it never has; addresses are without passwords."""
        return self._read().get(repository)

    def note(self, repository: str) -> None:
        """This host has copied to a repository now."""
        found = {**self._read(), repository: written(utc_now())}
        write_atomically(self._path, json.dumps(found, indent=1, sort_keys=True) + "\n", 0o600)

    def _read(self) -> dict[str, str]:
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            # Nothing is known; a repository that is there is taken all the same.
            return {}
        return {str(key): str(value) for key, value in found.items()} if isinstance(found, dict) else {}
