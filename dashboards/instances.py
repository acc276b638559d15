"""What the instances of an engine tell by themselves, in series that only their kind has."""

from __future__ import annotations

from typing import Any

from dashboards import parts
from dashboards.frame import INSTANCE, RECENT

# Engines name the model in a label of their own.
CHOSEN_RAW = '{job=~"$job", model_name=~"$model"}'
BY_INSTANCE = "job, instance"


def selection(*matchers: str) -> str:
    return "{" + ", ".join([CHOSEN_RAW[1:-1], *matchers]) + "}"


def spellings(metric: str) -> tuple[str, ...]:
    """Ray Serve writes ray_ before vLLM's names, and since 2025 an underscore in place of the colon."""
    return (metric, f"ray_{metric}", f"ray_{metric.replace(':', '_')}") if metric.startswith("vllm:") else (metric,)


def gauge(metric: str, *matchers: str, by: str = BY_INSTANCE) -> str:
    """A gauge, which is recorded for all instances together, of each by itself."""
    return f"sum by ({by}) ({_found(metric, selection(*matchers))})"


def fullest(*names: str) -> str:
    """A share, of the fullest part of an instance; the metric may have had several names."""
    return f"max by ({BY_INSTANCE}) ({' or '.join(_found(name, CHOSEN_RAW) for name in names)})"


def _found(metric: str, selected: str) -> str:
    return " or ".join(f"{name}{selected}" for name in spellings(metric))


def rate(metric: str, by: str, *matchers: str) -> str:
    grouped = f"sum by ({by})" if by else "sum"
    rates = (f"rate({name}{selection(*matchers)}{RECENT})" for name in spellings(metric))
    return f"{grouped} ({' or '.join(rates)})"


def mean(metric: str, by: str) -> str:
    """Of a histogram, per observation."""
    return f"{rate(f'{metric}_sum', by)} / ({rate(f'{metric}_count', by)} > 0)"


def percentile(share: float, metric: str) -> str:
    return f"histogram_quantile({share}, {rate(f'{metric}_bucket', 'le')}) >= 0"


def in_the_works(product: str, running: str, empty: str) -> Any:
    return parts.third(
        f"{product}: requests in the works by instance",
        "Requests that are being answered. No alert reads it: an instance far below the others gets no work, or hangs: "
        "look at its log, and at how requests are spread.",
        "short",
        {INSTANCE: running},
        empty=empty,
    )


def waiting(product: str, queued: str, empty: str) -> Any:
    return parts.third(
        f"{product}: requests waiting by instance",
        "Requests in the queue of each instance. All of them: add instances; one of them: spread requests more evenly. "
        "LLMRequestsWaiting adds up all of a model's.",
        "short",
        {INSTANCE: queued},
        empty=empty,
    )


def kv_cache(product: str, share: str, part: str, empty: str, note: str = "") -> Any:
    """How full the cache is; `part` is what an instance has several of, each with its own."""
    return parts.third(
        f"{product}: KV cache by instance",
        f"Share of the KV cache that is in use, of the fullest {part}. Above the line LLMKVCacheNearlyFull fires: its "
        f"requests will wait or start again, until there are fewer or shorter ones.{note}",
        "percentunit",
        {INSTANCE: share},
        threshold="kv_cache_usage_ratio",
        empty=empty,
    )
