"""One of two scraping hosts is killed now and then: nothing is missing, and each incident is told."""

from __future__ import annotations

from pathlib import Path

from tests.engines import killing

KILLS = 4
# Two cores that have much else to do are late for a scrape each second, of the host that is left as well.
SCRAPES_SECONDS = 3
# Before it changes over to the other replica, Thanos waits for twice as long as the last two samples were apart, which
# may be because it has just changed over, so that counters of two do not mix. A graph bridges 5 minutes.
_MOST_LEFT_OUT_SCRAPES = 20


def test_nothing_is_missing_and_each_incident_is_told_once_or_twice(tmp_path: Path) -> None:
    """The long run is `python -m tests.bench.killed_host`."""
    outcome = killing.killed_at_random(tmp_path, KILLS, seed=2, interval=SCRAPES_SECONDS)
    assert len(outcome.told) == KILLS
    assert set(outcome.told.values()) <= {1, 2}, outcome
    # One scrape may be missing, and they do not come to the millisecond.
    assert outcome.longest_gap <= 2.5 * SCRAPES_SECONDS, outcome
    assert outcome.longest_gap_shown <= _MOST_LEFT_OUT_SCRAPES * SCRAPES_SECONDS, outcome
    assert outcome.empty_steps == 0, outcome
