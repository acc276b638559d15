"""Units that Grafana has no name for: it writes this behind the number, and shortens what it is to count."""

from __future__ import annotations

TOKENS = "count:tokens"
TOKENS_PER_SECOND = "count:tokens/s"
SERIES = "count:series"
NEW_SERIES = "count:series/s"
SAMPLES = "count:samples/s"
WAITING_SAMPLES = "count:samples"
SCRAPES = "count:scrapes/s"
ALERTS = "count:alerts/s"
NOTIFICATIONS = "count:messages/s"
EVALUATIONS = "count:evaluations/s"
FAILURES = "count:failures/h"
ANSWERS = "count:answers/h"
CORES = "count:cores"
TIMES = "suffix:times"
