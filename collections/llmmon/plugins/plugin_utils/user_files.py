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


def beside_inventory(path: str, inventory_folder: str, *, folder: bool = False) -> str:
    """Where a path of a setting leads: into the inventory's folder, or the one above, whichever has the file or folder.

    Where neither has it, into the inventory's own; an empty path leads nowhere.
    """
    if not path:
        return ""
    here = Path(inventory_folder)
    candidates = [place / Path(path).expanduser() for place in (here, here.parent)]
    is_there = Path.is_dir if folder else Path.is_file
    return str(next(filter(is_there, candidates), candidates[0]))


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
