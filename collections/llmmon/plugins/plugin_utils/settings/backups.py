# SPDX-License-Identifier: Apache-2.0
"""What is wrong with the settings of backups, as far as it can be known before one is made."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

# The least of what has a least.
_LEAST = {"llmmon_backup_keep": 1, "llmmon_backup_keep_hours": 0, "llmmon_backup_copy_timeout": 1}
# A public key as it begins, by the tool that encrypts to it.
_PUBLIC = {
    "gpg": (re.compile(r"-----BEGIN PGP PUBLIC KEY BLOCK-----"), "an armored block of OpenPGP"),
    "age": (re.compile(r"age1|ssh-(ed25519|rsa) "), "a line that begins with age1, ssh-ed25519 or ssh-rsa"),
}
_PRIVATE = re.compile(r"PRIVATE KEY|AGE-SECRET-KEY-")


def backup_problems(settings: Mapping[str, Any], scopes: Mapping[str, str], admin_api: bool) -> list[str]:
    """What is wrong with backups.

    ``settings`` are the variables by their names. ``scopes`` is what is to be backed up, by the variable that says so,
    where Prometheus is a part of it. ``admin_api`` is whether Prometheus has the API that makes snapshots.
    """
    found = [
        f"{name} is {settings[name]}, and must be {least} at least"
        for name, least in _LEAST.items()
        # On the command line numbers are texts.
        if int(settings[name]) < least
    ]
    if not admin_api:
        found += [
            f"{variable} is full, but Prometheus has no admin API to make a snapshot with, because"
            " llmmon_prometheus_bind_address is not loopback: set llmmon_prometheus_admin_api to true (whoever reaches"
            f" Prometheus may then delete its data), or {variable} to config"
            for variable, scope in scopes.items()
            if scope == "full"
        ]
    if settings["llmmon_backup_restic_repository"] and not settings["llmmon_backup_restic_password_file"]:
        found.append(
            "llmmon_backup_restic_repository is set without llmmon_backup_restic_password_file: name the file on the"
            " host that holds the repository's password"
        )
    return found + _key_problems(settings["llmmon_backup_encryption"], settings["llmmon_backup_public_keys"])


def _key_problems(tool: str, keys: list[str]) -> list[str]:
    found = []
    for number, key in enumerate(keys, 1):
        subject = f"llmmon_backup_public_keys: key {number}"
        if _PRIVATE.search(key):
            # Said whatever the tool: it would lie on the host that its archives are to be kept from.
            found.append(
                f"{subject} is a private key: keep it off the hosts, and give the public key that goes with it"
            )
        elif tool and not _PUBLIC[tool][0].match(key.strip()):
            found.append(f"{subject} is no public key for {tool}: it must be {_PUBLIC[tool][1]}")
    if tool and not keys:
        found.append(
            f"llmmon_backup_encryption is {tool}, but there is no key to encrypt to: set llmmon_backup_public_keys"
        )
    return found
