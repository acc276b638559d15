# SPDX-License-Identifier: Apache-2.0
"""What requests cost, and what the teams use and spend."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ansible_collections.llmmon.stack.plugins.plugin_utils.gateways import Gateway
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.first_values import BEGUN_OF_TEAMS, begun
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.model import Rule, record
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.settings import RuleSettings
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.sources import Source

# 60 samples are an hour's, each the dollars per second of its minute. Half a minute is left out of the range, since
# Prometheus 2 counts a sample on its older edge and Prometheus 3 does not.
SHORT_WINDOWS = {"1h": "59m30s", "1d": "23h59m30s"}


def priced(source: Source, settings: RuleSettings, keep: Sequence[str], present: str = "") -> list[Rule]:
    """US dollars per second, by these labels: what the source charges, or tokens times price where it does not say."""
    terms = []
    if "cost_usd" in source.preset:
        terms.append(source.canonical(source.preset["cost_usd"], keep, present=present))
    labels = ", ".join(["job", *keep])
    level = "_".join(["job", *keep])
    if settings.token_prices and "tokens" in source.preset:
        tokens = source.recorded(f"{level}_type:llm_tokens_used:rate5m")
        terms.append(f"sum by ({labels}) ({tokens} * on (model, type) group_left () llmmon:token_price_usd)")
    if not terms:
        return []
    return [source.record(f"{level}:llm_cost_usd:rate5m", f"\nor on ({labels}) ".join(terms))]


def team_rules(kinds: Sequence[Source], gateways: Sequence[Gateway], settings: RuleSettings) -> list[Rule]:
    """What the teams ask for, use and spend, and the sums of money over an hour and a day."""
    labelled_by_hand = {gateway["kind"] for gateway in gateways if "team" in gateway.get("labels", {})}
    rules = []
    for source in kinds:
        if "team" in source.preset.get("labels", {}) or source.kind in labelled_by_hand:
            rules += _of_teams(replace(source, begun=BEGUN_OF_TEAMS), settings)
    return [
        *(begun(BEGUN_OF_TEAMS, gateways) if rules else []),
        *rules,
        record(
            "job_team:llm_tokens_used:rate5m", "sum without (model, type) (job_team_model_type:llm_tokens_used:rate5m)"
        ),
        record("job_team:llm_cost_usd:rate5m", "sum without (model) (job_team_model:llm_cost_usd:rate5m)"),
        record("job:llm_cost_usd:rate5m", "sum by (job) (job_model:llm_cost_usd:rate5m)"),
        *cost_sums(SHORT_WINDOWS),
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
    return rules + priced(source, settings, ["team", "model"], present=known)
