# SPDX-License-Identifier: Apache-2.0
"""Turn llmmon_mute_time_intervals into the time intervals of Alertmanager's configuration."""

from __future__ import annotations

import re
from typing import Any

from ansible_collections.llmmon.stack.plugins.plugin_utils.routing.lists import as_list

WEEKDAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)


def _range_of(part: str) -> re.Pattern[str]:
    return re.compile(rf"(?:{part})(?::(?:{part}))?", re.IGNORECASE)


# What Alertmanager takes under each key, a list of single values or of ranges first:last, and the words for it.
CALENDAR = {
    "weekdays": (_range_of("|".join(WEEKDAYS)), "a day such as monday, or days such as monday:friday"),
    "days_of_month": (
        _range_of(r"-?(?:[1-9]|[12]\d|3[01])"),
        "a day such as 1, days such as 1:7, or days from the end such as -1",
    ),
    "months": (_range_of("|".join((*MONTHS, "1[0-2]", "[1-9]"))), "a month such as may or 5, or months such as 6:8"),
    "years": (_range_of(r"[1-9]\d{3}"), "a year such as 2030, or years such as 2030:2031"),
}


def clock(value: Any) -> str:
    """A time of day; YAML takes 22:00 without quotes for a number of minutes."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 24 * 60:
        return f"{value // 60:02d}:{value % 60:02d}"
    return str(value)


def time_interval(spec: dict[str, Any]) -> dict[str, Any]:
    """One interval as Alertmanager's: a time that ends before it begins goes over midnight, so it is two."""
    found = {key: value for key, value in spec.items() if key != "times"}
    times: list[dict[str, str]] = []
    for part in as_list(spec.get("times")):
        start, end = clock(part["start_time"]), clock(part["end_time"])
        if start > end:
            times.append({"start_time": start, "end_time": "24:00"})
            start = "00:00"
        if start != end:
            times.append({"start_time": start, "end_time": end})
    if times:
        found["times"] = times
    for key in CALENDAR:
        if key in found:
            # Days and years that YAML took for numbers; Alertmanager wants strings.
            found[key] = [str(value) for value in as_list(found[key])]
    return found


def time_intervals(intervals: dict[str, Any]) -> list[dict[str, Any]]:
    """The list ``time_intervals`` of Alertmanager's configuration."""
    return [
        {"name": name, "time_intervals": [time_interval(spec) for spec in as_list(specs)]}
        for name, specs in intervals.items()
    ]
