# SPDX-License-Identifier: Apache-2.0
"""How long things take: percentiles, the mean and slow answers, as far as the source's form allows."""

from __future__ import annotations

from ansible_collections.llmmon.stack.plugins.plugin_utils.presets import Duration, Metric
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.model import Rule
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.overrides import compared, matchers, own_threshold
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.promql import union
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.settings import Number, RuleSettings
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.sources import Source
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.units import PER_SECOND, edge, in_seconds

PERCENTILES = (50, 95, 99)
THRESHOLD = "latency_p95_seconds"


def latency_rules(source: Source, name: str, duration: Duration) -> list[Rule]:
    """Percentiles, count and mean of one duration, all in seconds but for the buckets."""
    count = f"job_model:{name}_seconds_count:rate5m"
    rules = (
        _of_histogram(source, name, duration, count)
        if "metrics" in duration
        else [source.record(count, source.canonical(duration["count"], ["model"]))]
    )
    rules += _of_summary(source, name, duration)
    spent = duration["sum"] if "sum" in duration else [_part(duration, "sum")]
    mean = (
        f"{source.canonical(spent, ['model'])}{in_seconds(duration['unit'])}\n"
        f"/ on (job, model) ({source.recorded(count)} > 0)"
    )
    return [*rules, source.record(f"job_model:{name}_seconds:mean_rate5m", mean)]


def slow_answers(source: Source, name: str, duration: Duration, settings: RuleSettings) -> Rule:
    """How many answers of a histogram take longer than the threshold of their model.

    Exact where a percentile is a guess, but only if the threshold is an edge of the histogram; otherwise there is no
    series.
    """

    def fast_enough(threshold: Number, *matchers: str) -> str:
        """Answers within a number of seconds."""
        limit = round(float(threshold) * PER_SECOND[duration["unit"]], 6)
        return source.recorded(_buckets(name, duration), *matchers, f'le=~"{edge(limit)}"')

    fast = fast_enough(settings.thresholds[THRESHOLD])
    overrides = [one for one in settings.overrides.for_models(THRESHOLD) if any(map(one.is_about, source.names))]
    if overrides:
        own = own_threshold(THRESHOLD)
        terms = [f"{fast} unless on (job, model) {own}"]
        for override in overrides:
            threshold = override.numbers[THRESHOLD]
            terms.append(f"{fast_enough(threshold, *matchers(override))} and on (job, model) {own} == {threshold}")
        fast = f"\n{union(terms)}\n"
    return source.record(
        f"job_model:{name}_seconds_slow:rate5m",
        f"{source.recorded(f'job_model:{name}_seconds_count:rate5m')}\n- sum without (le) ({fast})",
    )


def at_least(source: Source, name: str, duration: Duration) -> Rule:
    """Where the bucket of the 95th percentile begins: what 5 of 100 answers certainly took; 0 below the first edge.

    What the percentile is within that bucket is a guess. Of the edges that fewer than 95 of 100 answers keep to, it is
    the last: a histogram of these and of all answers has its highest quantile there.
    """
    buckets = _buckets(name, duration)
    count = source.recorded(f"job_model:{name}_seconds_count:rate5m")
    below, all_answers = source.recorded(buckets, 'le!="+Inf"'), source.recorded(buckets, 'le="+Inf"')
    edge_before = f"  {below} < on (job, model) group_left () 0.95 * {count}\n  or {all_answers}"
    return source.record(
        f"job_model:{name}_seconds:p95_at_least_rate5m",
        f"histogram_quantile(1,\n{edge_before}\n){in_seconds(duration['unit'])} >= 0\nor ({count} > 0) * 0",
    )


def unless_a_guess(settings: RuleSettings) -> str:
    """Not where the bucket of the percentile begins far below the threshold: answers may be anywhere in it."""
    least = compared(
        settings,
        THRESHOLD,
        "2 * job_model:llm_response_latency_seconds:p95_at_least_rate5m",
        "<",
        settings.thresholds[THRESHOLD],
    )
    return f"\nunless on (job, model) {least}"


def _of_histogram(source: Source, name: str, duration: Duration, count: str) -> list[Rule]:
    buckets = _buckets(name, duration)
    all_answers = source.recorded(buckets, 'le="+Inf"')
    return [
        source.record(buckets, source.canonical([_part(duration, "bucket")], ["model", "le"])),
        *(
            source.record(
                _percentile(name, percent),
                f"histogram_quantile({percent / 100}, {source.recorded(buckets)}){in_seconds(duration['unit'])} >= 0",
            )
            for percent in PERCENTILES
        ),
        source.record(count, f"sum without (le) ({all_answers})"),
    ]


def _of_summary(source: Source, name: str, duration: Duration) -> list[Rule]:
    """Percentiles that the source computes itself cannot be added up: of several instances the slowest counts."""
    if "summary" not in duration:
        return []
    rules = []
    for percent in PERCENTILES:
        quantile = Metric(metrics=duration["summary"], matchers=f'quantile="{percent / 100}"')
        slowest = source.canonical([quantile], ["model"], gauges=True, aggregate="max")
        rules.append(source.record(_percentile(name, percent), f"{slowest}{in_seconds(duration['unit'])} >= 0"))
    return rules


def _percentile(name: str, percent: int) -> str:
    return f"job_model:{name}_seconds:p{percent}_rate5m"


def _buckets(name: str, duration: Duration) -> str:
    return f"job_model_le:{name}_{duration['unit']}_bucket:rate5m"


def _part(duration: Duration, suffix: str) -> Metric:
    """The buckets, the sum or the count of a histogram, by each of its names."""
    part = Metric(metrics=[f"{name}_{suffix}" for name in duration["metrics"]])
    if "matchers" in duration:
        part["matchers"] = duration["matchers"]
    return part
