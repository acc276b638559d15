# SPDX-License-Identifier: Apache-2.0
"""What makes each alert about gateways fire."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator

from ansible_collections.llmmon.stack.plugins.module_utils.drill.cases import QUIET, Case, Gateway
from ansible_collections.llmmon.stack.plugins.module_utils.drill.series import (
    BY_THE_DAY,
    HOUR,
    MINUTE,
    SCRAPED,
    Series,
    recorded,
)
from ansible_collections.llmmon.stack.plugins.module_utils.drill.traffic import INSTANCE, Traffic

_P95 = "job_model:llm_response_latency_seconds:p95_rate5m"
# Beside these and their like, everything else is nothing.
_MANY_TIMES = 10


def _failing(gateway: Gateway) -> Iterable[Series]:
    return gateway.traffic(Traffic("drill-failing", requests=gateway.busy, failed=1))


def _slow(gateway: Gateway) -> Iterable[Series]:
    limit = max(gateway.loaded.thresholds("latency_p95_seconds"))
    return gateway.traffic(Traffic("drill-slow", requests=gateway.busy, answers=_answers(limit)))


def _answers(limit: float) -> tuple[tuple[float, float], ...]:
    """All of them take far longer than that."""
    return ((limit, 0.0), (2 * limit, 0.0), (_MANY_TIMES * limit, 1.0))


def _slow_by_a_hair(gateway: Gateway) -> Iterator[Series]:
    share = min(1.0, max(gateway.loaded.thresholds("slow_request_ratio")) + 0.02)
    # Which of the thresholds is in force for the model, the rules know; with another one it is merely slow, or is not.
    for number, limit in enumerate(dict.fromkeys(gateway.loaded.thresholds("latency_p95_seconds"))):
        # The percentile is rounded to milliseconds: just above the threshold it is none above it.
        answers = ((limit / 2, 0.0), (limit, 1 - share), (limit + 0.0004, share), (_MANY_TIMES * limit, 0.0))
        yield from gateway.traffic(Traffic(f"drill-at-edge-{number}", requests=gateway.busy, answers=answers))


def _always_slow(gateway: Gateway) -> Iterator[Series]:
    limit = max(gateway.loaded.thresholds("latency_p95_seconds"))
    traffic = Traffic("drill-always-slow", requests=gateway.busy, answers=_answers(limit))
    yield from gateway.traffic(traffic)
    yield gateway.history(_P95, traffic.model, 2 * limit)


def _slower_than_usual(gateway: Gateway) -> Iterator[Series]:
    limit = max(gateway.loaded.thresholds("latency_p95_seconds"))
    floor = max(gateway.loaded.thresholds("latency_degraded_floor_seconds"))
    times = max(gateway.loaded.thresholds("latency_degraded_ratio"))
    usual = max(limit, floor) * 1.5
    now = ((usual, 0.0), (usual * times * 2, 0.0), (usual * times * 4, 1.0))
    yield from gateway.traffic(Traffic("drill-slower", requests=3 * gateway.busy, answers=now))
    yield gateway.history(_P95, "drill-slower", usual)


def _rarely_asked(gateway: Gateway) -> Iterator[Series]:
    model = "drill-rarely-asked"
    # Half as many in 5 minutes as alerts want, and 36 in an hour at most.
    few = min(0.01, gateway.minimum_requests / 600)
    yield from gateway.traffic(Traffic(model, requests=few, failed=1))
    yield gateway.history("job_model:llm_requests:rate5m", model, few)
    yield gateway.history("job_model:llm_requests_failed:rate5m", model, few)


def _unusual(gateway: Gateway) -> Iterator[Series]:
    model, rate = "drill-unusual", gateway.busy
    least = max(gateway.loaded.thresholds("failures_unusual_floor_ratio"))
    # More than is left alone, and less than is told of every model.
    failed = (least + min([0.9, *gateway.loaded.thresholds("failure_ratio")])) / 2
    usual = failed / _MANY_TIMES / max(gateway.loaded.thresholds("failures_unusual_ratio"))
    yield from gateway.traffic(Traffic(model, requests=rate, failed=failed))
    yield gateway.history("job_model:llm_requests:rate5m", model, rate)
    yield gateway.history("job_model:llm_requests_failed:rate5m", model, rate * failed)
    yield gateway.history("job_model:llm_requests_failed:ratio_rate5m", model, failed)
    yield gateway.history("job_model:llm_requests_failed:ratio_rate30m", model, usual)


def _more_requests(gateway: Gateway) -> Iterator[Series]:
    before = gateway.busy
    times = _MANY_TIMES * max(gateway.loaded.thresholds("request_surge_ratio"))
    yield from gateway.traffic(Traffic("drill-surge", requests=before * times))
    yield gateway.of_all("job:llm_requests:rate5m", before)


def _more_tokens(gateway: Gateway) -> Iterator[Series]:
    before = 1000.0
    times = _MANY_TIMES * max(gateway.loaded.thresholds("token_surge_ratio"))
    yield from gateway.traffic(Traffic("drill-surge-of-tokens", requests=1, tokens=before * times))
    yield gateway.of_all("job:llm_tokens_used:rate5m", before)


def _budget_burns(gateway: Gateway) -> Iterable[Series]:
    return [
        gateway.of_all("job:llm_requests:rate5m", 1),
        gateway.of_all("job:llm_requests_failed_untold:rate5m", 1),
    ]


def _latency_budget_burns(gateway: Gateway) -> Iterable[Series]:
    return [
        gateway.of_all("job:llm_response_latency_seconds_count:rate5m", 1),
        gateway.of_all("job:llm_response_latency_seconds_slow:rate5m", 1),
    ]


def _deployment_fails(gateway: Gateway) -> Iterable[Series]:
    traffic = Traffic("drill-deployment", requests=1, deployment_requests=1, deployment_failed=1)
    return gateway.traffic(traffic)


def _falls_back(gateway: Gateway) -> Iterable[Series]:
    return gateway.traffic(Traffic("drill-fallback", requests=1, fallbacks=_MANY_TIMES))


def _waiting(gateway: Gateway) -> Iterable[Series]:
    most = max(gateway.loaded.thresholds("waiting_requests"))
    return gateway.traffic(Traffic("drill-waiting", waiting=_MANY_TIMES * (1 + most)))


def _cache_full(gateway: Gateway) -> Iterable[Series]:
    return gateway.traffic(Traffic("drill-cache", kv_cache_usage=1))


def _no_traffic(gateway: Gateway) -> Iterator[Series]:
    counts = gateway.kind.request_counters(gateway.job, "drill-quiet")
    yield from (Series(name, labels, 1000) for name, labels in counts)
    yield gateway.of_all("job:llm_requests:rate5m", 1)


def _flapping(gateway: Gateway) -> Iterable[Series]:
    one = gateway.target("drill-flapping", "up", 1)
    return [dataclasses.replace(one, value=lambda age: float(age // (2 * MINUTE) % 2))]


def _metrics_gone(gateway: Gateway) -> Iterator[Series]:
    """A page that is there, and had metrics until some time ago."""
    yield gateway.target("drill-without", "up", 1)
    labels = {"job": gateway.job, "instance": "drill-without:8000"}
    had = recorded("job_instance:llm_requests_series:count", labels, 5)
    yield dataclasses.replace(had, ages=tuple(range(6 * HOUR, 20 * MINUTE, -MINUTE)))


def _refused(gateway: Gateway) -> Iterator[Series]:
    labels = {"job": "llm-metrics-probe", "gateway": gateway.job, "instance": INSTANCE}
    yield Series("probe_http_status_code", labels, 401)


def _open_to_all(gateway: Gateway) -> Iterator[Series]:
    labels = {"job": "llm-metrics-noauth", "gateway": gateway.job, "instance": INSTANCE}
    yield Series("probe_http_status_code", labels, 200)
    yield Series("probe_failed_due_to_regex", labels, 1)


_SAMPLES = "scrape_samples_post_metric_relabeling"


def _many_series(gateway: Gateway) -> Iterable[Series]:
    most = max(gateway.loaded.thresholds("series_per_target"))
    return [gateway.target("drill-many", _SAMPLES, _MANY_TIMES * most)]


def _more_series(gateway: Gateway) -> Iterable[Series]:
    times = max(gateway.loaded.thresholds("series_growth_ratio"))
    grown = gateway.target("drill-growing", _SAMPLES, 0, BY_THE_DAY)
    return [dataclasses.replace(grown, value=lambda age: 2000 if age > HOUR / 2 else 2000 * times * _MANY_TIMES)]


def _near_the_limit(gateway: Gateway) -> Iterable[Series]:
    return [gateway.target("drill-near", _SAMPLES, gateway.sample_limit)] if gateway.sample_limit else []


def _above_the_limit(gateway: Gateway) -> Iterable[Series]:
    above = [gateway.target("drill-hit", _SAMPLES, 2 * gateway.sample_limit), gateway.target("drill-hit", "up", 0)]
    return above if gateway.sample_limit else []


def _seesaw(gateway: Gateway) -> Iterator[Series]:
    for name, labels in gateway.kind.request_counters(gateway.job, "drill-seesaw"):
        instance = "drill-seesaw:8000"
        values = Series(name, {**labels, "instance": instance}, lambda age: 100.0 + age % 60 / 15)
        yield dataclasses.replace(values, ages=SCRAPED)
        yield Series("up", {"job": gateway.job, "instance": instance}, 1)


def _canary(gateway: Gateway, **more: str) -> dict[str, str]:
    own = {"job": "canary", "instance": "drill:9000", "gateway": gateway.job, "model": "drill", "canary": "drill"}
    return {**own, **more}


def _canary_fails(gateway: Gateway) -> Iterable[Series]:
    return [Series("llmmon_canary_failing", _canary(gateway, cause="stalled"), 1)]


def _canary_slow(gateway: Gateway) -> Iterable[Series]:
    return [
        Series("llmmon_canary_slow", _canary(gateway), 1),
        Series("llmmon_canary_duration_seconds", _canary(gateway), 60),
    ]


def _canary_wrong(gateway: Gateway) -> Iterable[Series]:
    return [Series("llmmon_canary_wrong", _canary(gateway, cause="empty"), 1)]


def _canary_silent(gateway: Gateway) -> Iterable[Series]:
    skipped = Series("llmmon_canary_skipped_total", _canary(gateway, reason="dollars"), 0)
    return [dataclasses.replace(skipped, value=lambda age: SCRAPED[0] - age)]


_FAILURES = ("requests", "failures")
_TIMES = ("requests", "percentile")

CASES: dict[str, Case] = {
    "LLMHighFailureRatio": Case(_failing, _FAILURES),
    "LLMLowTrafficFailing": Case(_rarely_asked, _FAILURES),
    "LLMFailuresUnusual": Case(_unusual, _FAILURES),
    "LLMHighLatencyP95": Case(_slow, _TIMES),
    "LLMSlowRequestsOver5Percent": Case(_slow_by_a_hair, _TIMES),
    "LLMLatencyDegraded": Case(_slower_than_usual, _TIMES),
    "LLMLatencyThresholdUnfit": Case(_always_slow, _TIMES),
    "LLMRequestSurge": Case(_more_requests),
    "LLMTokenSurge": Case(_more_tokens, ("tokens",)),
    "LLMErrorBudgetBurnFast": Case(_budget_burns, _FAILURES, QUIET),
    "LLMErrorBudgetBurnSlow": Case(_budget_burns, _FAILURES, QUIET),
    "LLMLatencyBudgetBurnFast": Case(_latency_budget_burns, _TIMES, QUIET),
    "LLMLatencyBudgetBurnSlow": Case(_latency_budget_burns, _TIMES, QUIET),
    "LLMDeploymentFailing": Case(_deployment_fails, ("requests", "deployments")),
    "LLMFallbacksInUse": Case(_falls_back, ("requests", "fallbacks")),
    "LLMRequestsWaiting": Case(_waiting, ("waiting",)),
    "LLMKVCacheNearlyFull": Case(_cache_full, ("kv_cache_usage",)),
    "LLMTargetDown": Case(lambda gateway: [gateway.target("drill-down", "up", 0)], ()),
    "LLMAllTargetsGone": Case(lambda _: [], (), QUIET),
    "LLMTargetFlapping": Case(_flapping, ()),
    "LLMMetricsMissing": Case(_metrics_gone),
    "LLMNoTraffic": Case(_no_traffic, ("requests",), QUIET),
    "LLMMetricsAuthFailure": Case(_refused, ()),
    "LLMMetricsExposedWithoutAuth": Case(_open_to_all, ()),
    "LLMCardinalityHigh": Case(_many_series, ()),
    "LLMCardinalityGrowth": Case(_more_series, ()),
    "LLMSampleLimitNear": Case(_near_the_limit, ()),
    "LLMSampleLimitHit": Case(_above_the_limit, ()),
    "LLMCountersSeesaw": Case(_seesaw),
    "LLMCanaryFailing": Case(_canary_fails, ()),
    "LLMCanarySlow": Case(_canary_slow, ()),
    "LLMCanaryWrongAnswer": Case(_canary_wrong, ()),
    "LLMCanaryBudgetUsed": Case(_canary_silent, ()),
}
