# SPDX-License-Identifier: Apache-2.0
"""What lies on the disk, and how much."""

from __future__ import annotations

import os
from pathlib import Path


def disk_usage(directory: Path) -> int:
    """Bytes on disk below a directory; files that vanish meanwhile count nothing."""
    total = 0
    for parent, _, files in os.walk(directory):
        for file in files:
            try:
                total += (Path(parent) / file).lstat().st_blocks * 512
            except OSError:
                continue
    return total
