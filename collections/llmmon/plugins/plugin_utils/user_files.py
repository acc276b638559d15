# SPDX-License-Identifier: Apache-2.0
"""Files of the user's on the controller: where they are looked for, and what they hold."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


class FileUnreadableError(Exception):
    """A file cannot be read; the text says why, in a few words."""


def found_file(path: str, places: Sequence[str] | None = None) -> Path:
    """Where a file is: in the first of the folders that has it, otherwise where its path leads from here."""
    given = Path(path).expanduser()
    candidates = [Path(place) / given for place in places or () if place]
    return next((candidate.resolve() for candidate in candidates if candidate.is_file()), given)


def text_of(path: str, places: Sequence[str] | None = None) -> str:
    """What a file says.

    Raises FileUnreadableError.
    """
    try:
        return found_file(path, places).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise FileUnreadableError("it is not text") from error
    except OSError as error:
        raise FileUnreadableError(error.strerror or str(error)) from error
