from __future__ import annotations

import pytest

from tests.rules.promql import metric_names


@pytest.mark.parametrize(
    ("expression", "names"),
    [
        ('sum by (job, model) (rate(a_total{job=~"x|y{1}", le="\\"z"}[5m]))', {"a_total"}),
        ("job:a:rate5m / on (job) group_left (x) (b > bool 0) offset 6d23h30m", {"job:a:rate5m", "b"}),
        ("clamp_min(a, 0.1) or round (b,0.01) unless c * 1e3", {"a", "b", "c"}),
        ("vector(1)", set()),
    ],
)
def test_names_are_told_from_the_rest(expression: str, names: set[str]) -> None:
    assert metric_names(expression) == names
