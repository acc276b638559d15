# SPDX-License-Identifier: Apache-2.0
"""Encrypt an archive to public keys, by a tool of the distribution; the host never has the key that opens it."""

from __future__ import annotations

import dataclasses
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from ansible_collections.llmmon.stack.plugins.module_utils.errors import StackError
from ansible_collections.llmmon.stack.plugins.module_utils.host.files import write_new
from ansible_collections.llmmon.stack.plugins.module_utils.host.tools import last_words

PACKAGES = {"gpg": "gpg", "age": "age"}
_PRIVATE = re.compile(r"PRIVATE KEY|AGE-SECRET-KEY-")


class EncryptionError(StackError):
    """The archive cannot be encrypted."""


@dataclasses.dataclass(frozen=True)
class Encryption:
    """``tool`` is ``gpg``, ``age`` or empty; the keys are armored blocks of OpenPGP, or age's and SSH's lines."""

    tool: str = ""
    public_keys: tuple[str, ...] = ()

    def check(self) -> None:
        """Refuse at once what would fail after the data were read."""
        if not self.tool:
            return
        if not self.public_keys:
            raise EncryptionError(
                "there is no key to encrypt to: set llmmon_backup_public_keys, or leave llmmon_backup_encryption empty"
            )
        if not shutil.which(self.tool):
            raise EncryptionError(
                f"{self.tool} is missing on the host: install the package {PACKAGES[self.tool]}, or run backup.yml"
            )
        for number, key in enumerate(self.public_keys, 1):
            reason = "it is a private key, which has to be kept elsewhere" if _PRIVATE.search(key) else self._try(key)
            if reason:
                raise EncryptionError(
                    f"{self.tool} does not encrypt to key {number} of llmmon_backup_public_keys: {reason}; correct it"
                )

    def _try(self, key: str) -> str:
        """What the tool has against a key, by encrypting nothing to it."""
        with tempfile.TemporaryDirectory() as scratch:
            (command,) = dataclasses.replace(self, public_keys=(key,)).commands(Path(scratch))
            done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
            if not done.returncode:
                return ""
            # The paths of the files that the keys were put into say nothing to anybody.
            words = re.sub(rf"[\"']?{re.escape(scratch)}/[\w.-]+[\"']?", "it", last_words(done.stderr))
            return words or f"exit code {done.returncode}"

    def commands(self, scratch: Path) -> list[list[str]]:
        """The command that encrypts, with its keys in ``scratch``."""
        if not self.tool:
            return []
        if self.tool == "age":
            keys = scratch / "recipients"
            write_new(keys, "".join(f"{key.strip()}\n" for key in self.public_keys))
            return [["age", "--encrypt", "--recipients-file", str(keys)]]
        home = scratch / "gnupg"
        home.mkdir(mode=0o700)
        command = ["gpg", "--homedir", str(home), "--batch", "--no-tty", "--quiet", "--compress-algo", "none"]
        for number, key in enumerate(self.public_keys):
            path = scratch / f"recipient-{number}.asc"
            write_new(path, key.strip() + "\n")
            command += ["--recipient-file", str(path)]
        return [[*command, "--encrypt"]]
