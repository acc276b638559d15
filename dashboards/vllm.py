"""vLLM's own metrics: each engine's queue and cache, the phases of a request, and how requests end."""

from __future__ import annotations

from typing import Any

from dashboards import engines, parts
from dashboards.engines import by_instance, mean, percentile, rate
from dashboards.frame import INSTANCE

PHASES = ("queue", "prefill", "decode")


def build() -> Any:
    return engines.board(
        "vllm", "vLLM", {"Instances": _instances(), "Phases": _phases(), "Requests and tokens": _requests()}
    )


def _instances() -> list[Any]:
    return [
        engines.in_the_works(by_instance("vllm:num_requests_running")),
        engines.waiting(by_instance("vllm:num_requests_waiting")),
        engines.kv_cache(
            f"max by (job, instance) (vllm:kv_cache_usage_perc{engines.CHOSEN_RAW}"
            f" or vllm:gpu_cache_usage_perc{engines.CHOSEN_RAW})",
            "engine",
            " Read under both names that the metric has had.",
        ),
        parts.third(
            "Why requests wait",
            "Waiting requests by reason: no capacity, or deferred by the scheduler. LLMRequestsWaiting reads their "
            "sum. Releases of 2026 tell.",
            "none",
            {"{{reason}}": f"sum by (reason) (vllm:num_requests_waiting_by_reason{engines.CHOSEN_RAW})"},
            stacked=True,
            empty=parts.NOT_MEASURED,
        ),
        parts.third(
            "Preemptions by instance",
            "Requests per second that had to give their cache back and start again. No alert reads it: together with "
            "LLMKVCacheNearlyFull it means that the cache is too small for the load.",
            "reqps",
            {INSTANCE: rate("vllm:num_preemptions_total", "job, instance")},
            empty=parts.NOT_MEASURED,
        ),
        parts.third(
            "Prefix cache hits by instance",
            "Share of the prompt tokens that were found in the prefix cache. No alert reads it: if it falls, prompts "
            "have changed or requests no longer reach the instance that knows them.",
            "percentunit",
            {
                INSTANCE: f"{rate('vllm:prefix_cache_hits_total', 'job, instance')}"
                f" / ({rate('vllm:prefix_cache_queries_total', 'job, instance')} > 0)"
            },
        ),
    ]


def _phases() -> list[Any]:
    return [
        parts.graph(
            "Where a request's time goes",
            "Mean time in the queue, for the prompt (prefill) and for the answer (decode), stacked: together, a "
            "request. LLMHighLatencyP95 reads the whole.",
            "s",
            {phase: mean(f"vllm:request_{phase}_time_seconds", "") for phase in PHASES},
            stacked=True,
        ),
        parts.graph(
            "Phases of the slowest (P95)",
            "95 of 100 requests spent at most so long in each phase. No alert reads them: the queue asks for more "
            "instances, prefill for shorter prompts, decode for shorter answers or smaller batches.",
            "s",
            {phase: percentile(0.95, f"vllm:request_{phase}_time_seconds") for phase in PHASES},
        ),
    ]


def _requests() -> list[Any]:
    return [
        parts.third(
            "How requests end",
            "Finished requests per second by reason: stop and length are answers, abort is a client that hung up. "
            "LLMHighFailureRatio counts abort, unless llmmon_failure_definition is provider, and error.",
            "reqps",
            {"{{finished_reason}}": rate("vllm:request_success_total", "finished_reason")},
            stacked=True,
        ),
        parts.third(
            "Requests refused",
            "Requests per second that were not admitted, because the queue was full. LLMHighFailureRatio counts them. "
            "Releases of 2026 tell.",
            "reqps",
            {"{{reason}}": rate("vllm:admission_rejections_total", "reason")},
            empty="None, or not measured",
        ),
        parts.third(
            "Prompt tokens that were cached",
            "Prompt tokens per second that came out of a cache; they are in LLMTokenSurge's tokens already.",
            "short",
            {INSTANCE: rate("vllm:prompt_tokens_cached_total", "job, instance")},
        ),
    ]
