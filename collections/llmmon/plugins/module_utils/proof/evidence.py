# SPDX-License-Identifier: Apache-2.0
"""From when on what Prometheus has seen is evidence."""

from __future__ import annotations

import dataclasses
import datetime
import functools
from typing import Optional

from ansible_collections.llmmon.stack.plugins.module_utils.clients.http import HttpClient, HttpError
from ansible_collections.llmmon.stack.plugins.module_utils.host.clock import UTC, moment, utc_now

_SECOND = datetime.timedelta(seconds=1)


@dataclasses.dataclass(frozen=True)
class Evidence:
    """What came after ``began`` counts.

    In a run that changed nothing what was seen within the last interval counts as well, unless Prometheus has taken
    its configuration since (``loaded``; None where something changed).
    """

    began: datetime.datetime
    loaded: Optional[datetime.datetime] = None

    def since(self, seconds: float) -> datetime.datetime:
        """The oldest moment that counts, of something that is seen every so many seconds."""
        if self.loaded is None:
            return self.began
        return max(self.loaded, self.began - datetime.timedelta(seconds=seconds))

    def has(self, stamp: str, seconds: float = 0) -> bool:
        """Whether a time stamp of Prometheus's, of something that is seen every so many seconds, counts."""
        since = self.since(seconds)
        second = _second(since)
        # Read to the end only where the second does not tell: there may be thousands, again and again.
        if stamp.endswith("Z") and stamp[:19] != second:
            return stamp[:19] > second
        return moment(stamp) >= since


@functools.lru_cache
def _second(when: datetime.datetime) -> str:
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")


def evidence(client: HttpClient, fresh: bool) -> Evidence:
    """What counts from now on."""
    began = utc_now()
    if fresh:
        return Evidence(began)
    try:
        loaded: str = client.get("/api/v1/status/runtimeinfo")["data"]["lastConfigTime"]
    except HttpError:
        # Whoever looks at it finds out that it does not answer. Should it do so later, it was perhaps started anew.
        return Evidence(began)
    # It is told in whole seconds.
    return Evidence(began, moment(loaded) + _SECOND)
