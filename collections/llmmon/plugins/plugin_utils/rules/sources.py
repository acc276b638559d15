# SPDX-License-Identifier: Apache-2.0
"""The gateways of one kind as a source of series, and how these get canonical labels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ansible_collections.llmmon.stack.plugins.plugin_utils.gateways import Gateway
from ansible_collections.llmmon.stack.plugins.plugin_utils.presets import Metric, Preset, preset_of
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.first_values import BEGUN, per_second
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.model import Rule, record
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.promql import (
    aggregated,
    labelled,
    one_of_jobs,
    quoted,
    relabelled,
    selector,
    union,
)

# What else sources call input and output: the arguments of label_replace().
TOKEN_TYPES = [
    ("type", "input", "type", "prompt(_tokens)?"),
    ("type", "output", "type", "completion(_tokens)?"),
]


@dataclass(frozen=True)
class Source:
    """All gateways of one kind: what they are called, and what they call their metrics."""

    kind: str
    preset: Preset
    # The matcher of its jobs, and their names.
    jobs: str
    names: Sequence[str]
    # What the group of rules records of targets whose new series began at 0.
    begun: str = BEGUN

    def record(self, name: str, expression: str) -> Rule:
        """A recording rule for this kind alone."""
        return record(name, expression, source=self.kind)

    def recorded(self, name: str, *matchers: str) -> str:
        """What another rule has recorded of this kind."""
        return selector(name, f"source={quoted(self.kind)}", *matchers)

    def canonical(
        self,
        metrics: Sequence[Metric],
        keep: Sequence[str],
        *,
        gauges: bool = False,
        aggregate: str = "sum",
        present: str = "",
    ) -> str:
        """Counters (how much they grew per second), or gauges, by canonical labels.

        It aggregates after rate(), so that one instance's restart stays its own, and before renaming, so that two
        series that differ only in a label which is overwritten cannot collide. ``present`` is a matcher of all series.
        """
        own = ["job", *(origin for label in keep for origin in self._labels.get(label, [label]))]
        changes = self._changes(keep)
        # Where the source's own label tells what tokens are.
        types = TOKEN_TYPES if "type" in keep else []
        if len(metrics) == 1 and not changes and not types and "type" not in metrics[0]:
            return aggregated(aggregate, own, self._series(metrics[0], gauges, present))
        terms = []
        for number, metric in enumerate(metrics, start=1):
            term = aggregated(aggregate, own, self._series(metric, gauges, present))
            for change in [*changes, *([] if "type" in metric else types)]:
                term = relabelled(term, *change)
            if "type" in metric:
                term = labelled(term, "type", metric["type"])
            if len(metrics) > 1:
                # A union keeps one of two equal label sets: number them, so that both are added.
                term = labelled(term, "term", str(number))
            terms.append(term)
        return aggregated(aggregate, ["job", *keep], f"\n{union(terms)}\n")

    @property
    def _labels(self) -> Mapping[str, list[str]]:
        return self.preset.get("labels", {})

    def _series(self, metric: Metric, gauges: bool, present: str) -> str:
        """A metric by whichever of its names a target exposes, the newest first."""
        matchers = metric.get("matchers", "")
        found = []
        newer = ""
        for name in metric["metrics"]:
            series = selector(name, self.jobs, matchers, present)
            if not gauges:
                all_below = 'le="+Inf"' if name.endswith("_bucket") else ""
                widest = selector(name, self.jobs, matchers, present, all_below) if all_below else ""
                series = per_second(series, "" if self.preset.get("idle_series_vanish") else self.begun, widest)
            if len(metric["metrics"]) > 1 and not gauges:
                series = f"({series})"
            if newer and matchers:
                # A target that has the newer name, but no such series of it, is not read by the older one.
                series = f"({series} unless on (job, instance) {selector(newer, self.jobs)})"
            found.append(series)
            newer = name
        return " or on (job, instance) ".join(found)

    def _changes(self, keep: Sequence[str]) -> list[tuple[str, str, str, str]]:
        """How the source's own labels are renamed, and get their defaults: the arguments of label_replace()."""
        defaults = self.preset.get("defaults", {})
        changes = []
        for label in keep:
            origins = self._labels.get(label, [label])
            for origin in origins if origins != [label] else []:
                # A label that is there already is kept under another name, or series would collide as soon as it is
                # overwritten.
                target = f"own_{label}" if origin == label else label
                changes.append((target, "$1", origin, "(.+)"))
            if label in defaults:
                changes.append((label, defaults[label], label, ""))
        return changes


def sources(gateways: Iterable[Gateway], presets: Mapping[str, Preset]) -> list[Source]:
    """The kinds in use, by name.

    Raises AnsibleFilterError for a kind without a preset.
    """
    jobs: dict[str, list[str]] = {}
    for gateway in gateways:
        jobs.setdefault(gateway["kind"], []).append(gateway["name"])
    return [Source(kind, preset_of(kind, presets), one_of_jobs(jobs[kind]), jobs[kind]) for kind in sorted(jobs)]
