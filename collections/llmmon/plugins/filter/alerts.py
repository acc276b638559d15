# SPDX-License-Identifier: Apache-2.0
"""Write alerting rules: what the templates say of an alert, tuned by what the user says of it."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable
from typing import Any

# What an alert opens that says nothing else: the uid of a dashboard, by component.
DASHBOARDS = {"llm": "llmmon-operations", "monitoring": "llmmon-stack"}


def alert(
    expression: str,
    name: str,
    context: dict[str, Any],
    *,
    summary: str,
    description: str,
    labels: dict[str, str] | None = None,
    dashboard: str | None = None,
    dashboard_for: list[str] | None = None,
) -> str:
    """One alerting rule as YAML, or nothing when the user has switched it off.

    ``context`` holds what all alerts share: ``tuning`` (by name: for, severity, and what the user changes), and the
    addresses ``runbooks`` and ``dashboards``. An alert opens the dashboard of its component unless it names another,
    narrowed down by the labels in ``dashboard_for``.
    """
    own = context["tuning"][name]
    if not own.get("enabled", True):
        return ""
    component = "llm" if name.startswith("LLM") else "monitoring"
    opens = f"{context['dashboards']}/{dashboard or DASHBOARDS[component]}"
    narrowed = "&".join(f"var-{label}={{{{ $labels.{label} | urlquery }}}}" for label in dashboard_for or [])
    all_labels = {
        "severity": own["severity"],
        "component": component,
        **(labels or {}),
        **own.get("labels", {}),
    }
    annotations = {
        "summary": summary,
        # Written over several lines in the templates.
        "description": " ".join(description.split()),
        "runbook_url": f"{context['runbooks']}/{name}.md",
        "dashboard_url": opens + (f"?{narrowed}" if narrowed else ""),
        **own.get("annotations", {}),
    }
    lines = [f"- alert: {name}", "  expr: |-", textwrap.indent(textwrap.dedent(expression).strip(), "    ")]
    if own.get("for") is not None:
        lines.append(f"  for: {own['for']}")
    for title, values in (("labels", all_labels), ("annotations", annotations)):
        lines.append(f"  {title}:")
        lines += [f"    {key}: {json.dumps(str(value), ensure_ascii=False)}" for key, value in values.items()]
    return textwrap.indent("\n".join(lines), " " * 6) + "\n"


class FilterModule:
    """Filters of llmmon.stack."""

    def filters(self) -> dict[str, Callable[..., str]]:
        """Name to function."""
        return {"alert": alert}
