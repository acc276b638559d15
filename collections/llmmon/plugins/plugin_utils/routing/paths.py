# SPDX-License-Identifier: Apache-2.0
"""Where alerts end, for whoever follows them: the routes of Alertmanager's configuration, without how they repeat."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.llmmon.stack.plugins.plugin_utils.routing.intervals import (
    CALENDAR,
    MONTHS,
    WEEKDAYS,
    time_interval,
)
from ansible_collections.llmmon.stack.plugins.plugin_utils.routing.lists import as_list
from ansible_collections.llmmon.stack.plugins.plugin_utils.routing.matchers import parsed_matcher
from ansible_collections.llmmon.stack.plugins.plugin_utils.routing.receivers import NOBODY
from ansible_collections.llmmon.stack.plugins.plugin_utils.routing.routes import (
    INTERVAL_LISTS,
    default_routes,
    route_tree,
)

_DAY = 24 * 60
_MUTE, _ACTIVE = INTERVAL_LISTS
# Every value that there is, of what limits an interval to some days of a year.
_ALL = {"days_of_month": range(1, 32), "months": range(1, 13)}
_MONTHS = {name: number for number, name in enumerate(MONTHS, start=1)}


def alert_paths(
    receivers: dict[str, Any],
    routes: list[dict[str, Any]],
    default_receivers: list[str],
    group: dict[str, Any],
    intervals: dict[str, Any],
) -> list[dict[str, Any]]:
    """The routes below the root, the first that matches first; arguments as those of ``route_tree``, and the intervals.

    Of each: its receiver, its matchers as [label, operator, value], whether it continues, why it is muted for ever
    (empty where it is not), and its own routes. ``meant`` says that nobody is told because it was written so.
    """
    year = datetime.datetime.now(datetime.UTC).year
    muted = {name: covers_everything(specs, year) for name, specs in intervals.items()}
    never = {name: covers_nothing(specs, year) for name, specs in intervals.items()}
    tree = route_tree(receivers, routes, default_receivers, group)
    chosen = len(tree) - len(default_routes(default_receivers, group))
    return [_path(route, muted, never, meant=number < chosen) for number, route in enumerate(tree)]


def _path(
    route: Mapping[str, Any], muted: Mapping[str, bool], never: Mapping[str, bool], *, meant: bool
) -> dict[str, Any]:
    return {
        "receiver": route.get("receiver", NOBODY),
        "matchers": [list(parsed) for text in route.get("matchers", []) if (parsed := parsed_matcher(text))],
        "continue": bool(route.get("continue")),
        "muted": _why_muted(route, muted, never),
        "meant": meant,
        "routes": [_path(child, muted, never, meant=meant) for child in route.get("routes", [])],
    }


def _why_muted(route: Mapping[str, Any], muted: Mapping[str, bool], never: Mapping[str, bool]) -> str:
    for name in as_list(route.get(_MUTE)):
        if muted.get(name):
            return f"the interval {name} of llmmon_mute_time_intervals mutes its route for ever"
    active = as_list(route.get(_ACTIVE))
    if active and all(never.get(name) for name in active):
        return f"its route is active in {' and '.join(active)} of llmmon_mute_time_intervals, which never comes"
    return ""


def covers_everything(specs: Any, year: int) -> bool:
    """Whether intervals leave out no minute of any week from this year on."""
    covered: set[int] = set()
    for spec in as_list(specs):
        interval = time_interval(spec)
        limits = [key for key in CALENDAR if key != "weekdays" and not _is_whole(key, interval.get(key), year)]
        if not limits:
            covered |= _minutes(interval)
    return len(covered) == 7 * _DAY


def covers_nothing(specs: Any, year: int) -> bool:
    """Whether no moment from this year on is in the intervals."""
    return not any(
        _minutes(interval) and max(_numbers("years", interval.get("years")) or [year]) >= year
        for interval in map(time_interval, as_list(specs))
    )


def _is_whole(key: str, values: Any, year: int) -> bool:
    if not values:
        return True
    numbers = set(_numbers(key, values))
    if key == "years":
        # Nobody asks what is then.
        return numbers >= set(range(year, year + 10))
    return numbers >= set(_ALL[key])


def _numbers(key: str, values: Any) -> list[int]:
    found: list[int] = []
    for value in as_list(values):
        names = _MONTHS if key == "months" else {}
        ends = [names.get(end.lower()) or int(end) for end in str(value).split(":")]
        found += range(ends[0], ends[-1] + 1)
    return found


def _minutes(interval: Mapping[str, Any]) -> set[int]:
    """The minutes of a week that are in an interval."""
    days = set(_days(interval.get("weekdays") or list(WEEKDAYS)))
    times = interval.get("times") or [{"start_time": "00:00", "end_time": "24:00"}]
    return {
        day * _DAY + minute
        for day in days
        for part in times
        for minute in range(_minute(part["start_time"]), _minute(part["end_time"]))
    }


def _days(values: Iterable[str]) -> list[int]:
    found: list[int] = []
    for value in values:
        ends = [WEEKDAYS.index(end.lower()) for end in str(value).split(":")]
        found += range(ends[0], ends[-1] + 1)
    return found


def _minute(clock: str) -> int:
    hours, _, minutes = clock.partition(":")
    return int(hours) * 60 + int(minutes)
