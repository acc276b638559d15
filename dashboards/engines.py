"""The page of inference engines: what every kind of them tells, and beneath it what only vLLM and SGLang do."""

from __future__ import annotations

from typing import Any

from grafana_foundation_sdk.models import dashboard as models

from dashboards import frame, parts, sglang, vllm
from dashboards.shared import TO_MODEL
from dashboards.units import TOKENS_PER_SECOND

# Gateways that count requests in the works, and have no engine of their own.
NO_ENGINES = "bifrost|litellm"
# What an engine tells and others do not: a kind is here as soon as one of its gateways tells any of it.
ANY_OF_THEM = "llm_requests_running|llm_requests_waiting|llm_kv_cache_usage_ratio"
TOLD_BY_ENGINES = f'__name__=~"job_model:({ANY_OF_THEM})", source!~"{NO_ENGINES}"'
CHOSEN = '{source=~"$kind", job=~"$job", model=~"$model"}'
CHOSEN_INPUT = '{source=~"$kind", job=~"$job", model=~"$model", type="input"}'
OF_KIND = "Kind $kind"
NO_ENGINE = "No traffic, or no engine"
# Rows for what one kind alone tells. Nothing of a closed row is drawn, or asked for, until somebody opens it.
CLOSED = {
    "vLLM alone, also under Ray Serve: its instances, where a request's time goes, how requests end": vllm.panels,
    "SGLang alone: its instances, its queue, what it answers": sglang.panels,
}


def build() -> Any:
    board = frame.board(
        "engines",
        "LLM engines",
        "How do the inference engines do: what is full, what waits, and where does a request's time go? By kind of "
        "engine; only gateways that tell what an engine does are here.",
        rows={
            "All engines": [_now()],
            OF_KIND: _of_a_kind(),
            **{heading: panels() for heading, panels in CLOSED.items()},
        },
        alerts='component="llm", job=~"$job|"',
        variables=(
            frame.query_variable("kind", "Kind", f"label_values({{{TOLD_BY_ENGINES}}}, source)"),
            frame.query_variable("job", "Gateway", f'label_values({{{TOLD_BY_ENGINES}, source=~"$kind"}}, job)'),
            frame.models_of_gateways(),
        ),
    )
    board.panels = _with_rows(board.panels)
    return board


def _with_rows(panels: list[Any]) -> list[Any]:
    """The row of a kind is repeated for each kind that there is; what only one kind tells is put into closed rows."""
    found: list[Any] = []
    closed: Any = None
    hidden = 0
    for panel in panels:
        if isinstance(panel, models.RowPanel):
            if closed:
                # It takes no more room than its heading.
                hidden = panel.grid_pos.y - closed.grid_pos.y - closed.grid_pos.h
            closed = panel if panel.title in CLOSED else None
            panel.collapsed = closed is not None
            panel.repeat = "kind" if panel.title == OF_KIND else None
        panel.grid_pos.y -= hidden
        (closed.panels if closed and panel is not closed else found).append(panel)
    return found


def _now() -> Any:
    def total(name: str) -> str:
        return f"sum by (job, source, model) (job_model:{name}{CHOSEN})"

    return parts.comparison(
        "Engines now",
        "Each model of each engine in the last 5 minutes. A cell without a number is something that its kind does not "
        "tell. Full and waiting: it needs more instances, or shorter requests. LLMKVCacheNearlyFull and "
        "LLMRequestsWaiting watch cache and queue, LLMHighFailureRatio failures. A click on a model's name shows all "
        "about that model.",
        {
            "Requests": ("reqps", total("llm_requests:rate5m")),
            "Failed": ("percentunit", total("llm_requests_failed:ratio_rate5m")),
            "In the works": ("short", total("llm_requests_running")),
            "Waiting": ("short", total("llm_requests_waiting")),
            "KV cache": ("percentunit", total("llm_kv_cache_usage_ratio")),
            "First token, P95": ("s", total("llm_time_to_first_token_seconds:p95_rate5m")),
            "Tokens": (TOKENS_PER_SECOND, total("llm_tokens_used:rate5m")),
        },
        columns={"model": "Model", "job": "Gateway", "source": "Kind"},
        link=TO_MODEL,
        rows=f'sum by (job, source, model) ({{__name__=~"job_model:({ANY_OF_THEM})", {CHOSEN[1:-1]}}})',
        sort="Waiting",
        red={"Failed": 0.2, "KV cache": 0.95},
        empty="No gateway tells what an engine does",
    )


def _of_a_kind() -> list[Any]:
    """Every kind of engine tells something of each of these."""
    return [
        _two_axes(
            parts.graph(
                "Load",
                "Requests that are being answered and those that wait for their turn, of all that is chosen (left), "
                "and the share of the KV cache that is in use, of the model where it is fullest (right). Requests wait "
                "and the cache is full: more instances, or shorter requests; it is not full: an engine hangs. "
                "LLMRequestsWaiting and LLMKVCacheNearlyFull fire if it lasts. Dynamo does not tell who waits; TGI, "
                "llama.cpp and Dynamo do not tell of their cache, and Triton only with TensorRT-LLM.",
                "short",
                {
                    "in the works": f"sum(job_model:llm_requests_running{CHOSEN})",
                    "waiting": f"sum(job_model:llm_requests_waiting{CHOSEN})",
                    "KV cache": f"max(job_model:llm_kv_cache_usage_ratio{CHOSEN})",
                },
                empty=NO_ENGINE,
            ),
            "KV cache",
            "percentunit",
        ),
        _two_axes(
            parts.graph(
                "Requests and tokens",
                "Finished requests per second (left), and tokens per second, input and output together (right). Fewer "
                "tokens from as many requests: the engine became slower, or answers shorter. LLMRequestSurge and "
                "LLMTokenSurge watch both. llama.cpp does not count requests, nor Triton tokens.",
                "reqps",
                {
                    "requests": f"sum(job_model:llm_requests:rate5m{CHOSEN})",
                    "tokens": f"sum(job_model:llm_tokens_used:rate5m{CHOSEN})",
                },
                empty=NO_ENGINE,
            ),
            "tokens",
            TOKENS_PER_SECOND,
        ),
        _two_axes(
            parts.graph(
                "Times (P95)",
                "95 of 100 stayed below, of the model where it is longest: the whole answer and the first token "
                "(left), and from one token to the next (right). If the first token alone is late, requests queue or "
                "prompts are long; if tokens are slow, batches are large. LLMHighLatencyP95 reads the whole answer. "
                "TGI does not tell of first tokens, nor Triton of the time between tokens; llama.cpp tells the mean "
                "time between tokens and no other.",
                "s",
                {
                    "whole answer": f"max(job_model:llm_response_latency_seconds:p95_rate5m{CHOSEN})",
                    "first token": f"max(job_model:llm_time_to_first_token_seconds:p95_rate5m{CHOSEN})",
                    "between tokens": f"max(job_model:llm_inter_token_latency_seconds:p95_rate5m{CHOSEN}"
                    f" or job_model:llm_inter_token_latency_seconds:mean_rate5m{CHOSEN})",
                },
                empty=NO_ENGINE,
            ),
            "between tokens",
            "s",
        ),
        parts.graph(
            "Failures and cached prompts",
            "Shares: requests that failed, and prompt tokens that came out of a cache. If fewer prompts are cached, "
            "they have changed, or go to other instances than before, and first tokens become late. "
            "LLMHighFailureRatio reads the failures. llama.cpp does not tell what fails, and of all engines Dynamo and "
            "llama.cpp alone tell here what is cached; vLLM and SGLang have it in their own rows.",
            "percentunit",
            {
                "failed": f"sum(job_model:llm_requests_failed:rate5m{CHOSEN})"
                f" / (sum(job_model:llm_requests:rate5m{CHOSEN}) > 0)",
                "prompts from a cache": f"sum(job_model:llm_tokens_cached_input:rate5m{CHOSEN})"
                f" / (sum(job_model_type:llm_tokens_used:rate5m{CHOSEN_INPUT}) > 0)",
            },
            empty=NO_ENGINE,
        ),
    ]


def _two_axes(panel: Any, right: str, unit: str) -> Any:
    """Its own axis for what would be a flat line on the other one."""
    return panel.override_by_name(
        right, [models.DynamicConfigValue("unit", unit), models.DynamicConfigValue("custom.axisPlacement", "right")]
    )
