"""What a run costs on every host, for ever: the module runs of a site.yml that changes nothing."""

from __future__ import annotations

from tests.bench.no_change import place_counter, timed, unchanged
from tests.support.stack import Stack

# On a busy machine a scrape may be late, and the next one is waited for.
MOST_TRIES = 6


def test_a_no_change_run_is_cheap(stack: Stack) -> None:
    stack.run("site.yml", "--tags", "prometheus", variables={"llmmon_prometheus_external_labels": {"other": "one"}})
    interpreter = place_counter(stack)
    timed(stack, interpreter, changes=True)
    counts: list[int] = []
    while 1 not in counts and len(counts) < MOST_TRIES:
        counts += unchanged(stack, interpreter, 1)[1]
    # The look, which proves, too, where it finds nothing to do. What it would have to wait for is proved by itself.
    assert min(counts) == 1
    assert max(counts) <= 2
