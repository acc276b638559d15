"""Which series an alert reads in the end."""

from __future__ import annotations

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.alive.bounds import out_of_reach
from ansible_collections.llmmon.stack.plugins.module_utils.alive.expressions import Matcher, Selector
from ansible_collections.llmmon.stack.plugins.module_utils.alive.promql import NotRead, read
from ansible_collections.llmmon.stack.plugins.module_utils.alive.reading import Rules


def rules(*recorded: tuple[str, str, dict[str, str]]) -> Rules:
    listed = [{"type": "recording", "name": name, "query": query, "labels": labels} for name, query, labels in recorded]
    return Rules([{"rules": listed}])


RULES = rules(
    ("job:a", "sum by (job, x) (rate(a_total{job=~'one|two', y!=''}[5m]))", {"source": "kind"}),
    ("job:a", "sum by (job) (b_total)", {"source": "other"}),
    ("job:le", "sum by (job, le) (rate(h_bucket[5m]))", {}),
    ("p95", "histogram_quantile(0.95, job:le) / 1000", {}),
    ("itself", "itself offset 5m or c", {}),
    ("constant", "vector(1)", {}),
)


@pytest.mark.parametrize(
    ("expression", "read_in_the_end"),
    [
        ("job:a > 1", ['a_total{job=~"one|two", y!=""}', "b_total"]),
        ('job:a{source="kind"} > 1', ['a_total{job=~"one|two", y!=""}']),
        ('job:a{source="other", job="x"}', ['b_total{job="x"}']),
        ('p95{job="x"} and job:le{le="2"}', ['h_bucket{job="x"}', 'h_bucket{le="2"}']),
        ("itself", ["c"]),
        ("constant * on () up unless gone", ["up"]),
        ("absent(gone) or count(x offset 1h) > 1", ["x"]),
        ('{"with.dots", "a-b"="c"}', ['{"with.dots", "a-b"="c"}']),
    ],
)
def test_recorded_series_are_followed_down(expression: str, read_in_the_end: list[str]) -> None:
    assert [str(reading.selector) for reading in RULES.readings(read(expression))] == read_in_the_end


def test_labels_by_which_is_added_up_are_those_that_series_have_themselves() -> None:
    (reading,) = RULES.readings(read('sum by (job, made, own) (label_replace(a, "made", "$1", "b", "(.+)"))'))
    assert reading.by == ("job", "own")


def test_names_may_be_a_choice() -> None:
    (choice,) = RULES.readings(read('{__name__=~"a|b", job="x"}'))
    (pattern,) = RULES.readings(read('{__name__=~"a.+"}'))
    assert (choice.names, pattern.names) == (("a", "b"), ())
    assert choice.may_be_of("x")
    assert not choice.may_be_of("y")


@pytest.mark.parametrize("text", ["a +", "sum(", "a{b}", "a[5q]", "1 offset 5m", "a ? b", "sum(1, 2, 3)"])
def test_what_is_not_understood_is_told(text: str) -> None:
    with pytest.raises(NotRead):
        read(text)


def test_a_regular_expression_that_python_does_not_know_may_be_met() -> None:
    assert Matcher("a", "=~", r"\pN+").takes("1")
    assert not Matcher("a", "!~", "x.*").takes("xy")
    assert Matcher("a", "!=", "x").takes("")
    assert str(Selector("a", (Matcher("b", "=", 'c"'),), "5m", "1h")) == 'a{b="c\\""}'


@pytest.mark.parametrize(
    ("condition", "why"),
    [
        ("p95 > 2", ""),
        ("round(p95, 0.001) > 10", "its histogram ends at 10, and the threshold is 10"),
        ("p95 >= 10", ""),
        ("x > 1 and on (job) p95 > 11", "its histogram ends at 10, and the threshold is 11"),
        ("x > 1 unless p95 > 11", ""),
        ("x > 1 or p95 > 11", ""),
        ("p95 > 11 or p95 * 2 > 21", "its histogram ends at 10, and the threshold is 11"),
        ("p95 * 2 > 19", ""),
        ("p95 + 5 > 11", ""),
        ("histogram_quantile(0.9, sum by (le) (rate(nothing_bucket[5m]))) > 1e9", ""),
    ],
)
def test_a_percentile_ends_where_its_histogram_does(condition: str, why: str) -> None:
    edges = {"h_bucket": [1000.0, 10000.0]}
    assert out_of_reach(read(condition), RULES, lambda names: [e for name in names for e in edges.get(name, [])]) == why
