# SPDX-License-Identifier: Apache-2.0
"""Alerts about gateways that expose more series than Prometheus should hold, or than it will take."""

from __future__ import annotations

from collections.abc import Sequence

from ansible_collections.llmmon.stack.plugins.plugin_utils.gateways import Gateway
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.model import Rule
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.promql import job_is, one_of_jobs, selector
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.settings import RuleSettings

_BROUGHT = "One scrape of {{ $labels.instance }} ({{ $labels.job }}) brings {{ $value | humanize }} series"
_SAMPLES = "scrape_samples_post_metric_relabeling"


def series_alerts(gateways: Sequence[Gateway], settings: RuleSettings) -> list[Rule]:
    """Very many series, series that multiply, and sample limits that are near or reached."""
    alert, thresholds = settings.alerting.alert, settings.thresholds
    samples = selector(_SAMPLES, one_of_jobs(gateway["name"] for gateway in gateways))
    return [
        *alert(
            "LLMCardinalityHigh",
            f"{samples} > {thresholds['series_per_target']}",
            summary="An LLM gateway exposes very many series",
            description=f"{_BROUGHT} (threshold [[ threshold ]]).",
            values={"threshold": thresholds["series_per_target"]},
            dashboard_for=["job"],
        ),
        # From 1000 on: twice a few is still few.
        *alert(
            "LLMCardinalityGrowth",
            f"{samples}\n  > {thresholds['series_growth_ratio']} * (avg_over_time({samples}[6h] offset 1h) > 1000)",
            summary="The series of an LLM gateway multiply",
            description=f"{_BROUGHT}, more than [[ times ]] times the average of the 6 hours before.",
            values={"times": thresholds["series_growth_ratio"]},
            dashboard_for=["job"],
        ),
        *(rule for gateway in gateways if gateway["sample_limit"] > 0 for rule in _of_its_limit(gateway, settings)),
    ]


def _of_its_limit(gateway: Gateway, settings: RuleSettings) -> list[Rule]:
    """Near the limit, and beyond: Prometheus keeps none of such a page, but counts what was on it."""
    alert, job, limit = settings.alerting.alert, job_is(gateway["name"]), gateway["sample_limit"]
    near = round(float(settings.thresholds["sample_limit_ratio"]) * limit)
    return [
        *alert(
            "LLMSampleLimitNear",
            f"{selector(_SAMPLES, job)} > {near} <= {limit}",
            summary="An LLM gateway comes near its sample limit",
            description=f"{_BROUGHT}; at [[ limit ]] every scrape fails.",
            values={"limit": limit},
            labels={"job": gateway["name"]},
            dashboard_for=["job"],
        ),
        *alert(
            "LLMSampleLimitHit",
            f"{selector(_SAMPLES, job)} > {limit}\nand on (job, instance) {selector('up', job)} == 0",
            summary="An LLM gateway is not watched because it exposes too many series",
            description=f"{_BROUGHT}, and its sample limit is [[ limit ]]: Prometheus throws the whole scrape away.",
            values={"limit": limit},
            labels={"job": gateway["name"]},
            dashboard_for=["job"],
        ),
    ]
