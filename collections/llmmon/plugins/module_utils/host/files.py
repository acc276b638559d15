# SPDX-License-Identifier: Apache-2.0
"""Write files so that neither a crash nor a reader ever sees half of one, or a secret that others may read."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path
from typing import Optional, Union

from ansible_collections.llmmon.stack.plugins.module_utils.host.disk import sync

UNFINISHED_SUFFIX = ".new"
# A name may have 255 bytes, and what makes the temporary one unique needs some of them.
_MOST_OF_NAME = 200
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW


def write_atomically(
    path: Path, content: Union[str, bytes], mode: int, owner: Optional[int] = None, group: Optional[int] = None
) -> None:
    """Write a whole file: whoever reads it, also after a crash, finds the old content or the new one.

    It has its mode, owner and group before it has any content; without them it belongs to whoever runs this. It is on
    the disk when this returns. OSError when it cannot be written; then the old content is still there.
    """
    temporary = path.with_name(f"{_prefix(path.name)}{secrets.token_hex(4)}{UNFINISHED_SUFFIX}")
    # Without any access: whoever could open it before it has its owner and mode could go on reading or writing it.
    descriptor = os.open(temporary, _NEW_FILE, 0o000)
    try:
        with os.fdopen(descriptor, "wb") as handle:
            if owner is not None or group is not None:
                os.fchown(handle.fileno(), -1 if owner is None else owner, -1 if group is None else group)
            os.fchmod(handle.fileno(), mode)
            handle.write(_encoded(content))
            handle.flush()
            os.fsync(handle.fileno())
        temporary.replace(path)
    except BaseException as error:
        if isinstance(error, OSError):
            # Writing to an open file names none.
            error.filename = str(path)
        with contextlib.suppress(FileNotFoundError):
            temporary.unlink()
        raise
    sync(path.parent)


def write_new(path: Path, content: Union[str, bytes]) -> None:
    """Make a file that nobody but its owner reads; it is on the disk when this returns. OSError when there is one."""
    descriptor = os.open(path, _NEW_FILE, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as handle:
            handle.write(_encoded(content))
            handle.flush()
            os.fsync(handle.fileno())
    except OSError as error:
        error.filename = str(path)
        raise


def unfinished(path: Path) -> list[Path]:
    """What runs that were killed while they wrote the file have left beside it."""
    entries = path.parent.iterdir() if path.parent.is_dir() else ()
    return sorted(entry for entry in entries if is_unfinished(entry.name, path.name))


def is_unfinished(name: str, of: str) -> bool:
    """Whether a name is that of an unfinished file ``of``."""
    return name.startswith(_prefix(of)) and name.endswith(UNFINISHED_SUFFIX)


def _prefix(name: str) -> str:
    return f".{os.fsdecode(os.fsencode(name)[:_MOST_OF_NAME])}."


def _encoded(content: Union[str, bytes]) -> bytes:
    return content.encode() if isinstance(content, str) else content
