# SPDX-License-Identifier: Apache-2.0
"""Copy archives off the host with restic, which encrypts them and knows many kinds of places."""

from __future__ import annotations

import dataclasses
import os
import re
import socket
import subprocess
import tempfile
from pathlib import Path

from ansible_collections.llmmon.stack.plugins.module_utils.errors import StackError
from ansible_collections.llmmon.stack.plugins.module_utils.host.tools import last_words

# The user and password that an address may hold.
_CREDENTIALS = re.compile(r"(://)[^/@\s]*@")
_TAG = "llmmon"


class CopyError(StackError):
    """The archive is on the host, but not off it."""


@dataclasses.dataclass(frozen=True)
class Restic:
    """A repository, as restic names it, and the file on the host with its password."""

    repository: str = dataclasses.field(repr=False)
    password_file: Path

    def copy(self, paths: list[Path], scope: str, keep: int) -> None:
        """Add the files as a snapshot, and forget all but the last ``keep`` of this host and scope."""
        if not self.password_file.is_file():
            raise CopyError(
                f"{paths[0]} was written but not copied off the host: there is no file {self.password_file}; correct"
                " llmmon_backup_restic_password_file"
            )
        with tempfile.NamedTemporaryFile("w", encoding="utf-8") as address:
            # An address may hold a password, which no argument may show.
            address.write(self.repository)
            address.flush()
            base = ["restic", "--repository-file", address.name, "--password-file", str(self.password_file), "--quiet"]
            which = ["--host", socket.gethostname(), "--tag", f"{_TAG},{scope}"]
            try:
                if self._run([*base, "cat", "config"]).returncode != 0:
                    # A wrong password fails here once more, with words that say so.
                    self._require([*base, "init"], paths[0])
                self._require([*base, "backup", *which, *map(str, paths)], paths[0])
                # By tags alone: each archive has a path of its own.
                forget = [*base, "forget", *which, "--group-by", "host,tags", "--keep-last", str(keep), "--prune"]
                self._require(forget, paths[0])
            except OSError as error:
                raise CopyError(
                    f"{paths[0]} was written but not copied off the host: restic cannot be started"
                    f" ({error.strerror}); install the package restic, or run backup.yml"
                ) from error

    def _require(self, command: list[str], archive: Path) -> None:
        done = self._run(command)
        if done.returncode != 0:
            raise CopyError(
                f"{archive} was written but not copied off the host: restic {command[6]} failed:"
                f" {self._shown(last_words(done.stderr))}; correct llmmon_backup_restic_repository or its password file"
            )

    def _run(self, command: list[str]) -> subprocess.CompletedProcess[bytes]:
        environment = {"HOME": "/root", **os.environ}
        return subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=False)

    def _shown(self, words: str) -> str:
        shown = _CREDENTIALS.sub(r"\1", self.repository)
        return _CREDENTIALS.sub(r"\1", words.replace(self.repository, shown))
