# SPDX-License-Identifier: Apache-2.0
"""A synthetic alert: sent to Alertmanager, watched on its way to the receivers, and resolved."""

from __future__ import annotations

import datetime
import uuid
from typing import Any, Optional

from ansible_collections.llmmon.stack.plugins.module_utils.clients.http import HttpClient, HttpError
from ansible_collections.llmmon.stack.plugins.module_utils.delivery.counters import (
    Counts,
    Delivery,
    Key,
    Receiver,
    assess_deliveries,
    counted,
    settled,
)
from ansible_collections.llmmon.stack.plugins.module_utils.delivery.verdict import untried_because
from ansible_collections.llmmon.stack.plugins.module_utils.host.clock import utc_now
from ansible_collections.llmmon.stack.plugins.module_utils.host.waiting import wait_for

# Alertmanager ends the alert by itself should the prober be killed before it does.
_ENDS_ANYWAY_AFTER = 60
_RESOLVE_SECONDS = 10


class Probe:
    """A synthetic alert, and what Alertmanager makes of it."""

    def __init__(self, client: HttpClient, alertname: str, texts: dict[str, str], timeout: float) -> None:
        self._client = client
        self._texts = texts
        self._timeout = timeout
        # An alert of its own each time: Alertmanager does not notify twice of one that it knows.
        self.labels = {"alertname": alertname, "severity": "info", "probe": uuid.uuid4().hex}
        # Said, since Alertmanager takes the end of an alert for its beginning when only the end is said: messages would
        # then speak of a time that is yet to come.
        self._starts = utc_now()

    def counters(self) -> dict[Key, Counts]:
        return counted(self._client.text("/metrics"))

    def send(self) -> None:
        self._post(utc_now() + datetime.timedelta(seconds=self._timeout + _ENDS_ANYWAY_AFTER))

    def resolve(self) -> None:
        """End the alert, and wait until Alertmanager has taken note."""
        self._post(utc_now())
        wait_for(lambda: None if self.known() else True, _RESOLVE_SECONDS)

    def known(self) -> list[dict[str, Any]]:
        """The alert as Alertmanager has it; none when it is resolved."""
        found: list[dict[str, Any]] = self._client.get("/api/v2/alerts", filter=f'probe="{self.labels["probe"]}"')
        return found

    def _post(self, end: datetime.datetime) -> None:
        alert = {
            "labels": self.labels,
            "annotations": self._texts,
            "startsAt": self._starts.isoformat(),
            "endsAt": end.isoformat(),
        }
        self._client.send("POST", "/api/v2/alerts", [alert])


def watch(probe: Probe, receivers: list[Receiver], timeout: float) -> tuple[list[Delivery], str]:
    """Send the alert, wait for the verdict on each receiver and resolve it; also why some were not tried."""
    before = probe.counters()
    latest: list[Delivery] = []
    seen = 0

    def look() -> Optional[bool]:
        nonlocal seen
        try:
            latest[:] = assess_deliveries(before, probe.counters(), receivers)
        except HttpError:
            return None
        # A request is counted before its failure is, and the page may be written in between: twice seen is believed.
        seen = seen + 1 if settled(latest) else 0
        return True if seen > 1 else None

    probe.send()
    try:
        in_time = wait_for(look, timeout)
        untried = "" if in_time else untried_because(probe.known())
    finally:
        probe.resolve()
    return latest, untried
