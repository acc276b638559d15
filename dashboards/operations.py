"""The page that a gateway's alerts open: what fails, what is slow, what waits, and can it be scraped at all."""

from __future__ import annotations

from typing import Any

from dashboards import canaries, expressions, frame, parts, shared, style, units
from dashboards.frame import CHOSEN, CHOSEN_JOB, INSTANCE, MODEL, OF_GATEWAY

PROBED, PROBED_WITHOUT_TOKEN = (
    f'label_replace(probe_http_status_code{{job="llm-metrics-{job}", gateway=~"$job"}}, "job", "$1", "gateway", "(.+)")'
    for job in ("probe", "noauth")
)


def build() -> Any:
    return frame.board(
        "operations",
        "LLM gateway operations",
        "What fails, what is slow, what waits, and can the gateway be scraped: the page that an alert of a gateway "
        "opens.",
        rows={
            "Models": _models(),
            "Failures": _failures(),
            "Time": _time(),
            "Load": _load(),
            "Objectives": _objectives(),
            "Canaries": canaries.row(),
            "Metrics pages": _pages(),
        },
        alerts='component="llm", job=~"$job|"',
        variables=(frame.gateways(), frame.models_of_gateways()),
    )


def _models() -> list[Any]:
    return [
        shared.models_now(
            "Models",
            "Each model now, the one that fails most first. LLMRequestsWaiting reads what waits.",
            {
                "P50": ("s", shared.slowest("llm_response_latency_seconds", 50)),
                "First token P95": ("s", shared.slowest("llm_time_to_first_token_seconds", 95)),
                "Tokens": (units.TOKENS_PER_SECOND, shared.by_model(f"job_model:llm_tokens_used:rate5m{CHOSEN}")),
                "Waiting": ("none", shared.by_model(f"job_model:llm_requests_waiting{CHOSEN}")),
            },
            height=style.GRAPH_HEIGHT,
        )
    ]


def _failures() -> list[Any]:
    return [
        shared.failure_ratio(),
        parts.from_yellow_to_red(
            parts.graph(
                "Failed requests by reason",
                "Failed requests per second by what the gateway says of them: a status, an exception, why an answer "
                "ended. LLMHighFailureRatio fires on their sum, LLMLowTrafficFailing where requests are few. "
                "Empty for kinds of gateways that give no reason.",
                "reqps",
                {
                    f"{{{{reason}}}} {OF_GATEWAY}": "sum by (job, reason) "
                    f"(job_model_reason:llm_requests_failed:rate5m{CHOSEN} > 0)",
                },
                stacked=True,
                empty="No failures, or no reasons",
            )
        ),
        parts.graph(
            "Failures, times the usual",
            "How many times as often as usual the requests of a model failed in the last half hour; usual is the "
            "median of a day. If it stays above the line, or the model's own where it has one, LLMFailuresUnusual "
            "fires, unless LLMHighFailureRatio tells of the same.",
            units.TIMES,
            {MODEL: f"job_model:llm_requests_failed:ratio_rate30m_times_usual{CHOSEN}"},
            width=6,
            threshold="failures_unusual_ratio",
            empty="Not enough history",
        ),
        parts.coloured_by_failing(
            parts.graph(
                "Attempts that fail by deployment",
                "Share of the attempts at each deployment behind the gateway that failed; users see it only if retries "
                "and fallbacks fail, too. Above the line LLMDeploymentFailing fires. Empty for kinds other than "
                f"LiteLLM. {style.FAILING_SAID}",
                "percentunit",
                {
                    f"{{{{deployment}}}} {{{{address}}}} of {MODEL}": "job_model_deployment_address:"
                    f"llm_deployment_failures:ratio_rate5m{CHOSEN}"
                },
                width=6,
                threshold="deployment_failure_ratio",
                empty="No failures, or not measured",
            )
        ),
        parts.graph(
            "Answered by a fallback",
            "Share of a model's requests that another model answered; they are counted under that one's name. Above "
            "the line LLMFallbacksInUse fires. Empty for kinds other than LiteLLM.",
            "percentunit",
            {MODEL: f"job_model:llm_fallbacks:ratio_rate5m{CHOSEN}"},
            width=6,
            threshold="fallback_ratio",
            empty="No fallbacks, or not measured",
        ),
        parts.graph(
            "Cooldowns by deployment",
            "How many deployments per second the gateway leaves out for a while because they fail. No alert reads it: "
            "it tells why a deployment gets no attempts: see on the left what fails of it. Empty for kinds other than "
            "LiteLLM.",
            "cps",
            {
                f"{{{{deployment}}}} {{{{address}}}} {OF_GATEWAY}": "job_deployment_address:"
                f"llm_deployment_cooldowns:rate5m{CHOSEN_JOB}"
            },
            width=6,
            empty="No cooldowns, or not measured",
        ),
    ]


def _time() -> list[Any]:
    buckets = f"sum by (le) (job_model_le:llm_response_latency_seconds_bucket:rate5m{CHOSEN})"
    return [
        parts.graph(
            "Response time by model (P95)",
            "95 of 100 answers came within this time; interpolated between the edges of the gateway's histogram. "
            "Above the line, or the model's own where it has one, LLMHighLatencyP95 fires; LLMLatencyThresholdUnfit "
            "where that was so at this hour on each of the last three days.",
            "s",
            {MODEL: f"job_model:llm_response_latency_seconds:p95_rate5m{CHOSEN}"},
            threshold="latency_p95_seconds",
        ),
        parts.graph(
            "Response time, times the usual",
            "The P95 of each model, divided by what is usual: the slower of this hour on other days and the last "
            "6 hours. If it stays above the line, or the model's own where it has one, LLMLatencyDegraded fires, "
            "unless LLMHighLatencyP95 tells of the same.",
            units.TIMES,
            {MODEL: f"job_model:llm_response_latency_seconds:p95_rate5m_times_usual{CHOSEN}"},
            threshold="latency_degraded_ratio",
            empty="Not enough history",
        ),
        parts.graph(
            "Slow answers by model",
            "Share of answers that took longer than the P95 threshold, counted exactly. "
            "Above the line, or the model's own where it has one, LLMSlowRequestsOver5Percent fires. "
            "Empty if the threshold is not an edge of the gateway's histogram.",
            "percentunit",
            {MODEL: f"job_model:llm_response_latency_seconds_slow:ratio_rate5m{CHOSEN}"},
            threshold="slow_request_ratio",
            empty="No traffic, or not countable",
        ),
        parts.heat(
            "Response times",
            "Answers per second by how long they took. Choose one gateway: those of other kinds have other edges. "
            "LLMHighLatencyP95 reads these. Empty for gateways that measure in milliseconds.",
            "s",
            buckets,
            width=12,
        ),
        parts.graph(
            "Response time by model (P50, P99)",
            "Half of the answers, and 99 of 100, came within these times. No alert reads them: if only the P99 is "
            "high, some requests are slow: look for long prompts; if the P50 is high as well, all are: see Load below.",
            "s",
            {
                f"{MODEL} P50": f"job_model:llm_response_latency_seconds:p50_rate5m{CHOSEN}",
                f"{MODEL} P99": f"job_model:llm_response_latency_seconds:p99_rate5m{CHOSEN}",
            },
        ),
        parts.graph(
            "Time to first token by model",
            "Half, and 95 of 100, of the answers began within these times. No alert reads them: if they are high "
            "while the time between tokens is not, requests wait or prompts are long: see Load below.",
            "s",
            {
                f"{MODEL} P50": f"job_model:llm_time_to_first_token_seconds:p50_rate5m{CHOSEN}",
                f"{MODEL} P95": f"job_model:llm_time_to_first_token_seconds:p95_rate5m{CHOSEN}",
            },
        ),
        parts.graph(
            "Time between tokens by model (P95)",
            "What docs/gateways.md calls between tokens, or per token. No alert reads it: if it is high, the model "
            "itself is slow, or too many requests share its server: see Load below.",
            "s",
            {MODEL: f"job_model:llm_inter_token_latency_seconds:p95_rate5m{CHOSEN}"},
        ),
    ]


def _load() -> list[Any]:
    return [
        parts.third(
            "Requests in the works by model",
            "Requests that are being answered. No alert reads it: if it no longer rises while requests wait, the "
            "server is full: add another, or send fewer requests.",
            "none",
            {MODEL: f"job_model:llm_requests_running{CHOSEN}"},
            empty=parts.NOT_MEASURED,
        ),
        parts.third(
            "Requests waiting by model",
            "Requests in the servers' queues. Above the line LLMRequestsWaiting fires.",
            "none",
            {MODEL: f"job_model:llm_requests_waiting{CHOSEN}"},
            threshold="waiting_requests",
            empty=parts.NOT_MEASURED,
        ),
        parts.third(
            "KV cache by model",
            "Share of the KV cache that is in use, of the server where it is fullest. Above the line "
            "LLMKVCacheNearlyFull fires.",
            "percentunit",
            {MODEL: f"job_model:llm_kv_cache_usage_ratio{CHOSEN}"},
            threshold="kv_cache_usage_ratio",
            empty=parts.NOT_MEASURED,
        ),
        *shared.compared(
            "Requests, and what is usual",
            "what is usual. LLMNoTraffic fires if there are none although there usually are, LLMRequestSurge if there "
            "are far more.",
            "usual",
            f"sum(job:llm_requests:rate5m_baseline{CHOSEN_JOB})",
        ),
    ]


def _objectives() -> list[Any]:
    return [
        _burning("Error budget", "availability", "failures", "1h", "LLMErrorBudgetBurnFast"),
        _burning("Error budget", "availability", "failures", "3d", "LLMErrorBudgetBurnSlow"),
        _burning("Latency budget", "latency", "slow answers", "1h", "LLMLatencyBudgetBurnFast"),
        _burning("Latency budget", "latency", "slow answers", "3d", "LLMLatencyBudgetBurnSlow"),
    ]


def _burning(budget: str, objective: str, what: str, window: str, alert: str) -> Any:
    over = {"1h": "hour", "3d": "3 days"}[window]
    return parts.quarter(
        f"{budget}, burn rate of the last {over}",
        f"How many times as fast as llmmon_slo allows {what} add up: at 1 the 30 days' allowance lasts 30 days. "
        f"Above the line, and if it goes on, {alert} fires; it looks at another pair of windows as well, and "
        "leaves out failures of which LLMHighFailureRatio tells.",
        units.TIMES,
        {"{{job}}": expressions.burn_rate(objective, window)},
        threshold=f"burn_rate_{window}",
        empty="No traffic, or no objective",
    )


def _pages() -> list[Any]:
    return [
        parts.third(
            "Targets that can be scraped",
            "1 if Prometheus gets the metrics page, 0 if not. At 0 LLMTargetDown fires, LLMTargetFlapping if it "
            "comes and goes; if a gateway has no line at all, LLMAllTargetsGone.",
            "none",
            {INSTANCE: f"up{CHOSEN_JOB}"},
            empty="No targets",
        ),
        parts.third(
            "What the metrics page answers",
            "The HTTP status that the prober gets with the gateway's token and without; 0 means no answer. At 401 or "
            "403 with the token LLMMetricsAuthFailure fires, at 200 without it LLMMetricsExposedWithoutAuth. Empty "
            "without the prober.",
            "none",
            {
                INSTANCE: PROBED,
                f"{INSTANCE} without a token": PROBED_WITHOUT_TOKEN,
            },
            empty="No prober",
        ),
        parts.third(
            "Request series of a metrics page",
            "How many series of requests a page has. If they are gone, and were there within a day, LLMMetricsMissing "
            "fires; LLMCountersSeesaw if they or what they count go up and down.",
            "none",
            {INSTANCE: f"job_instance:llm_requests_series:count{CHOSEN_JOB}"},
            empty="No request metrics",
        ),
        parts.graph(
            "Series of a scrape",
            "Series that one metrics page brings. Above the line LLMCardinalityHigh fires; LLMCardinalityGrowth, "
            "LLMSampleLimitNear and LLMSampleLimitHit compare it with what it was and may be.",
            "short",
            {INSTANCE: f"scrape_samples_post_metric_relabeling{CHOSEN_JOB}"},
            threshold="series_per_target",
            empty="No targets",
        ),
        parts.graph(
            "Duration of a scrape",
            "How long the gateway takes to write its metrics page. No alert reads it: at "
            "llmmon_prometheus_scrape_timeout the scrape fails, and LLMTargetDown fires.",
            "s",
            {INSTANCE: f"scrape_duration_seconds{CHOSEN_JOB}"},
            empty="No targets",
        ),
    ]
