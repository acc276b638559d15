"""vLLM's own metrics: each engine's queue and cache, the phases of a request, and how requests end."""

from __future__ import annotations

from typing import Any

from dashboards import instances, parts
from dashboards.frame import INSTANCE
from dashboards.instances import BY_INSTANCE, mean, percentile, rate
from dashboards.units import TOKENS_PER_SECOND

PHASES = ("queue", "prefill", "decode")
PRODUCT = "vLLM"
NONE = "No vLLM chosen"
OF_2026 = "No vLLM chosen, or one from before 2026"
UNSEEN = "Nothing finished, or no vLLM chosen"


def panels() -> list[Any]:
    return [*_instances(), *_phases(), *_requests()]


def _instances() -> list[Any]:
    return [
        instances.in_the_works(PRODUCT, instances.gauge("vllm:num_requests_running"), NONE),
        instances.waiting(PRODUCT, instances.gauge("vllm:num_requests_waiting"), NONE),
        instances.kv_cache(
            PRODUCT,
            instances.fullest("vllm:kv_cache_usage_perc", "vllm:gpu_cache_usage_perc"),
            "engine",
            NONE,
            " Read under both names that the metric has had.",
        ),
        parts.third(
            "Why requests wait",
            "Waiting requests by reason: for lack of capacity add instances; those deferred by the scheduler wait for "
            "others of their kind. LLMRequestsWaiting reads their sum. Releases of 2026 tell.",
            "short",
            {"{{reason}}": instances.gauge("vllm:num_requests_waiting_by_reason", by="reason")},
            stacked=True,
            empty=OF_2026,
        ),
        parts.third(
            "Preemptions by instance",
            "Requests per second that had to give their cache back and start again. No alert reads it: together with "
            "LLMKVCacheNearlyFull it means that the cache is too small for the load: let fewer requests run at once "
            "(--max-num-seqs), or add instances.",
            "reqps",
            {INSTANCE: rate("vllm:num_preemptions_total", BY_INSTANCE)},
            empty=NONE,
        ),
        parts.third(
            f"{PRODUCT}: prefix cache hits by instance",
            "Share of the prompt tokens that were found in the prefix cache. No alert reads it: if it falls, prompts "
            "have changed or requests no longer reach the instance that knows them: see how they are spread.",
            "percentunit",
            {
                INSTANCE: f"{rate('vllm:prefix_cache_hits_total', BY_INSTANCE)}"
                f" / ({rate('vllm:prefix_cache_queries_total', BY_INSTANCE)} > 0)"
            },
            empty=UNSEEN,
        ),
    ]


def _phases() -> list[Any]:
    return [
        parts.graph(
            "Where a request's time goes",
            "Mean time in the queue, for the prompt (prefill) and for the answer (decode), stacked: together, a "
            "request. LLMHighLatencyP95 reads the whole: if it fires, the thickest part says what to mend.",
            "s",
            {phase: mean(f"vllm:request_{phase}_time_seconds", "") for phase in PHASES},
            stacked=True,
            empty=UNSEEN,
        ),
        parts.graph(
            "Phases of the slowest (P95)",
            "95 of 100 requests spent at most so long in each phase. No alert reads them. Is it the queue: add "
            "instances; is it prefill: shorten prompts; is it decode: shorten answers, or make batches smaller.",
            "s",
            {phase: percentile(0.95, f"vllm:request_{phase}_time_seconds") for phase in PHASES},
            empty=UNSEEN,
        ),
    ]


def _requests() -> list[Any]:
    return [
        parts.third(
            "How requests end",
            "Finished requests per second by reason: stop and length are answers, abort is a client that hung up: ask "
            "how long it waits. LLMHighFailureRatio counts abort, unless llmmon_failure_definition is provider, and "
            "error: look into vLLM's log.",
            "reqps",
            {"{{finished_reason}}": rate("vllm:request_success_total", "finished_reason")},
            stacked=True,
            empty=NONE,
        ),
        parts.third(
            "Requests refused",
            "Requests per second that were not admitted, because the queue was full: add instances, or let callers "
            "try again later. LLMHighFailureRatio counts them. Releases of 2026 tell.",
            "reqps",
            {"{{reason}}": rate("vllm:admission_rejections_total", "reason")},
            empty=f"None; or {OF_2026[0].lower()}{OF_2026[1:]}",
        ),
        parts.third(
            f"{PRODUCT}: prompt tokens that were cached",
            "Prompt tokens per second that came out of a cache; they are in LLMTokenSurge's tokens already. Few, "
            "though prompts begin alike: is prefix caching switched off?",
            TOKENS_PER_SECOND,
            {INSTANCE: rate("vllm:prompt_tokens_cached_total", BY_INSTANCE)},
            empty=NONE,
        ),
    ]
