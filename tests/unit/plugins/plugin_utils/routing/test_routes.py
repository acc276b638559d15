"""What becomes of llmmon_routes."""

from __future__ import annotations

from typing import Any

from ansible_collections.llmmon.stack.plugins.plugin_utils.routing.routes import (
    failing_routes,
    fan_out,
    heartbeat_route,
    probe_route,
    route_matchers,
    route_tree,
    user_route,
)

SLACK: dict[str, Any] = {"webhook_url": "https://hooks.example/x"}
RECEIVERS = {
    "slack": SLACK,
    "slack-payments": {"type": "slack", **SLACK},
    "email": {"to": "a", "from": "b", "smarthost": "m:25"},
    "heartbeat": {"type": "webhook", "url": "https://beat.example"},
}
PEOPLE = ["slack", "slack-payments", "email"]


def test_what_a_route_matches() -> None:
    assert route_matchers({"severity": "critical", "team": ["a"], "matchers": ["job=x"]}) == [
        'severity="critical"',
        'team="a"',
        'job="x"',
    ]
    assert route_matchers({"severity": [], "receivers": ["slack"]}) == []


def test_a_route_to_several_has_a_child_for_each() -> None:
    assert fan_out([]) == {"receiver": "nobody"}
    assert fan_out(["a"], mute_time_intervals=["n"]) == {"receiver": "a", "mute_time_intervals": ["n"]}
    # Children do not inherit when to be quiet.
    assert fan_out(["a", "b"], mute_time_intervals=["n"]) == {
        "receiver": "a",
        "routes": [
            {"receiver": "a", "continue": True, "mute_time_intervals": ["n"]},
            {"receiver": "b", "mute_time_intervals": ["n"]},
        ],
    }


def test_the_probe_goes_to_all_at_once_and_is_never_one_of_a_group() -> None:
    route = probe_route(RECEIVERS)
    assert route["matchers"] == ['alertname="LLMMonDeliveryProbe"']
    assert (route["group_by"], route["group_wait"]) == (["..."], "0s")
    assert [child["receiver"] for child in route["routes"]] == list(RECEIVERS)
    assert [child.get("continue", False) for child in route["routes"]] == [True, True, True, False]
    assert "continue" not in route


def test_the_heartbeat_beats_once_a_minute_or_is_dropped() -> None:
    assert heartbeat_route({"slack": SLACK}) == {"matchers": ['alertname="Watchdog"'], "receiver": "nobody"}
    route = heartbeat_route(RECEIVERS)
    assert (route["receiver"], route["group_wait"], route["repeat_interval"]) == ("heartbeat", "0s", "1m")


def told_by(routes: list[dict[str, Any]]) -> dict[str, list[str]]:
    """Second matcher to receivers."""
    return {route["matchers"][1]: [child["receiver"] for child in route.get("routes", [route])] for route in routes}


def test_that_a_channel_is_dead_is_told_by_others() -> None:
    assert told_by(failing_routes(RECEIVERS, PEOPLE)) == {
        'integration="email"': ["slack", "slack-payments"],
        'integration="slack"': ["email"],
        'integration="webhook"': ["slack", "slack-payments", "email"],
    }
    # Who gets the rest by default is preferred; who is there at all will do.
    assert told_by(failing_routes(RECEIVERS, ["slack"])) == {
        'integration="email"': ["slack"],
        'integration="slack"': ["email"],
        'integration="webhook"': ["slack"],
    }
    # With one channel there is no other, and the alert takes its usual way.
    assert failing_routes({"slack": SLACK}, ["slack"]) == []


def test_a_dead_channel_is_known_by_what_alertmanager_counts_it_as() -> None:
    """Whatever its type is called here: Mattermost is sent to as Slack is, and is no help when that is what fails."""
    receivers = {"google_chat": SLACK, "mattermost": SLACK, "msteams": SLACK, "slack": SLACK}
    assert told_by(failing_routes(receivers, [])) == {
        'integration="webhook"': ["mattermost", "msteams", "slack"],
        'integration="slack"': ["google_chat", "msteams"],
        'integration="msteamsv2"': ["google_chat", "mattermost", "slack"],
    }


def test_a_route_of_the_user_s() -> None:
    route = {
        "severity": ["critical"],
        "receivers": ["email", "slack"],
        "mute_time_intervals": ["night"],
        "group_by": ["job"],
        "repeat_interval": "2h",
        "continue": True,
    }
    assert user_route(route) == {
        "matchers": ['severity="critical"'],
        "group_by": ["job"],
        "repeat_interval": "2h",
        "continue": True,
        "receiver": "email",
        "routes": [
            {"receiver": "email", "continue": True, "mute_time_intervals": ["night"]},
            {"receiver": "slack", "mute_time_intervals": ["night"]},
        ],
    }


def test_the_last_routes_take_what_is_left() -> None:
    *_, critical, information, rest = route_tree(RECEIVERS, [], ["slack"], {"critical_repeat_interval": "10m"})
    assert information == {"matchers": ['severity="info"'], "repeat_interval": "4d", "receiver": "slack"}
    assert critical == {"matchers": ['severity="critical"'], "repeat_interval": "10m", "receiver": "slack"}
    assert rest == {"receiver": "slack"}
    assert route_tree({}, [], [], {})[-1] == {"receiver": "nobody"}
