# SPDX-License-Identifier: Apache-2.0
"""The rules that the live Prometheus has loaded: what they tell of the deployment, and their copy for a drill."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Collection, Iterator
from pathlib import PurePath
from typing import Any

# Rule files of the user's own lie in a folder of this name.
OWN_RULES = "rules.d"
_NUMBERS = re.compile(r"(?:vector\(|\* )([0-9.]+(?:e[+-]?[0-9]+)?)")
INTERVAL = "2s"
# What every text begins with that goes to people.
MARK = "DRILL, nothing is wrong: "
MARKED = ("summary", "description")

Rule = dict[str, Any]


@dataclasses.dataclass(frozen=True)
class Loaded:
    """The groups of ``/api/v1/rules``."""

    groups: list[dict[str, Any]]

    def alerts(self, own: bool) -> list[Rule]:
        """Alerting rules of llmmon, or those of the user's own files."""
        return [
            rule
            for group in self.groups
            for rule in group["rules"]
            if rule["type"] == "alerting" and (OWN_RULES in PurePath(group["file"]).parts) == own
        ]

    def recorded(self, name: str) -> Iterator[Rule]:
        """Recording rules of this name."""
        for group in self.groups:
            yield from (rule for rule in group["rules"] if rule["type"] == "recording" and rule["name"] == name)

    def thresholds(self, name: str) -> list[float]:
        """Every value that a threshold has, the usual one first and then those of overrides."""
        return [
            float(number)
            for record in ("llmmon:threshold", "llmmon:threshold_override")
            for rule in self.recorded(record)
            if rule.get("labels", {}).get("name") == name
            for number in _NUMBERS.findall(rule["query"])
        ]

    def sources(self) -> dict[str, str]:
        """Gateway to the label ``source`` of what is recorded of it."""
        found = (rule.get("labels", {}) for rule in self.recorded("llmmon:gateway"))
        return {labels["job"]: labels["source"] for labels in found}

    def budgets(self) -> list[tuple[dict[str, str], float]]:
        """Labels (scope, and team or job) and dollars of each budget of a month that the user has set."""
        return [
            ({name: value for name, value in labels.items() if name != "period"}, float(number))
            for rule in self.recorded("llmmon:budget_usd")
            for labels in [rule.get("labels", {})]
            for number in _NUMBERS.findall(rule["query"])[:1]
            if labels.get("period") == "month"
        ]

    def priced_model(self) -> str:
        """A model whose tokens have a price; empty when none has."""
        return next((rule["labels"]["model"] for rule in self.recorded("llmmon:token_price_usd") if _exact(rule)), "")

    def copy(self, alerts: Collection[str], marked: bool) -> dict[str, dict[str, Any]]:
        """Rule files for a drill of these alerts: file name to content.

        Alerts do not wait and do not stay, and texts may be marked.
        """
        files: dict[str, list[dict[str, Any]]] = {}
        for group in self.groups:
            rules = [
                _copied(rule, marked)
                for rule in group["rules"]
                if rule["type"] == "recording" or rule["name"] in alerts
            ]
            files.setdefault(group["file"], []).append({"name": group["name"], "interval": INTERVAL, "rules": rules})
        return {f"{number}.json": {"groups": groups} for number, groups in enumerate(files.values())}


def _exact(rule: Rule) -> bool:
    return rule["query"].startswith("vector(") and "model" in rule.get("labels", {})


def _copied(rule: Rule, marked: bool) -> Rule:
    labels = dict(rule.get("labels") or {})
    if rule["type"] == "recording":
        return {"record": rule["name"], "expr": rule["query"], "labels": labels}
    texts = dict(rule.get("annotations") or {})
    if marked:
        texts.update({name: MARK + texts[name] for name in MARKED if name in texts})
    return {"alert": rule["name"], "expr": rule["query"], "labels": labels, "annotations": texts}
