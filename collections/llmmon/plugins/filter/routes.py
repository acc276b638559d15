# SPDX-License-Identifier: Apache-2.0
"""Turn llmmon_routes and llmmon_mute_time_intervals into what Alertmanager reads, and say what is wrong with them."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Callable
from typing import Any

from ansible_collections.llmmon.stack.plugins.filter.receivers import HEARTBEAT, NOBODY, type_of
from ansible_collections.llmmon.stack.plugins.filter.settings import duplicates, regex_problem

PROBE_ALERT = "LLMMonDeliveryProbe"
HEARTBEAT_ALERT = "Watchdog"
FAILING_ALERT = "AlertNotificationsFailing"

LABEL_SHORTCUTS = ("severity", "team")
INTERVAL_LISTS = ("mute_time_intervals", "active_time_intervals")
DURATIONS = ("group_wait", "group_interval", "repeat_interval")
ROUTE_KEYS = (*LABEL_SHORTCUTS, "matchers", "receivers", "continue", *INTERVAL_LISTS, "group_by", *DURATIONS)

_DURATION = re.compile(r"0|(?=.)(\d+y)?(\d+w)?(\d+d)?(\d+h)?(\d+m)?(\d+s)?(\d+ms)?")
# A name and a value, each bare or in double quotes, as Alertmanager's own parser takes them.
_QUOTED, _BARE = r'"((?:[^"\\]|\\.)*)"', r"""([^\s{}!=~,\\"'`]+)"""
_MATCHER = re.compile(rf"\s*(?:{_QUOTED}|{_BARE})\s*(=~|!~|!=|=)\s*(?:{_QUOTED}|{_BARE})\s*", re.DOTALL)
_CLASSIC_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_SPECIAL_IN_REGEX = re.compile(r"([\\.+*?()|\[\]{}^$])")

WEEKDAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
_CLOCK = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d|24:00")


def _range_of(part: str) -> re.Pattern[str]:
    return re.compile(rf"(?:{part})(?::(?:{part}))?", re.IGNORECASE)


# Each a list of single values or of ranges, first:last.
CALENDAR = {
    "weekdays": (_range_of("|".join(WEEKDAYS)), "a day such as monday, or days such as monday:friday"),
    "days_of_month": (
        _range_of(r"-?(?:[1-9]|[12]\d|3[01])"),
        "a day such as 1, days such as 1:7, or days from the end such as -1",
    ),
    "months": (_range_of("|".join((*MONTHS, "1[0-2]", "[1-9]"))), "a month such as may or 5, or months such as 6:8"),
    "years": (_range_of(r"[1-9]\d{3}"), "a year such as 2030, or years such as 2030:2031"),
}


# -- matchers


def parsed_matcher(text: Any) -> tuple[str, str, str] | None:
    """Label, operator and value of a matcher, None when it is none."""
    match = _MATCHER.fullmatch(str(text))
    if match is None:
        return None
    quoted_name, name, operator, quoted_value, value = match.groups()
    return (
        _unescaped(quoted_name) if name is None else name,
        operator,
        _unescaped(quoted_value) if value is None else value,
    )


def _unescaped(quoted: str) -> str:
    # What is escaped in a regular expression, such as \., is not for us.
    return re.sub(r'\\(["\\n])', lambda match: "\n" if match[1] == "n" else match[1], quoted)


def _in_quotes(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def written_matcher(label: str, operator: str, value: str) -> str:
    """A matcher that means the same to both of Alertmanager's parsers."""
    return (label if _CLASSIC_NAME.fullmatch(label) else _in_quotes(label)) + operator + _in_quotes(value)


def _as_list(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]


def label_matcher(label: str, values: list[Any]) -> str:
    """A matcher for one of several values of a label."""
    if len(values) == 1:
        return written_matcher(label, "=", str(values[0]))
    return written_matcher(label, "=~", "|".join(_SPECIAL_IN_REGEX.sub(r"\\\1", str(value)) for value in values))


def route_matchers(route: dict[str, Any]) -> list[str]:
    """All matchers of a route of the user's."""
    found = [label_matcher(label, _as_list(route[label])) for label in LABEL_SHORTCUTS if _as_list(route.get(label))]
    parsed = [parsed_matcher(text) for text in _as_list(route.get("matchers"))]
    return found + [written_matcher(*matcher) for matcher in parsed if matcher]


# -- routes


def fan_out(receivers: list[str], **shared: Any) -> dict[str, Any]:
    """A route to several receivers: Alertmanager's own goes to one, so there is a child for each.

    ``shared`` is what children do not inherit from their parent.
    """
    if len(receivers) == 1:
        return {"receiver": receivers[0], **shared}
    children = [{"receiver": name, "continue": True, **shared} for name in receivers]
    if not children:
        return {"receiver": NOBODY}
    del children[-1]["continue"]
    return {"receiver": receivers[0], "routes": children}


def probe_route(receivers: dict[str, Any]) -> dict[str, Any]:
    """The synthetic alert goes to every receiver at once, each run's by itself."""
    return {
        "matchers": [written_matcher("alertname", "=", PROBE_ALERT)],
        "group_by": ["..."],
        "group_wait": "0s",
        "group_interval": "5s",
        **fan_out(list(receivers)),
    }


def heartbeat_route(receivers: dict[str, Any]) -> dict[str, Any]:
    """The heartbeat shows that alerting works; it is nobody's trouble."""
    route = {"matchers": [written_matcher("alertname", "=", HEARTBEAT_ALERT)]}
    if HEARTBEAT not in receivers:
        return {**route, "receiver": NOBODY}
    # What is due is looked at once in a group_interval: with a longer one a beat would come a minute late.
    intervals = {"group_wait": "0s", "group_interval": "5s", "repeat_interval": "1m"}
    return {**route, "receiver": HEARTBEAT, **intervals}


def failing_routes(receivers: dict[str, Any], default_receivers: list[str]) -> list[dict[str, Any]]:
    """That a channel is dead is told by the others; the defaults of them, if there are any."""
    people = {name: type_of(name, settings) for name, settings in receivers.items() if name != HEARTBEAT}
    found = []
    for integration in sorted({type_of(name, settings) for name, settings in receivers.items()}):
        others = [name for name, other in people.items() if other != integration]
        preferred = [name for name in others if name in default_receivers] or others
        if preferred:
            matchers = [
                written_matcher("alertname", "=", FAILING_ALERT),
                written_matcher("integration", "=", integration),
            ]
            found.append({"matchers": matchers, **fan_out(preferred)})
    return found


def user_route(route: dict[str, Any]) -> dict[str, Any]:
    """A route of the user's as Alertmanager's."""
    shared = {key: _as_list(route[key]) for key in INTERVAL_LISTS if route.get(key)}
    found: dict[str, Any] = {}
    matchers = route_matchers(route)
    if matchers:
        found["matchers"] = matchers
    found |= {key: route[key] for key in ("group_by", *DURATIONS) if key in route}
    if route.get("continue"):
        found["continue"] = True
    return {**found, **fan_out(_as_list(route["receivers"]), **shared)}


def default_routes(receivers: list[str], group: dict[str, Any]) -> list[dict[str, Any]]:
    """Where alerts go that no route of the user's took: what is critical is repeated sooner."""
    critical = {"matchers": [written_matcher("severity", "=", "critical")]}
    critical["repeat_interval"] = group.get("critical_repeat_interval", "1h")
    return [{**critical, **fan_out(receivers)}, fan_out(receivers)]


def route_tree(
    receivers: dict[str, Any], routes: list[dict[str, Any]], default_receivers: list[str], group: dict[str, Any]
) -> list[dict[str, Any]]:
    """The routes below Alertmanager's root, the first that matches first.

    ``receivers`` are all of them, the heartbeat's included; ``group`` is llmmon_alertmanager_route.
    """
    return [
        probe_route(receivers),
        heartbeat_route(receivers),
        *failing_routes(receivers, default_receivers),
        *(user_route(route) for route in routes),
        *default_routes(default_receivers, group),
    ]


# -- time intervals


def clock(value: Any) -> str:
    """A time of day; YAML takes 22:00 without quotes for a number of minutes."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 24 * 60:
        return f"{value // 60:02d}:{value % 60:02d}"
    return str(value)


def time_interval(spec: dict[str, Any]) -> dict[str, Any]:
    """One interval as Alertmanager's: a time that ends before it begins goes over midnight, so it is two."""
    found = {key: value for key, value in spec.items() if key != "times"}
    times: list[dict[str, str]] = []
    for part in spec.get("times") or []:
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
            found[key] = [str(value) for value in _as_list(found[key])]
    return found


def time_intervals(intervals: dict[str, Any]) -> list[dict[str, Any]]:
    """The list ``time_intervals`` of Alertmanager's configuration."""
    return [
        {"name": name, "time_intervals": [time_interval(spec) for spec in _as_list(specs)]}
        for name, specs in intervals.items()
    ]


# -- what is wrong


def interval_problems(intervals: dict[str, Any]) -> list[str]:
    """What is wrong with llmmon_mute_time_intervals."""
    found = []
    for name, specs in intervals.items():
        variable = f"llmmon_mute_time_intervals.{name}"
        if not _as_list(specs) or not all(isinstance(spec, dict) for spec in _as_list(specs)):
            found.append(f"{variable} must be a dictionary, or a list of them, with some of {_known_interval_keys()}")
            continue
        for spec in _as_list(specs):
            found += _spec_problems(variable, spec)
    return found


def _known_interval_keys() -> str:
    return ", ".join(("times", *CALENDAR, "location"))


def _spec_problems(variable: str, spec: dict[str, Any]) -> list[str]:
    found = [
        f"{variable}: {key} is unknown; known are {_known_interval_keys()}"
        for key in spec
        if key not in ("times", "location", *CALENDAR)
    ]
    zones = zoneinfo.available_timezones()
    zone = spec.get("location", "UTC")
    # Without a database of time zones here, amtool on the host still has one.
    if zones and zone not in {*zones, "Local"}:
        found.append(f"{variable}.location: {zone!r} is no time zone; write one such as Europe/Berlin or UTC")
    for key, (pattern, words) in CALENDAR.items():
        found += [
            f"{variable}.{key}: {value!r} is not {words}"
            for value in _as_list(spec.get(key))
            if not pattern.fullmatch(str(value))
        ]
    return found + _time_problems(variable, spec)


def _time_problems(variable: str, spec: dict[str, Any]) -> list[str]:
    found = []
    calendar = ", ".join(key for key in CALENDAR if spec.get(key))
    for part in _as_list(spec.get("times")):
        if not isinstance(part, dict) or set(part) != {"start_time", "end_time"}:
            found.append(f"{variable}.times: each has a start_time and an end_time, such as 22:00 and 07:00")
            continue
        start, end = clock(part["start_time"]), clock(part["end_time"])
        wrong = [text for text in (start, end) if not _CLOCK.fullmatch(text)]
        found += [f"{variable}.times: {text!r} is no time of day such as 07:00" for text in wrong]
        if wrong:
            continue
        if start == end:
            found.append(f"{variable}.times: {start} to {end} is no time at all; for the whole day leave times out")
        elif start > end and calendar:
            found.append(
                f"{variable}.times: {start} to {end} goes over midnight, and with {calendar} it is not clear which day"
                " is meant; write what is before and what is after midnight as two intervals"
            )
    return found


def route_problems(
    routes: list[Any], default_receivers: list[Any], receivers: dict[str, Any], intervals: dict[str, Any]
) -> list[str]:
    """What is wrong with llmmon_routes and llmmon_default_receivers."""
    found = []
    for number, route in enumerate(routes, start=1):
        variable = f"llmmon_routes, route {number}"
        if not isinstance(route, dict):
            found.append(f"{variable}: it must be a dictionary with some of {', '.join(ROUTE_KEYS)}")
            continue
        found += _route_problems(variable, route, receivers, intervals)
        if number < len(routes) and not route_matchers(route) and not route.get("continue"):
            found.append(f"{variable}: it takes every alert, so those after it get none; move it to the end")
    found += _receiver_list_problems("llmmon_default_receivers", default_receivers, receivers)
    told = {name for route in routes if isinstance(route, dict) for name in _as_list(route.get("receivers"))}
    found += [
        f"llmmon_receivers: no alert reaches {name}; name it in llmmon_routes or llmmon_default_receivers"
        for name in receivers
        if name not in told | set(default_receivers)
    ]
    return found


def _route_problems(
    variable: str, route: dict[str, Any], receivers: dict[str, Any], intervals: dict[str, Any]
) -> list[str]:
    found = [
        f"{variable}: {key} is unknown; known are {', '.join(ROUTE_KEYS)}" for key in route if key not in ROUTE_KEYS
    ]
    if "receivers" not in route:
        found.append(f"{variable}: it names no receivers; an empty list means that nobody is told")
    found += _receiver_list_problems(variable, _as_list(route.get("receivers")), receivers)
    for text in _as_list(route.get("matchers")):
        found += _matcher_problems(variable, text)
    for key in INTERVAL_LISTS:
        found += [
            f"{variable}: there is no time interval {name!r} in llmmon_mute_time_intervals"
            for name in _as_list(route.get(key))
            if name not in intervals
        ]
    for key in DURATIONS:
        if key in route and not _DURATION.fullmatch(str(route[key])):
            found.append(f"{variable}: {key} is {route[key]!r}, which is no duration such as 30s or 4h")
    if not isinstance(route.get("continue", False), bool):
        found.append(f"{variable}: continue must be true or false")
    return found


def _receiver_list_problems(variable: str, names: list[Any], receivers: dict[str, Any]) -> list[str]:
    known = ", ".join(receivers) or "none"
    found = [
        f"{variable}: there is no receiver {name!r} in llmmon_receivers; there are {known}"
        for name in names
        if name not in receivers
    ]
    return found + [f"{variable}: the receiver {name} stands there twice" for name in duplicates(names)]


def _matcher_problems(variable: str, text: Any) -> list[str]:
    matcher = parsed_matcher(text)
    if matcher is None:
        return [f"""{variable}: {text!r} is no matcher; write one such as job="litellm" or model=~"gpt-.*" """.rstrip()]
    _, operator, value = matcher
    problem = regex_problem(value) if "~" in operator else None
    return [f"{variable}: the regular expression of {text!r} does not compile: {problem}"] if problem else []


class FilterModule:
    """Filters of llmmon.stack."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Name to function."""
        return {
            "interval_problems": interval_problems,
            "route_problems": route_problems,
            "route_tree": route_tree,
            "time_intervals": time_intervals,
        }
