"""What the dashboards of all inference engines show alike: recorded series of one kind of gateway."""

from __future__ import annotations

from typing import Any

from dashboards import frame, parts
from dashboards.frame import CHOSEN, INSTANCE, MODEL, RECENT

# Engines name the model in a label of their own.
CHOSEN_RAW = '{job=~"$job", model_name=~"$model"}'


def board(kind: str, product: str, rows: dict[str, list[Any]]) -> Any:
    return frame.board(
        kind,
        f"LLM engine {product}",
        f"What {product} tells beyond what every gateway does: instance by instance, and where a request's time goes.",
        rows={"All instances": _as_every_gateway(), **rows},
        alerts='component="llm", job=~"$job|"',
        variables=(frame.gateways(kind), frame.models_of_gateways()),
    )


def by_instance(metric: str, *matchers: str) -> str:
    """A gauge, which is recorded for all instances together, of each by itself."""
    return f"sum by (job, instance) ({metric}{selection(*matchers)})"


def selection(*matchers: str) -> str:
    return "{" + ", ".join([CHOSEN_RAW[1:-1], *matchers]) + "}"


def rate(metric: str, by: str, *matchers: str) -> str:
    grouped = f"sum by ({by})" if by else "sum"
    return f"{grouped} (rate({metric}{selection(*matchers)}{RECENT}))"


def mean(metric: str, by: str) -> str:
    """Of a histogram, per observation."""
    return f"{rate(f'{metric}_sum', by)} / ({rate(f'{metric}_count', by)} > 0)"


def percentile(share: float, metric: str) -> str:
    return f"histogram_quantile({share}, {rate(f'{metric}_bucket', 'le')}) >= 0"


def in_the_works(running: str) -> Any:
    return parts.third(
        "Requests in the works by instance",
        "Requests that are being answered. No alert reads it: an instance far below the others gets no work, or hangs.",
        "none",
        {INSTANCE: running},
        empty=parts.NOT_MEASURED,
    )


def waiting(queued: str) -> Any:
    return parts.third(
        "Requests waiting by instance",
        "Requests in the queue of each instance. LLMRequestsWaiting adds up all of a model's.",
        "none",
        {INSTANCE: queued},
        empty=parts.NOT_MEASURED,
    )


def kv_cache(share: str, part: str, note: str = "") -> Any:
    """How full the cache is; `part` is what an instance has several of, each with its own."""
    return parts.third(
        "KV cache by instance",
        f"Share of the KV cache that is in use, of the fullest {part}. Above the line LLMKVCacheNearlyFull fires."
        f"{note}",
        "percentunit",
        {INSTANCE: share},
        threshold="kv_cache_usage_ratio",
        empty=parts.NOT_MEASURED,
    )


def _as_every_gateway() -> list[Any]:
    return [
        parts.third(
            "Requests by model",
            "Finished requests per second. LLMRequestSurge compares those of a gateway with what is usual.",
            "reqps",
            {MODEL: f"job_model:llm_requests:rate5m{CHOSEN}"},
        ),
        parts.third(
            "Time to first token",
            "50 and 95 of 100 answers began within these times, of the chosen model where they are longest. No alert "
            "reads them.",
            "s",
            _percentiles("llm_time_to_first_token_seconds"),
        ),
        parts.third(
            "Time between tokens",
            "50 and 95 of 100 tokens followed within these times, of the chosen model where they are longest. No "
            "alert reads them.",
            "s",
            _percentiles("llm_inter_token_latency_seconds"),
        ),
    ]


def _percentiles(signal: str) -> dict[str, str]:
    return {f"P{percent}": f"max(job_model:{signal}:p{percent}_rate5m{CHOSEN})" for percent in (50, 95)}
