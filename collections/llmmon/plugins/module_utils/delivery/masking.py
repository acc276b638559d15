# SPDX-License-Identifier: Apache-2.0
"""Keep secrets out of what Alertmanager says: an address to send to may be one."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Optional

from ansible_collections.llmmon.stack.plugins.module_utils.errors import HIDDEN

_URL = re.compile(r"(https?://[^/\s\"'<>]+)/[^\s\"'<>]+")


def masked(text: str, secrets: Iterable[str]) -> str:
    """``text`` without any of the secrets, and without the paths of addresses, which may be secret, too."""
    pieces: set[str] = set()
    for secret in secrets:
        # Of an address what follows the host is what nobody may know, and its last part is enough to know.
        path = re.sub(r"^https?://[^/]+", "", secret)
        last = path.rpartition("/")[2]
        pieces.update(piece for piece, least in ((secret, 1), (path, 4), (last, 8)) if len(piece) >= least)
    for piece in sorted(pieces, key=len, reverse=True):
        text = text.replace(piece, HIDDEN)
    return _URL.sub(rf"\1/{HIDDEN}", text)


def secrets_in(directory: Optional[str]) -> list[str]:
    """The contents of the files in a directory."""
    if not directory or not Path(directory).is_dir():
        return []
    files = [path for path in Path(directory).iterdir() if path.is_file()]
    return [path.read_text(encoding="utf-8", errors="replace").strip() for path in files]
