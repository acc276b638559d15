"""The renderings that the case files test."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from tests.rules import catalogue
from tests.rules.catalogue import Groups
from tests.rules.scenarios import CANARIES, HOSTS
from tests.support import rendering

# A made-up kind: what presets can say, in few words.
ANY_KIND: dict[str, Any] = {
    "requests": [{"metrics": ["kind:finished_total"]}, {"metrics": ["kind:rejected_total"]}],
    "latency": {"metrics": ["kind:latency_ms", "kind:duration_ms"], "unit": "milliseconds"},
    "time_to_first_token": {
        "sum": [{"metrics": ["kind:first_us_total"]}],
        "count": [{"metrics": ["kind:finished_total"]}],
        "summary": ["kind:first_us"],
        "unit": "microseconds",
    },
    "running": [{"metrics": ["kind:running"]}],
    "kv_cache_usage": [{"metrics": ["kind:cache"]}],
    "labels": {"model": ["old_model", "model_name"]},
}

# A server without labels of its own, one gateway of which the user has labelled.
LABELLED: list[dict[str, Any]] = [
    {"name": "plain", "kind": "tgi", "targets": ["f:80"]},
    {"name": "labelled", "kind": "tgi", "targets": ["g:80"], "labels": {"model": "llama", "team": "search"}},
]

# Gateways of teams, one that is nobody's, and one whose label its models have, too.
OF_TEAMS: list[dict[str, Any]] = [
    {
        "name": "llm-auth-proxy",
        "targets": ["a:8000"],
        "labels": {"team": "search", "env": "prod"},
        "sample_limit": 1000,
    },
    {"name": "proxy.eu", "targets": ["b:8000"]},
    {"name": "chat", "targets": ["c:8000"], "labels": {"team": 'chat {{ "$1" }}', "model": "its own", "eu": True}},
]

# Models and gateways with a measure of their own, the last one that matches first of all.
OVERRIDES: list[dict[str, Any]] = [
    {"model": "gpt-4o.*", "latency_p95_seconds": 5, "failure_ratio": 0.5, "waiting_requests": 20},
    {"gateway": r"proxy\.eu", "model": "gpt-4o-mini", "latency_p95_seconds": 10, "slow_request_ratio": 0.2},
    {"model": "rare", "minimum_requests": 5},
    {"gateway": "proxy.*", "request_surge_ratio": 10, "token_surge_ratio": 20, "slo": {"availability": 0.95}},
]
# 5% of its requests may fail; that 80% do is not told otherwise.
OF_OWED: list[dict[str, Any]] = [
    {"model": "owed.*", "failure_ratio": 0.95, "slo": {"availability": 0.95, "latency": 0.9, "minimum_requests": 500}},
]

# Of all that can have one.
BUDGETS: dict[str, Any] = {
    "teams": {"search": {"month": 720, "day": 50}},
    "gateways": {"llm-auth-proxy": {"month": 720, "day": 50}},
    "all": {"month": 720, "day": 50},
}

# Not in the order in which they count.
PRICES: dict[str, Any] = {
    "*": {"input": 100},
    "gpt-4o*": {"input": 10, "output": 20},
    "gpt-4o-mini*": {"input": 1, "output": 2, "cached_input": 0.25},
    "*-mini-*": {"input": 50},
    "gpt-4o": {"input": 3},
    "gpt-4.1": {"input": 4},
}

# Three real weeks take minutes to evaluate; three weeks of 2 hours do not.
SHORT_WEEKS = {"6d23h30m": "1h30m", "13d23h30m": "3h30m", "20d23h30m": "5h30m"}


# Names of recorded series that some cases can do without.
NOT_FOR_MODELS = (
    r".*(time_to_first_token|inter_token|running|waiting|kv_cache|cost|_reason:).*|job_team.*|job:.+:.*ratio.*"
)
NOT_FOR_LOW_TRAFFIC = (
    r".*(time_to_first_token|inter_token|running|waiting|kv_cache|cost|_reason:).*|job_team.*|job:.+:ratio.*"
)
NOT_FOR_SURGES = rf"{NOT_FOR_MODELS}(?<!surge_ratio)|.*(_failed|latency|:increase30m|:increase1h).*"
# All that two alerts need, for cases that last more than a day.
FOR_FEW_REQUESTS = (
    r"llmmon:relabelling|job_instance:.+|job_model:llm_requests:rate5m|job:llm_requests:rate5m(_baseline.*)?"
    r"|LLMNoTraffic|LLMMetricsMissing"
)
NOT_OF_DAYS = r".*_usual|.*_least_of_days"
NOT_OF_SPENDING = r"(?!budget:|llmmon:(date|budget_usd)|job(_team)?:llm_cost_usd:(increase|forecast)).*"
NOT_FOR_USUAL = rf"{NOT_FOR_MODELS}|job:.*|.*tokens.*"


@cache
def variants() -> dict[str, dict[str, str]]:
    default = rendering.render_rules()
    one_gateway = rendering.render_rules(llmmon_gateways=rendering.GATEWAYS[:1], llmmon_slo={"latency": 0.95})
    # Cases that last for hours evaluate every rule every minute: they get no more rules than they need.
    surge = {name: without(content, NOT_FOR_SURGES) for name, content in one_gateway.items()}
    alerts = rendering.render_rules(
        llmmon_gateways=[{**rendering.GATEWAYS[0], "bearer_token": "made-up"}],
        llmmon_budgets=BUDGETS,
        llmmon_slo={"latency": 0.95},
        llmmon_prometheus_retention_size="1GB",
        llmmon_backup_schedule="daily",
        llmmon_backup_restic_repository="/mnt/backups",
        llmmon_remote_write=[{"name": "central", "url": "https://engine.example/api/v1/write"}],
        llmmon_thanos_components=["sidecar", "store", "compact", "query"],
        llmmon_canaries=CANARIES,
        llmmon_hosts=HOSTS,
        llmmon_thresholds={"backup_age_hours": 2},
    )
    return {
        "default": default,
        "models": {name: without(content, NOT_FOR_MODELS) for name, content in default.items()},
        "one_gateway": one_gateway,
        "surge": surge,
        "short_weeks": {name: shorten_weeks(content) for name, content in surge.items()},
        # As if the rules of an earlier deployment had been there until a case says otherwise.
        "relabelled": {name: without(content, "llmmon:relabelling") for name, content in one_gateway.items()},
        "idle_series_vanish": rendering.render_rules(
            llmmon_gateways=[{"name": "otel", "kind": "otel_genai", "targets": ["a:8000"]}]
        ),
        # As for cases that last for hours.
        "low_traffic": {
            name: without(content, rf"{NOT_FOR_LOW_TRAFFIC}|.*surge_ratio|.*_type:.*|.*tokens.*|{NOT_OF_DAYS}")
            for name, content in one_gateway.items()
        },
        "few_requests": {name: only(content, FOR_FEW_REQUESTS) for name, content in one_gateway.items()},
        "unusual_failures": {
            name: without(content, rf"{NOT_FOR_USUAL}|.*latency.*") for name, content in one_gateway.items()
        },
        "model_objectives": {
            name: without(content, rf"{NOT_FOR_MODELS}|.*tokens.*|{NOT_OF_DAYS}|job:.*")
            for name, content in rendering.render_rules(
                llmmon_gateways=rendering.GATEWAYS[1:2], llmmon_threshold_overrides=OF_OWED
            ).items()
        },
        "scheduled": {name: content.replace("offset 23h15m", "offset 2h15m") for name, content in surge.items()},
        "degraded": {
            name: shorten_other_days(without(content, NOT_FOR_USUAL)) for name, content in one_gateway.items()
        },
        "provider": rendering.render_rules(llmmon_failure_definition="provider"),
        "alerts": alerts,
        "overrides": rendering.render_rules(
            llmmon_gateways=rendering.GATEWAYS[:2], llmmon_threshold_overrides=OVERRIDES
        ),
        "short_days": {name: shorten_days(content) for name, content in alerts.items()},
        "costs": rendering.render_rules(
            llmmon_gateways=rendering.GATEWAYS[:1],
            llmmon_token_prices={"m": {"input": 0.001, "output": "0.002"}, "org/m 1": {"input": 2.5e-06}},
            llmmon_budgets={"teams": {"search": 500, "R&D: east": 0.5}},
        ),
        # Days of one sample an hour: with the rest of the rules they would take minutes.
        "spending": {
            name: without(content, NOT_OF_SPENDING)
            for name, content in rendering.render_rules(
                llmmon_gateways=rendering.GATEWAYS[:1], llmmon_budgets=BUDGETS
            ).items()
        },
        "prices": rendering.render_rules(
            llmmon_gateways=[
                rendering.GATEWAYS[0],
                {"name": "own", "kind": "tgi", "targets": ["f:80", "g:80"], "labels": {"team": "search"}},
                {"name": "shared", "kind": "canonical", "targets": ["h:80"]},
            ],
            llmmon_token_prices=PRICES,
            llmmon_gpu_hour_prices={"own": 3600, "shared": 3600},
        ),
        "spenders": rendering.render_rules(
            llmmon_gateways=[{"name": "litellm", "kind": "litellm", "targets": ["d:4000"]}],
            llmmon_top_spenders={"by": ["key", "user"], "limit": 2},
        ),
        "labelled": rendering.render_rules(
            llmmon_gateways=LABELLED, llmmon_token_prices={"llama": {"input": 0.001, "output": 0.002}}
        ),
        "of_teams": rendering.render_rules(llmmon_gateways=OF_TEAMS),
        "any_kind": rendering.render_rules(
            llmmon_gateways=[{"name": "any", "kind": "any", "targets": ["e:1"]}],
            __llmmon_presets={"any": ANY_KIND},
            # 11 requests a minute, computed by Prometheus 3, are 54.99999999999999 in 5 minutes.
            llmmon_alert_minimum_requests=55,
        ),
    }


@cache
def parsed() -> dict[str, dict[str, Groups]]:
    return {
        variant: {name: catalogue.groups(content) for name, content in files.items()}
        for variant, files in variants().items()
    }


def written(rules: Mapping[str, Mapping[str, Groups]]) -> dict[str, dict[str, str]]:
    """As variants() has them, however they have been changed."""
    return {variant: {name: text(groups) for name, groups in files.items()} for variant, files in rules.items()}


def text(groups: Groups) -> str:
    """A rule file: JSON is YAML."""
    return json.dumps({"groups": groups})


def only(content: str, names: str) -> str:
    """The rules that record such series, and the alerts of such names."""
    left = [
        {
            **group,
            "rules": [rule for rule in group["rules"] if re.fullmatch(names, rule.get("record") or rule["alert"])],
        }
        for group in catalogue.groups(content)
    ]
    return text([group for group in left if group["rules"]])


def without(content: str, names: str) -> str:
    """Rules without those that record such series."""
    left = [
        {**group, "rules": [rule for rule in group["rules"] if not re.fullmatch(names, rule.get("record", ""))]}
        for group in catalogue.groups(content)
    ]
    return text([group for group in left if group["rules"]])


def shorten_weeks(content: str) -> str:
    for week, hours in SHORT_WEEKS.items():
        content = content.replace(f"offset {week}", f"offset {hours}")
    return content


def shorten_days(content: str) -> str:
    """What was the case a day or a week ago, some hours ago."""
    for real, short in {"6d23h30m": "2h30m", "23h30m": "1h30m", "1w": "3h", "1d": "2h"}.items():
        content = content.replace(f"offset {real}", f"offset {short}")
    return content


def shorten_other_days(content: str) -> str:
    """Days of 4 hours; there is no week."""
    for day, hours in {"offset 23h30m": "offset 3h30m", "47h30m": "7h30m", "71h30m": "11h30m"}.items():
        content = content.replace(day, hours)
    return content
