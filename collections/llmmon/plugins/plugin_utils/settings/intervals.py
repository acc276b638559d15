# SPDX-License-Identifier: Apache-2.0
"""What is wrong with llmmon_mute_time_intervals, as sentences that name the interval to change."""

from __future__ import annotations

import re
import zoneinfo
from typing import Any

from ansible_collections.llmmon.stack.plugins.plugin_utils.routing.intervals import CALENDAR, clock
from ansible_collections.llmmon.stack.plugins.plugin_utils.routing.lists import as_list
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.shapes import dictionary_problems, shown

_CLOCK = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d|24:00")


def interval_problems(intervals: dict[str, Any]) -> list[str]:
    """What is wrong with llmmon_mute_time_intervals."""
    found = dictionary_problems("llmmon_mute_time_intervals", intervals)
    for name, specs in () if found else intervals.items():
        variable = f"llmmon_mute_time_intervals.{name}"
        if not as_list(specs) or not all(isinstance(spec, dict) for spec in as_list(specs)):
            found.append(f"{variable} must be a dictionary, or a list of them, with some of {_known_interval_keys()}")
            continue
        for spec in as_list(specs):
            found += _spec_problems(variable, spec)
    return found


def time_zone_problems(zone: Any) -> list[str]:
    """What is wrong with llmmon_time_zone."""
    return _zone_problems("llmmon_time_zone", zone)


def _zone_problems(variable: str, zone: Any) -> list[str]:
    zones = zoneinfo.available_timezones()
    # Without a database of time zones here nobody can tell.
    if not zones or str(zone) in zones:
        return []
    return [f"{variable}: {shown(zone)} is not a time zone; write one such as Europe/Berlin or UTC"]


def _known_interval_keys() -> str:
    return ", ".join(("times", *CALENDAR, "location"))


def _spec_problems(variable: str, spec: dict[str, Any]) -> list[str]:
    found = [
        f"{variable}: {key} is unknown; known are {_known_interval_keys()}"
        for key in spec
        if key not in ("times", "location", *CALENDAR)
    ]
    if spec.get("location") != "Local":
        found += _zone_problems(f"{variable}.location", spec.get("location", "UTC"))
    for key, (pattern, words) in CALENDAR.items():
        found += [
            f"{variable}.{key}: {shown(value)} is not {words}"
            for value in as_list(spec.get(key))
            if not pattern.fullmatch(str(value))
        ]
    return found + _time_problems(variable, spec)


def _time_problems(variable: str, spec: dict[str, Any]) -> list[str]:
    found = []
    calendar = ", ".join(key for key in CALENDAR if spec.get(key))
    for part in as_list(spec.get("times")):
        if not isinstance(part, dict) or set(part) != {"start_time", "end_time"}:
            found.append(f"{variable}.times: each has a start_time and an end_time, such as 22:00 and 07:00")
            continue
        start, end = clock(part["start_time"]), clock(part["end_time"])
        wrong = [text for text in (start, end) if not _CLOCK.fullmatch(text)]
        found += [f"{variable}.times: {text!r} is not a time of day such as 07:00" for text in wrong]
        if wrong:
            continue
        if start == end:
            found.append(f"{variable}.times: {start} to {end} is an empty time; for the whole day leave times out")
        elif start > end and calendar:
            found.append(
                f"{variable}.times: {start} to {end} goes over midnight, and with {calendar} it is not clear which day"
                " is meant; write what is before and what is after midnight as two intervals"
            )
    return found
