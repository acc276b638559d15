# SPDX-License-Identifier: Apache-2.0
"""Programs of a host: what one said before it gave up, and the name of one that lasts."""

from __future__ import annotations

from pathlib import Path
from typing import Union

# Enough to know what it did not like.
_MOST = 500


def last_words(output: Union[str, bytes]) -> str:
    """The end of what a program printed, on one line."""
    text = output.decode(errors="replace") if isinstance(output, bytes) else output
    return " ".join(text.split())[-_MOST:]


def lasting(python: str) -> str:
    """The same interpreter by a name that an upgrade of the distribution leaves in place, where it has one."""
    name = Path(python).with_name("python3")
    return str(name) if name.exists() and name.samefile(python) else python
