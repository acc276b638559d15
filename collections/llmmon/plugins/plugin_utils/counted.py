# SPDX-License-Identifier: Apache-2.0
"""What each gateway counts, in few words: the host compares it with what its page really has."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.llmmon.stack.plugins.plugin_utils.gateways import DEFAULT_KIND, Gateway
from ansible_collections.llmmon.stack.plugins.plugin_utils.presets import COUNTERS, DURATIONS, GAUGES, Metric, Preset

# Signals that are lists under several names: the host calls each by a name of its own.
_LISTS = {
    "failures": ("failures", ("all", "provider")),
    "deployment_requests": ("deployments", ("requests",)),
    "deployment_failures": ("deployments", ("failures",)),
    "team_budgets": ("team_budgets", ("limit", "remaining")),
}


def counted(gateways: Iterable[Gateway], presets: Mapping[str, Preset]) -> dict[str, dict[str, Any]]:
    """Gateway to what its kind says: signals with all their names, and the labels that tell models and teams apart.

    A gateway of the canonical kind counts what it likes of the contract, so nothing but requests must be there.
    """
    return {
        gateway["name"]: {
            "kind": gateway["kind"],
            "signals": signals(presets[gateway["kind"]]),
            "counters": counters(presets[gateway["kind"]]),
            # What its alerts have besides their own labels.
            "labels": {str(name): str(value) for name, value in (gateway.get("labels") or {}).items()},
            "model": presets[gateway["kind"]].get("labels", {}).get("model", ["model"]),
            "team": presets[gateway["kind"]].get("labels", {}).get("team", ["team"]),
            "complete": gateway["kind"] != DEFAULT_KIND,
            "has_default_model": "model" in presets[gateway["kind"]].get("defaults", {}),
            "vanishing": bool(presets[gateway["kind"]].get("idle_series_vanish")),
        }
        for gateway in gateways
        if gateway["kind"] in presets
    }


def signals(preset: Preset) -> dict[str, list[str]]:
    """Signal to the names of its metrics, histograms without suffix."""
    said: Mapping[str, Any] = preset
    found: dict[str, list[str]] = {}
    for signal in (*COUNTERS, *GAUGES):
        found[signal] = _names(said.get(signal, []))
    for signal, (key, parts) in _LISTS.items():
        found[signal] = [name for part in parts for name in _names(said.get(key, {}).get(part, []))]
    for signal in DURATIONS:
        duration = said.get(signal, {})
        counters = _names([*duration.get("sum", []), *duration.get("count", [])])
        found[signal] = [*duration.get("metrics", []), *counters, *duration.get("summary", [])]
    return {signal: list(dict.fromkeys(names)) for signal, names in found.items() if names}


def counters(preset: Preset) -> dict[str, list[list[str]]]:
    """What only grows while somebody asks: signal to names, each with the matchers of what counts of it."""
    said: Mapping[str, Any] = preset
    metrics = {signal: said.get(signal, []) for signal in ("requests", "tokens")}
    metrics["failures"] = said.get("failures", {}).get("all", [])
    latency = said.get("latency", {})
    histogram = {**latency, "metrics": [f"{name}_count" for name in latency.get("metrics", [])]}
    metrics["latency"] = [*latency.get("count", []), histogram]
    return {
        signal: [[name, metric.get("matchers", "")] for metric in listed for name in metric["metrics"]]
        for signal, listed in metrics.items()
    }


def _names(metrics: Sequence[Metric]) -> list[str]:
    return [name for metric in metrics for name in metric["metrics"]]
