"""Units that Grafana has no name for: it shortens the number, and writes this behind it."""

from __future__ import annotations

TOKENS = "count:tokens"
SERIES = "count:series"
NEW_SERIES = "count:series/s"
SAMPLES = "count:samples/s"
SCRAPES = "count:scrapes/s"
ALERTS = "count:alerts/s"
NOTIFICATIONS = "count:messages/s"
EVALUATIONS = "count:evaluations/s"
FAILURES = "count:failures/h"
CORES = "count:cores"
