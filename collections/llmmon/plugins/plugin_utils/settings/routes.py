# SPDX-License-Identifier: Apache-2.0
"""What is wrong with llmmon_routes and llmmon_default_receivers, as sentences that name the route to change."""

from __future__ import annotations

from typing import Any

from ansible_collections.llmmon.stack.plugins.plugin_utils.durations import is_duration
from ansible_collections.llmmon.stack.plugins.plugin_utils.routing.lists import as_list
from ansible_collections.llmmon.stack.plugins.plugin_utils.routing.matchers import parsed_matcher
from ansible_collections.llmmon.stack.plugins.plugin_utils.routing.routes import (
    DURATIONS,
    INTERVAL_LISTS,
    ROUTE_KEYS,
    route_matchers,
)
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.regexes import regex_problem
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.shapes import (
    dictionary_problems,
    list_problems,
    repeated,
    shown,
)

# Receivers that a variable of the environment adds.
_SHORT = {"slack": "SLACK_WEBHOOK_URL", "discord": "DISCORD_WEBHOOK_URL"}


def route_problems(
    routes: list[Any], default_receivers: list[Any], receivers: dict[str, Any], intervals: dict[str, Any]
) -> list[str]:
    """What is wrong with llmmon_routes and llmmon_default_receivers.

    ``receivers`` is llmmon_receivers, ``intervals`` llmmon_mute_time_intervals; interval_problems says what is wrong
    with the latter.
    """
    found = list_problems("llmmon_routes", routes, "[{team: search, receivers: [slack]}]")
    found += list_problems("llmmon_default_receivers", default_receivers, "[slack]")
    found += dictionary_problems("llmmon_receivers", receivers)
    if found:
        return found
    for number, route in enumerate(routes, start=1):
        variable = f"llmmon_routes, route {number}"
        if not isinstance(route, dict):
            found.append(f"{variable}: it must be a dictionary with some of {', '.join(ROUTE_KEYS)}")
            continue
        found += _route_problems(variable, route, list(receivers), intervals)
        if number < len(routes) and not route_matchers(route) and not route.get("continue"):
            found.append(f"{variable}: it takes every alert, so those after it get none; move it to the end")
    found += _receiver_list_problems("llmmon_default_receivers", default_receivers, list(receivers))
    reached = [name for route in routes if isinstance(route, dict) for name in as_list(route.get("receivers"))]
    return found + [
        f"llmmon_receivers: no alert reaches {name}; name it in llmmon_routes or llmmon_default_receivers"
        + (f", or leave {_SHORT[name]} empty if that is where it comes from" if name in _SHORT else "")
        for name in receivers
        if name not in [*reached, *default_receivers]
    ]


def _route_problems(variable: str, route: dict[str, Any], receivers: list[str], intervals: Any) -> list[str]:
    found = [
        f"{variable}: {key} is unknown; known are {', '.join(ROUTE_KEYS)}" for key in route if key not in ROUTE_KEYS
    ]
    if "receivers" not in route:
        found.append(f"{variable}: it names no receivers; an empty list means that nobody is told")
    found += _receiver_list_problems(variable, as_list(route.get("receivers")), receivers)
    for text in as_list(route.get("matchers")):
        found += _matcher_problems(variable, text)
    if isinstance(intervals, dict):
        found += [
            f"{variable}: there is no time interval {shown(name)} in llmmon_mute_time_intervals"
            for key in INTERVAL_LISTS
            for name in as_list(route.get(key))
            if name not in list(intervals)
        ]
    if "group_by" in route:
        found += list_problems(f"{variable}: group_by", route["group_by"], "[job, model]")
    found += [
        f"{variable}: {key} is {shown(route[key])}, which is not a duration such as 30s or 4h"
        for key in DURATIONS
        if key in route and not is_duration(route[key])
    ]
    if not isinstance(route.get("continue", False), bool):
        found.append(f"{variable}: continue must be true or false")
    return found


def _receiver_list_problems(variable: str, names: list[Any], receivers: list[str]) -> list[str]:
    known = ", ".join(map(str, receivers)) or "none"
    found = [
        f"{variable}: there is no receiver {shown(name)} in llmmon_receivers; there are {known}"
        for name in names
        if name not in receivers
    ]
    return found + [f"{variable}: the receiver {name} appears twice" for name in repeated(names)]


def _matcher_problems(variable: str, text: Any) -> list[str]:
    matcher = parsed_matcher(text)
    if matcher is None:
        example = """job="litellm" or model=~"gpt-.*\""""
        return [f"{variable}: {shown(text)} is not a matcher; write one such as {example}"]
    _, operator, value = matcher
    problem = regex_problem(value) if "~" in operator else None
    return [f"{variable}: the regular expression of {shown(text)} does not compile: {problem}"] if problem else []
