"""Thresholds as calibrate.yml proposes them, out of what a simulated first week has shown."""

from __future__ import annotations

from typing import Any

from ansible_collections.llmmon.stack.plugins.module_utils.calibration import history, proposals
from ansible_collections.llmmon.stack.plugins.module_utils.calibration.surges import SURGES
from ansible_collections.llmmon.stack.plugins.module_utils.clients.http import Connection, HttpClient

from tests.rules.month.calendar import BEGINNING, DAY
from tests.support import rendering
from tests.support.prometheus import Server


def overrides(server: Server, days: int) -> list[dict[str, Any]]:
    """What calibrate.yml would propose after the first days of the month, for whoever has set nothing."""
    client = HttpClient(Connection(url=server.url))
    given = rendering.role_variables()
    until = BEGINNING + days * DAY * 60
    seen = history.read(client, BEGINNING, until, float(given["llmmon_alert_minimum_requests"]))
    defaults = given["__llmmon_threshold_defaults"]
    thresholds = {name: float(defaults[name]) for name in ("latency_p95_seconds", "failure_ratio", *SURGES)}
    targets = proposals.objectives(seen, float(given["__llmmon_slo_defaults"]["availability"]))
    surges = proposals.gateway_findings(seen, thresholds)
    return proposals.overrides(proposals.findings(seen, thresholds), surges, targets)
