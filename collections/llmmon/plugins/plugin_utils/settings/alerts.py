# SPDX-License-Identifier: Apache-2.0
"""What is wrong with llmmon_alerts, by which users tune the alerts."""

from __future__ import annotations

import re
from typing import Any

from ansible_collections.llmmon.stack.plugins.plugin_utils.durations import is_duration
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.shapes import dictionary_problems, shown

SEVERITIES = ("critical", "warning", "info", "none")
ALERT_KEYS = ("enabled", "for", "keep_firing_for", "severity", "labels", "annotations")

_LABEL_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")


def alert_problems(alerts: dict[str, Any], known: list[str]) -> list[str]:
    """What is wrong with llmmon_alerts; ``known`` are the names of all alerts."""
    found = dictionary_problems("llmmon_alerts", alerts)
    for name, changes in () if found else alerts.items():
        variable = f"llmmon_alerts.{name}"
        if name not in known:
            found.append(f"llmmon_alerts: there is no alert {name}; there are {', '.join(sorted(known))}")
        elif not isinstance(changes, dict):
            found.append(f"{variable} must be a dictionary with some of {', '.join(ALERT_KEYS)}")
        else:
            found += _change_problems(variable, changes)
    return found


def _change_problems(variable: str, changes: dict[str, Any]) -> list[str]:
    """What is wrong with the changes to one alert."""
    found = [
        f"{variable}: {key} is unknown; known are {', '.join(ALERT_KEYS)}" for key in changes if key not in ALERT_KEYS
    ]
    if not isinstance(changes.get("enabled", True), bool):
        found.append(f"{variable}.enabled is {shown(changes['enabled'])}, but must be true or false")
    found += [
        f"{variable}.{key} is {shown(changes[key])}, but must be a duration such as 90s, 5m or 1h30m"
        for key in ("for", "keep_firing_for")
        if not is_duration(changes.get(key, 0))
    ]
    if changes.get("severity", "none") not in SEVERITIES:
        found.append(f"{variable}.severity is {shown(changes['severity'])}, but must be one of {', '.join(SEVERITIES)}")
    for key in ("labels", "annotations"):
        values = changes.get(key, {})
        if not isinstance(values, dict) or not all(_LABEL_NAME.fullmatch(str(name)) for name in values):
            found.append(f"{variable}.{key} must be a dictionary whose keys consist of letters, digits and '_'")
    return found
