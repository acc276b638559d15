"""What the instances of an engine tell by themselves, in series that only their kind has."""

from __future__ import annotations

from typing import Any

from dashboards import parts
from dashboards.frame import INSTANCE, RECENT
from dashboards.most import IN_THIS_TIME

# Engines name the model in a label of their own.
CHOSEN_RAW = '{job=~"$job", model_name=~"$model"}'
BY_INSTANCE = "job, instance"
# So many lines can be told from each other.
MOST = 5
THE_HIGHEST = f"The {MOST} instances are drawn that had the highest in the time that is shown."
THE_LOWEST = f"The {MOST} instances are drawn that had the lowest in the time that is shown."


def selection(*matchers: str) -> str:
    return "{" + ", ".join([CHOSEN_RAW[1:-1], *matchers]) + "}"


def gauge(metric: str, *matchers: str) -> str:
    """A gauge, which is recorded for all instances together, of each by itself."""
    selected = f"{metric}{selection(*matchers)}"
    return highest(
        f"sum by ({BY_INSTANCE}) ({selected})", f"sum by ({BY_INSTANCE}) (max_over_time({selected}{IN_THIS_TIME}))"
    )


def fullest(*names: str) -> str:
    """A share, of the fullest part of an instance; the metric may have had several names."""
    now = " or ".join(f"{name}{CHOSEN_RAW}" for name in names)
    whole = " or ".join(f"max_over_time({name}{CHOSEN_RAW}{IN_THIS_TIME})" for name in names)
    return highest(f"max by ({BY_INSTANCE}) ({now})", f"max by ({BY_INSTANCE}) ({whole})")


def rate_of_each(metric: str) -> str:
    return highest(rate(metric, BY_INSTANCE), rate(metric, BY_INSTANCE, window=IN_THIS_TIME))


def highest(now: str, whole: str, choose: str = "topk") -> str:
    """Chosen once for the whole graph: chosen at each moment they would be others each time, and more in all."""
    return f"{now} and on ({BY_INSTANCE}) {choose}({MOST}, {whole})"


def lowest(now: str, whole: str) -> str:
    return highest(now, whole, "bottomk")


def rate(metric: str, by: str, *matchers: str, window: str = RECENT) -> str:
    grouped = f"sum by ({by})" if by else "sum"
    return f"{grouped} (rate({metric}{selection(*matchers)}{window}))"


def mean(metric: str, by: str, window: str = RECENT) -> str:
    """Of a histogram, per observation."""
    return f"{rate(f'{metric}_sum', by, window=window)} / ({rate(f'{metric}_count', by, window=window)} > 0)"


def percentile(share: float, metric: str) -> str:
    return f"histogram_quantile({share}, {rate(f'{metric}_bucket', 'le')}) >= 0"


def in_the_works(product: str, running: str, empty: str) -> Any:
    return parts.third(
        f"{product}: requests in the works by instance",
        "Requests that are being answered. No alert reads it: an instance far below the others gets no work, or hangs: "
        f"look at its log, and at how requests are spread. {THE_HIGHEST}",
        "short",
        {INSTANCE: running},
        empty=empty,
    )


def waiting(product: str, queued: str, empty: str) -> Any:
    return parts.third(
        f"{product}: requests waiting by instance",
        "Requests in the queue of each instance. All of them: add instances; one of them: spread requests more evenly. "
        f"LLMRequestsWaiting adds up all of a model's. {THE_HIGHEST}",
        "short",
        {INSTANCE: queued},
        empty=empty,
    )


def kv_cache(product: str, share: str, part: str, empty: str, note: str = "") -> Any:
    """How full the cache is; `part` is what an instance has several of, each with its own."""
    return parts.third(
        f"{product}: KV cache by instance",
        f"Share of the KV cache that is in use, of the fullest {part}. Above the line LLMKVCacheNearlyFull fires: its "
        f"requests will wait or start again, until there are fewer or shorter ones. {THE_HIGHEST}{note}",
        "percentunit",
        {INSTANCE: share},
        threshold="kv_cache_usage_ratio",
        empty=empty,
    )
