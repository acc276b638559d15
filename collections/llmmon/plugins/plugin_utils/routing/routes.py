# SPDX-License-Identifier: Apache-2.0
"""Turn llmmon_routes into the routes of Alertmanager's configuration."""

from __future__ import annotations

from typing import Any

from ansible_collections.llmmon.stack.plugins.plugin_utils.routing.lists import as_list
from ansible_collections.llmmon.stack.plugins.plugin_utils.routing.matchers import (
    label_matcher,
    parsed_matcher,
    written_matcher,
)
from ansible_collections.llmmon.stack.plugins.plugin_utils.routing.receivers import HEARTBEAT, NOBODY, integration_of

PROBE_ALERT = "LLMMonDeliveryProbe"
HEARTBEAT_ALERT = "Watchdog"
FAILING_ALERT = "AlertNotificationsFailing"

LABEL_SHORTCUTS = ("severity", "team")
INTERVAL_LISTS = ("mute_time_intervals", "active_time_intervals")
DURATIONS = ("group_wait", "group_interval", "repeat_interval")
ROUTE_KEYS = (*LABEL_SHORTCUTS, "matchers", "receivers", "continue", *INTERVAL_LISTS, "group_by", *DURATIONS)


def route_matchers(route: dict[str, Any]) -> list[str]:
    """All matchers of a route of the user's."""
    found = [label_matcher(label, as_list(route[label])) for label in LABEL_SHORTCUTS if as_list(route.get(label))]
    parsed = [parsed_matcher(text) for text in as_list(route.get("matchers"))]
    return found + [written_matcher(*matcher) for matcher in parsed if matcher]


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
    people = {name: integration_of(name, settings) for name, settings in receivers.items() if name != HEARTBEAT}
    found = []
    for integration in sorted({integration_of(name, settings) for name, settings in receivers.items()}):
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
    shared = {key: as_list(route[key]) for key in INTERVAL_LISTS if route.get(key)}
    found: dict[str, Any] = {}
    matchers = route_matchers(route)
    if matchers:
        found["matchers"] = matchers
    found |= {key: route[key] for key in ("group_by", *DURATIONS) if key in route}
    if route.get("continue"):
        found["continue"] = True
    return {**found, **fan_out(as_list(route["receivers"]), **shared)}


def default_routes(receivers: list[str], group: dict[str, Any]) -> list[dict[str, Any]]:
    """Where alerts go that no route of the user's took: what is critical is repeated sooner, information later."""
    repeated = {"critical": "1h", "info": "4d"}
    own = [
        {
            "matchers": [written_matcher("severity", "=", severity)],
            "repeat_interval": group.get(f"{severity}_repeat_interval", usual),
            **fan_out(receivers),
        }
        for severity, usual in repeated.items()
    ]
    return [*own, fan_out(receivers)]


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
