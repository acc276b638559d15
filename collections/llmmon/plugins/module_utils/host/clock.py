# SPDX-License-Identifier: Apache-2.0
"""The present, and what Go says of times, on every Python that a host may have."""

from __future__ import annotations

import datetime
import re

# datetime.UTC came with Python 3.11; hosts have 3.9 and later.
UTC = datetime.timezone.utc
# Before anything that was ever logged.
BEGINNING = datetime.datetime.fromtimestamp(0, tz=UTC)
# How we write a moment of UTC down.
WRITTEN = "%Y-%m-%dT%H:%M:%SZ"


def utc_now() -> datetime.datetime:
    """This moment, aware."""
    return datetime.datetime.now(UTC)


def written(when: datetime.datetime) -> str:
    """A moment, aware, as we write it down: of UTC, to the second."""
    return when.astimezone(UTC).strftime(WRITTEN)


def moment(text: str) -> datetime.datetime:
    """A time stamp of Go's (nanoseconds, Z or an offset) as a time; what has never been is the year 1."""
    match = re.match(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)$", text)
    if not match or match[1].startswith("0001"):
        return datetime.datetime.min.replace(tzinfo=UTC)
    fraction = (match[2] or ".0")[:7].ljust(7, "0")
    return datetime.datetime.fromisoformat(match[1] + fraction + match[3].replace("Z", "+00:00"))
