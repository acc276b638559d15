"""One of two scraping hosts is killed now and then: nothing is missing, and each incident is told."""

from __future__ import annotations

from pathlib import Path

from tests.engines import killing

KILLS = 4
# With a scrape each second a machine that has much else to do is late, on the host that is left as well.
INTERVAL = 3
# Before it changes over to the other replica, Thanos waits for twice as long as the last two samples were apart, which
# may be because it has just changed over, so that counters of two do not mix. A graph bridges 5 minutes.
_MOST_LEFT_OUT_SCRAPES = 20


def test_nothing_is_missing_and_each_incident_is_told_once_or_twice(tmp_path: Path) -> None:
    """The long run is `python -m tests.bench.killed_host`."""
    outcome = killing.killed_at_random(tmp_path, KILLS, seed=2, interval=INTERVAL)
    assert len(outcome.told) == KILLS
    assert set(outcome.told.values()) <= {1, 2}, outcome
    # One scrape may be missing, and they do not come to the millisecond.
    assert outcome.longest_gap <= 2.5 * INTERVAL, outcome
    assert outcome.longest_gap_shown <= _MOST_LEFT_OUT_SCRAPES * INTERVAL, outcome
    assert outcome.empty_steps == 0, outcome
