# SPDX-License-Identifier: Apache-2.0
"""What Prometheus is asked to find settings that fit nothing, and sources that could say less."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ansible_collections.llmmon.stack.plugins.plugin_utils.gateways import Gateway
from ansible_collections.llmmon.stack.plugins.plugin_utils.overrides import Overrides
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.money_advice import money_checks
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.overrides import matchers
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.promql import one_of_jobs, seen_lately, selector

_MODELS = "job_model:llm_requests:rate5m"
# Series of a LiteLLM that are worth a line in its configuration.
_MANY = 5000


def advice_checks(
    gateways: Sequence[Gateway],
    overrides: Iterable[Mapping[str, Any]],
    budgets: Mapping[str, Any],
    prices: Iterable[str],
) -> list[dict[str, Any]]:
    """Checks for the module prometheus_advice.

    ``overrides`` is llmmon_threshold_overrides, ``budgets`` llmmon_budgets, ``prices`` those of llmmon_token_prices.
    """
    return [*_unmatched_models(gateways, overrides), *_talkative(gateways), *money_checks(budgets, prices)]


def _unmatched_models(gateways: Sequence[Gateway], entries: Iterable[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """Entries about models that no gateway has."""
    given = Overrides.of(entries, [gateway["name"] for gateway in gateways]).given
    for number, entry in enumerate(given, start=1):
        if entry.model is not None:
            of_gateways, of_models = matchers(entry)
            yield {
                "query": seen_lately(selector(_MODELS, of_gateways, of_models)),
                "expected": True,
                "sentence": f"llmmon_threshold_overrides, entry {number}: the model {entry.model!r} matches no model of"
                " the last day; correct it, or remove the entry",
                "known": f"group by (model) ({seen_lately(selector(_MODELS, of_gateways))})",
                "label": "model",
            }


def _talkative(gateways: Iterable[Gateway]) -> Iterator[dict[str, Any]]:
    """LiteLLM with a series for each key: thousands, of which no rule reads the keys."""
    jobs = [gateway["name"] for gateway in gateways if gateway["kind"] == "litellm"]
    if jobs:
        samples = selector("scrape_samples_post_metric_relabeling", one_of_jobs(jobs))
        keys = selector("litellm_proxy_total_requests_metric_total", one_of_jobs(jobs), 'hashed_api_key!=""')
        yield {
            "query": f"max by (job) ({samples}) > {_MANY} and on (job) group by (job) ({keys})",
            "expected": False,
            "sentence": "The gateway {job} exposes {value} series, some for each of its keys; no rule reads these."
            " LiteLLM's prometheus_metrics_config leaves them out: docs/gateways.md, Fewer series from LiteLLM",
        }
