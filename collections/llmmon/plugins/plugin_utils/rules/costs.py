# SPDX-License-Identifier: Apache-2.0
"""What requests cost, and what the teams use and spend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ansible_collections.llmmon.stack.plugins.plugin_utils.gateways import Gateway
from ansible_collections.llmmon.stack.plugins.plugin_utils.prices import CACHED_INPUT, INPUT, exact_prices, patterns
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.first_values import BEGUN_OF_TEAMS, begun
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.model import Rule, by_name, record
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.promql import (
    aggregated,
    labelled,
    one_of_jobs,
    quoted,
    selector,
)
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.settings import RuleSettings
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.sources import Source
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.spenders import spender_rules, spender_sums

PRICE = "llmmon:token_price_usd"
LIST_DATE = "llmmon:token_price_file_timestamp_seconds"
HOUR_PRICE = "llmmon:gpu_hour_price_usd"
_HOURLY = "job:llm_gpu_cost_usd:rate5m"
# The model of hours in which no model used a token.
IDLE = "idle"

# 60 samples are an hour's, each the dollars per second of its minute. Half a minute is left out of the range, since
# Prometheus 2 counts a sample on its older edge and Prometheus 3 does not.
SHORT_WINDOWS = {"1h": "59m30s", "1d": "23h59m30s"}


def price_rules(settings: RuleSettings) -> list[Rule]:
    """Prices of tokens by model, and of gateways by the hour, which do not depend on traffic."""
    return [
        *(
            record(PRICE, f"vector({price})", model=model, type=kind_of_token)
            for model, prices in by_name(exact_prices(settings.token_prices))
            for kind_of_token, price in by_name(prices)
        ),
        *(record(HOUR_PRICE, f"vector({price})", job=job) for job, price in by_name(settings.gpu_hour_prices)),
        *([record(LIST_DATE, f"vector({settings.price_file_date})")] if int(settings.price_file_date) else []),
    ]


def pattern_price_rules(settings: RuleSettings) -> list[Rule]:
    """Prices of the models that use tokens and fit a pattern; recorded where tokens are, so that none is late."""
    terms: dict[str, list[str]] = {}
    for pattern in patterns(settings.token_prices):
        beside = f"model!~{quoted(pattern.regex_beside)}" if pattern.beside else ""
        tokens = selector("job_model_type:llm_tokens_used:rate5m", f"model=~{quoted(pattern.regex)}", beside)
        for kind_of_token, price in by_name(pattern.prices):
            terms.setdefault(kind_of_token, []).append(f"group by (model) ({tokens}) * {price}")
    # One rule for each type: of several rules with the same labels promtool fills in none.
    return [
        record(PRICE, "\nor on (model)\n".join(of_type), type=kind_of_token)
        for kind_of_token, of_type in by_name(terms)
    ]


def hour_rules(source: Source, settings: RuleSettings) -> list[Rule]:
    """US dollars per second of gateways that are paid by the hour, for each of their targets that is up."""
    jobs = _paid_by_the_hour(source, settings)
    if not jobs:
        return []
    return [source.record(_HOURLY, _by_the_hour(jobs, ["job"]))]


def cached_rules(source: Source, settings: RuleSettings, keep: Sequence[str], present: str = "") -> list[Rule]:
    """Input tokens that came out of a cache, where they have a price of their own. They are part of the input."""
    if "cached_input" not in source.preset or not _caches_are_priced(settings):
        return []
    cached = source.canonical(source.preset["cached_input"], keep, present=present)
    return [source.record(_cached("_".join(["job", *keep])), cached)]


def priced(source: Source, settings: RuleSettings, keep: Sequence[str], present: str = "") -> list[Rule]:
    """US dollars per second, by these labels.

    What the source charges, or tokens times price where it does not say; of a gateway that is paid by the hour, that.
    """
    terms = []
    if "cost_usd" in source.preset:
        terms.append(source.canonical(source.preset["cost_usd"], keep, present=present))
    labels = ", ".join(["job", *keep])
    level = "_".join(["job", *keep])
    if settings.token_prices and "tokens" in source.preset:
        charged = f"{source.recorded(f'{level}_type:llm_tokens_used:rate5m')} * on (model, type) group_left () {PRICE}"
        if "cached_input" in source.preset and _caches_are_priced(settings):
            # Of what was charged as input, what a cache saves. It has no type, and so differs from what it is added to.
            saved = f'max by (model) ({PRICE}{{type="{CACHED_INPUT}"}}) - max by (model) ({PRICE}{{type="{INPUT}"}})'
            cached = source.recorded(_cached(level))
            charged = f"\n  {charged}\n  or {cached} * on (model) group_left () ({saved})\n"
        terms.append(f"sum by ({labels}) ({charged})")
    jobs = _paid_by_the_hour(source, settings)
    if jobs:
        others = [f"({term}\nunless on (job) {HOUR_PRICE})" for term in terms]
        terms = [*others, *_shared_by_tokens(source, jobs, keep)]
    if not terms:
        return []
    return [source.record(f"{level}:llm_cost_usd:rate5m", f"\nor on ({labels}) ".join(terms))]


def _shared_by_tokens(source: Source, jobs: Sequence[str], keep: Sequence[str]) -> list[str]:
    """What the hours of gateways cost, each model its share of the tokens, and idle hours the model ``idle``."""
    labels = ["job", *keep]
    idle = _by_the_hour(jobs, labels[:-1])
    if "tokens" not in source.preset:
        return [labelled(idle, "model", IDLE)]
    matcher = one_of_jobs(jobs)
    tokens = source.recorded(f"{'_'.join(labels)}_type:llm_tokens_used:rate5m", matcher)
    all_tokens = f"sum by (job) ({source.recorded('job_model_type:llm_tokens_used:rate5m', matcher)}) > 0"
    return [
        f"{aggregated('sum', labels, tokens)} / on (job) group_left () ({all_tokens})"
        f" * on (job) group_left () {source.recorded(_HOURLY)}",
        labelled(f"{idle} unless on (job) ({all_tokens})", "model", IDLE),
    ]


def _paid_by_the_hour(source: Source, settings: RuleSettings) -> list[str]:
    return [name for name in source.names if name in settings.gpu_hour_prices]


def _by_the_hour(jobs: Sequence[str], labels: Sequence[str]) -> str:
    """US dollars per second. Who has no team is not among the teams."""
    up = selector("up", one_of_jobs(jobs), *(f'{label}!=""' for label in labels[1:]))
    return f"{aggregated('sum', labels, f'{up} * on (job) group_left () {HOUR_PRICE}')} / 3600"


def _caches_are_priced(settings: RuleSettings) -> bool:
    return any(CACHED_INPUT in prices for prices in settings.token_prices.values())


def _cached(level: str) -> str:
    return f"{level}:llm_tokens_cached_input:rate5m"


def team_rules(kinds: Sequence[Source], gateways: Sequence[Gateway], settings: RuleSettings) -> list[Rule]:
    """What the teams ask for, use and spend, and the sums of money over an hour and a day."""
    labelled_by_hand = {gateway["kind"] for gateway in gateways if "team" in gateway.get("labels", {})}
    rules = []
    for source in kinds:
        if "team" in source.preset.get("labels", {}) or source.kind in labelled_by_hand:
            rules += _of_teams(replace(source, begun=BEGUN_OF_TEAMS), settings)
        rules += spender_rules(replace(source, begun=BEGUN_OF_TEAMS), settings)
    return [
        *(begun(BEGUN_OF_TEAMS, gateways) if rules else []),
        *rules,
        record(
            "job_team:llm_tokens_used:rate5m", "sum without (model, type) (job_team_model_type:llm_tokens_used:rate5m)"
        ),
        record("job_team:llm_cost_usd:rate5m", "sum without (model) (job_team_model:llm_cost_usd:rate5m)"),
        record("job:llm_cost_usd:rate5m", "sum by (job) (job_model:llm_cost_usd:rate5m)"),
        *cost_sums(SHORT_WINDOWS),
        *spender_sums(settings),
    ]


def cost_sums(windows: Mapping[str, str]) -> list[Rule]:
    """US dollars by gateway and by team; ``windows`` maps what a window is called to the range that is added up."""
    return [
        record(f"{level}:llm_cost_usd:increase{window}", f"sum_over_time({level}:llm_cost_usd:rate5m[{samples}]) * 60")
        for level in ("job", "job_team")
        for window, samples in windows.items()
    ]


def _of_teams(source: Source, settings: RuleSettings) -> list[Rule]:
    """Of those who are known: requests of nobody belong to no team."""
    preset = source.preset
    (label,) = preset.get("labels", {}).get("team", ["team"])
    known = f'{label}!=""'
    rules = []
    if "requests" in preset:
        requests = source.canonical(preset["requests"], ["team"], present=known)
        rules.append(source.record("job_team:llm_requests:rate5m", requests))
    if "tokens" in preset:
        tokens = source.canonical(preset["tokens"], ["team", "model", "type"], present=known)
        rules.append(source.record("job_team_model_type:llm_tokens_used:rate5m", tokens))
    keep = ["team", "model"]
    return rules + cached_rules(source, settings, keep, known) + priced(source, settings, keep, known)
