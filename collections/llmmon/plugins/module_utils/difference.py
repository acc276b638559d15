# SPDX-License-Identifier: Apache-2.0
"""One entry of what a module shows with ``--diff``."""

from __future__ import annotations

from typing import Optional


def difference(name: str, before: str, after: str, name_after: Optional[str] = None) -> dict[str, str]:
    """The two texts under the name of what they describe; ``name_after`` where the second has a name of its own."""
    return {
        "before_header": name,
        "after_header": name if name_after is None else name_after,
        "before": before,
        "after": after,
    }
