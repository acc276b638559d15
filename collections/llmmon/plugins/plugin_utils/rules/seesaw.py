# SPDX-License-Identifier: Apache-2.0
"""Counters that jump back and forth: several workers, each with a count of its own, answer at one address.

``rate()`` takes each jump for a restart, and invents hundreds of requests a second. Nothing is recorded of such a
target but that it is one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ansible_collections.llmmon.stack.plugins.plugin_utils.gateways import Gateway
from ansible_collections.llmmon.stack.plugins.plugin_utils.presets import Preset, preset_of
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.model import Rule, record
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.promql import job_is, one_of_jobs, selector
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.settings import RuleSettings

SEESAW = "job_instance:llm_counters:seesaw"
# Restarts in a quarter of an hour that are no restarts any more, as long as the page could be read.
_JUMPS = 4


def seesaw(gateways: Sequence[Gateway], presets: Mapping[str, Preset]) -> list[Rule]:
    """Targets whose request counters, or the number of them, fall again and again; the value says how often."""
    jumping = list(_jumping(gateways, presets))
    if not jumping:
        return []
    up = selector("up", one_of_jobs(gateway["name"] for gateway in gateways))
    terms = "\n  or ".join(jumping)
    return [
        record(
            SEESAW,
            f"max by (job, instance) (\n  {terms}\n) >= {_JUMPS}\n"
            f"and on (job, instance) avg_over_time({up}[15m]) > 0.9",
        )
    ]


def _jumping(gateways: Iterable[Gateway], presets: Mapping[str, Preset]) -> Iterable[str]:
    for gateway in gateways:
        preset, job = preset_of(gateway["kind"], presets), job_is(gateway["name"])
        for counter in preset.get("requests", []):
            for name in counter["metrics"]:
                yield f"resets({selector(name, job, counter.get('matchers', ''))}[15m])"
        if "requests" in preset and not preset.get("idle_series_vanish"):
            yield f"resets({selector('job_instance:llm_requests_series:count', job)}[15m])"


def seesaw_alerts(settings: RuleSettings) -> list[Rule]:
    """One alert that says so."""
    return settings.alerting.alert(
        "LLMCountersSeesaw",
        SEESAW,
        summary="The counters of an LLM gateway jump back and forth",
        description="The counters of {{ $labels.instance }} ({{ $labels.job }}) fell {{ $value | humanize }} times in"
        " 15 minutes: several workers or replicas answer there, each with a count of its own, or it restarts over and"
        " over. Nothing of it is watched until they count together.",
        dashboard_for=["job"],
    )
