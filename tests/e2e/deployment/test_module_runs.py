"""What a run costs on every host, for ever: the module runs of a site.yml that changes nothing."""

from __future__ import annotations

from tests.bench.no_change import place_counter, settle, timed
from tests.support.stack import Stack


def test_a_no_change_run_is_cheap(stack: Stack) -> None:
    stack.run("site.yml", "--tags", "prometheus", variables={"llmmon_prometheus_external_labels": {"other": "one"}})
    interpreter = place_counter(stack)
    timed(stack, interpreter, changes=True)
    # The look, which proves, too, where it finds nothing to do. What it would have to wait for is proved by itself.
    assert max(settle(stack, interpreter)) <= 2
