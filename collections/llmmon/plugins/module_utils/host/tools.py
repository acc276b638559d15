# SPDX-License-Identifier: Apache-2.0
"""What a program said before it gave up."""

from __future__ import annotations

from typing import Union

# Enough to know what it did not like.
_MOST = 500


def last_words(output: Union[str, bytes]) -> str:
    """The end of what a program printed, on one line."""
    text = output.decode(errors="replace") if isinstance(output, bytes) else output
    return " ".join(text.split())[-_MOST:]
