# SPDX-License-Identifier: Apache-2.0
"""The file on the host that holds a token of Grafana: only its owner, or a group, may read it."""

from __future__ import annotations

import grp
import os
from pathlib import Path
from typing import Any, Optional

from ansible_collections.llmmon.stack.plugins.module_utils.errors import StackError
from ansible_collections.llmmon.stack.plugins.module_utils.host.files import write_atomically


class TokenError(StackError):
    """The token cannot be kept as asked for; the message says why."""


class TokenFile:
    """The file that holds the token."""

    def __init__(self, parameters: dict[str, Any]) -> None:
        self.path = Path(parameters["token_dest"])
        self.mode = int(parameters["token_mode"], 8)
        self.group = self._group(parameters["token_group"])

    @staticmethod
    def _group(name: Optional[str]) -> int:
        if not name:
            return -1
        if name.isdigit():
            return int(name)
        try:
            return grp.getgrnam(name).gr_gid
        except KeyError:
            raise TokenError(f"there is no group {name} on the host for token_group") from None

    def read(self) -> Optional[str]:
        """The token, None when there is none."""
        try:
            return self.path.read_text(encoding="utf-8").strip() or None
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise TokenError(f"the token file {self.path} cannot be read: {error}") from error

    def check_place(self) -> None:
        """Refuse a place that is not there before a token is created for it."""
        if not self.path.parent.is_dir():
            raise TokenError(f"there is no directory {self.path.parent} for the token file")

    def access_is_right(self) -> bool:
        found = self.path.stat()
        return found.st_mode & 0o7777 == self.mode and self.group in (-1, found.st_gid)

    def write(self, token: str) -> None:
        """Replace the file in one go; at no time may anybody else read it."""
        write_atomically(self.path, token + "\n", self.mode, group=self.group)

    def correct_access(self) -> None:
        os.chown(self.path, -1, self.group)
        self.path.chmod(self.mode)
