# SPDX-License-Identifier: Apache-2.0
"""The labels that the user gives a gateway, on all alerts about it.

What is recorded has other labels, and so have the alerts that read it. The labels are written into the expressions:
nothing is looked up, so no sample can be missing. (As templates of the alert's labels, those of other gateways would be
in ALERTS as they are written.)
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping

from ansible_collections.llmmon.stack.plugins.plugin_utils.gateways import Gateway
from ansible_collections.llmmon.stack.plugins.plugin_utils.rules.promql import any_of, quoted

# What recorded series are told apart by; a gateway's label of this name stays where it is scraped.
OF_SERIES = ("model", "source", "type", "reason", "deployment", "address", "fallback")

# Jobs by their labels' names and values.
GatewayLabels = Mapping[str, Mapping[str, list[str]]]


def gateway_labels(gateways: Iterable[Gateway]) -> GatewayLabels:
    """What the user says of gateways, so that each label with its value is written once."""
    found: dict[str, dict[str, list[str]]] = {}
    for gateway in gateways:
        for label, value in gateway.get("labels", {}).items():
            if value is not None:
                # As the scrape configuration has it: true, not True.
                text = value if isinstance(value, str) else json.dumps(value)
                found.setdefault(str(label), {}).setdefault(text, []).append(gateway["name"])
    return found


def with_labels(expression: str, labels: GatewayLabels, own: Collection[str], job: str | None) -> str:
    """An alert's expression whose series get the labels of their gateway.

    ``own`` are labels that the alert has itself, ``job`` is the only one it is about, if there is one.
    """
    before, after = [], []
    for label, jobs_by_value in sorted(labels.items()):
        for value, jobs in jobs_by_value.items():
            about = [name for name in jobs if job in (None, name)]
            if about and label not in (*OF_SERIES, *own):
                # A dollar would refer to what was matched.
                given = ", ".join(map(quoted, (label, value.replace("$", "$$"), "job", any_of(about))))
                before.append("label_replace(")
                after.append(f", {given})")
    if not before:
        return expression
    # A label a line, so that the expression can still be read.
    return "".join(before) + f"\n{expression}\n" + "\n".join(after)
