# SPDX-License-Identifier: Apache-2.0
"""Alerting rules: what the collection says of an alert, tuned by what the user says of it."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.llmmon.stack.plugins.plugin_utils.languages import Language
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.gateway_labels import GatewayLabels, with_labels
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.model import Rule, texts

# What an alert opens that says nothing else: the uid of a dashboard, by component.
DASHBOARDS = {"llm": "llmmon-operations", "hosts": "llmmon-hosts", "monitoring": "llmmon-stack"}
# What an alert is about, by how its name begins; all others are about the monitoring itself.
_COMPONENTS = {"LLM": "llm", "Host": "hosts", "GPU": "hosts"}
# The alert's value, written so that texts are in the order of their values: Alertmanager's templates know no numbers.
_SORTABLE = '{{ $value | printf "%020.6f" }}'


@dataclass(frozen=True)
class Alerting:
    """What all alerts share.

    ``tuning`` is by the alert's name: ``for``, ``keep_firing_for``, ``severity``, and what the user changes.
    ``runbooks``, ``dashboards`` and ``alertmanager`` are addresses. ``first_checks`` say, by the alert's name, what to
    look at first. ``gateway_labels`` are for all alerts about a gateway. ``language`` is that of all texts, and of the
    runbooks.
    """

    tuning: Mapping[str, Mapping[str, Any]]
    runbooks: str
    dashboards: str
    alertmanager: str
    first_checks: Mapping[str, str]
    gateway_labels: GatewayLabels = field(default_factory=dict)
    language: Language = field(default_factory=Language)

    def said(self, sentence: str, values: Mapping[str, object] | None = None) -> str:
        """A part of a text, in the language of the messages."""
        return self.language.said(sentence, values)

    def alert(
        self,
        name: str,
        expression: str,
        *,
        summary: str,
        description: str,
        values: Mapping[str, object] | None = None,
        labels: Mapping[str, str] | None = None,
        dashboard: str | None = None,
        dashboard_for: Sequence[str] = (),
        among: str = "",
    ) -> list[Rule]:
        """One alerting rule, or none when the user has switched it off.

        An alert opens the dashboard of its component unless it names another, narrowed down by the labels in
        ``dashboard_for``: one that is narrowed down to a job is about a gateway, and gets the gateway's labels. One
        that is narrowed down to a model may fire for hundreds at once: messages sort them by their value, and say how
        many models the recorded series ``among`` knows. Its texts are English, may be written over several lines, and
        name ``values`` as ``[[ name ]]``.
        """
        own = self.tuning[name]
        if not own.get("enabled", True):
            return []
        component = next((about for begins, about in _COMPONENTS.items() if name.startswith(begins)), "monitoring")
        narrowed = "&".join(f"var-{label}={{{{ $labels.{label} | urlquery }}}}" for label in dashboard_for)
        expression = textwrap.dedent(expression).strip()
        if "job" in dashboard_for:
            job = (labels or {}).get("job")
            expression = with_labels(expression, self.gateway_labels, own=dashboard_for, job=job)
        rule = Rule(alert=name, expr=expression)
        if own.get("for") is not None:
            rule["for"] = str(own["for"])
        if own.get("keep_firing_for") is not None:
            rule["keep_firing_for"] = str(own["keep_firing_for"])
        rule["labels"] = texts(
            {
                "severity": own["severity"],
                "component": component,
                **(labels or {}),
                **own.get("labels", {}),
            }
        )
        rule["annotations"] = texts(
            {
                "summary": self.said(summary),
                "description": self.said(description, values),
                **({"first_check": self.said(self.first_checks[name])} if name in self.first_checks else {}),
                "runbook_url": f"{self.runbooks}/{name}.md",
                "dashboard_url": f"{self.dashboards}/{dashboard or DASHBOARDS[component]}"
                + (f"?{narrowed}" if narrowed else ""),
                **({"sort_key": _SORTABLE} if "model" in dashboard_for else {}),
                **({"models_in_all": _in_all(among)} if among else {}),
                **own.get("annotations", {}),
            }
        )
        return [rule]


def _in_all(series: str) -> str:
    """How many models there are at the alert's gateway."""
    asked = f"count(count by (model) ({series}{{job=%q}}))"
    return (
        f'{{{{ with printf `{asked}` $labels.job | query }}}}{{{{ . | first | value | printf "%.0f" }}}}{{{{ end }}}}'
    )
