# SPDX-License-Identifier: Apache-2.0
"""Durations as Prometheus and Alertmanager write them: ``90s``, ``5m``, ``1h30m``, ``1w``."""

from __future__ import annotations

import re
from typing import Any

# Prometheus takes each unit once, the largest first, and 0 without one.
_DURATION = re.compile(
    r"(?:(?P<y>\d+)y)?(?:(?P<w>\d+)w)?(?:(?P<d>\d+)d)?(?:(?P<h>\d+)h)?(?:(?P<m>\d+)m)?(?:(?P<s>\d+)s)?(?:(?P<ms>\d+)ms)?",
    re.ASCII,
)
_MILLISECONDS = {
    "y": 31_536_000_000,
    "w": 604_800_000,
    "d": 86_400_000,
    "h": 3_600_000,
    "m": 60_000,
    "s": 1_000,
    "ms": 1,
}
# Prometheus keeps nanoseconds in 64 bits.
_LONGEST = 2**63 // 1_000_000


def milliseconds(duration: Any) -> int:
    """The length of a duration.

    Raises ValueError for whatever Prometheus would not take.
    """
    text = str(duration)
    if text == "0":
        return 0
    match = _DURATION.fullmatch(text)
    if not text or match is None:
        raise ValueError(f"{text!r} is not a duration such as 90s, 5m or 1h30m")
    total = sum(int(amount) * _MILLISECONDS[unit] for unit, amount in match.groupdict(default="0").items())
    if total > _LONGEST:
        raise ValueError(f"{text!r} is longer than a duration may be (292 years)")
    return total
