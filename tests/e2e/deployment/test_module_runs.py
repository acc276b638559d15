"""What a run costs on every host, for ever: the module runs of a site.yml that changes nothing."""

from __future__ import annotations

from tests.bench.no_change import MOST_MODULE_RUNS, measure
from tests.support.stack import Stack


def test_a_no_change_run_is_cheap(stack: Stack) -> None:
    stack.run("site.yml", "--tags", "prometheus", variables={"llmmon_prometheus_external_labels": {"other": "one"}})
    _, _, counts = measure(stack, 1)
    # The look and the proof.
    assert 2 <= counts[0] <= MOST_MODULE_RUNS
