# SPDX-License-Identifier: Apache-2.0
"""From when on what Prometheus has seen is evidence."""

from __future__ import annotations

import dataclasses
import datetime
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
    _oldest: dict[float, tuple[datetime.datetime, str]] = dataclasses.field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def since(self, seconds: float) -> datetime.datetime:
        """The oldest moment that counts, of something that is seen every so many seconds."""
        if self.loaded is None:
            return self.began
        return max(self.loaded, self.began - datetime.timedelta(seconds=seconds))

    def has(self, stamp: str, seconds: float = 0) -> bool:
        """Whether a time stamp of Prometheus's, of something that is seen every so many seconds, counts."""
        if seconds not in self._oldest:
            since = self.since(seconds)
            self._oldest[seconds] = since, since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
        since, second = self._oldest[seconds]
        # Read to the end only where the second does not tell: there may be thousands, again and again.
        shown = stamp[:19]
        if shown != second and stamp[-1:] == "Z":
            return shown > second
        return moment(stamp) >= since


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
