"""What is wrong with llmmon_routes and llmmon_default_receivers."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.plugin_utils.routing.routes import (
    DURATIONS,
    ROUTE_KEYS,
)
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.routes import (
    route_problems,
)

OWN: dict[str, Any] = {
    "slack": {"webhook_url": "https://hooks.example/x"},
    "email": {"to": "a", "from": "b", "smarthost": "m:25"},
}
NIGHT = {"times": [{"start_time": "22:00", "end_time": "07:00"}]}


def problems(*routes: Any, default: list[Any] | None = None) -> list[str]:
    return route_problems(list(routes), ["slack", "email"] if default is None else default, OWN, {"night": NIGHT})


@pytest.mark.parametrize(
    "route",
    [
        {"receivers": ["slack"]},
        {"severity": "critical", "team": ["a", "b"], "receivers": ["slack", "email"], "mute_time_intervals": ["night"]},
        {"matchers": ['job=~"a.*"', 'x=~"(?i)[[:alpha:]]+\\pL"'], "receivers": [], "group_wait": "1h30m"},
        {"receivers": ["email"], "continue": True, "group_by": ["job"], "repeat_interval": "500ms"},
        {"receivers": ["email"], "group_wait": "0s", "group_interval": "1w", "repeat_interval": "1y2w"},
    ],
)
def test_good_routes(route: dict[str, Any]) -> None:
    assert problems(route) == []
    assert problems() == []


NO_RECEIVER = "there is no receiver 'pager' in llmmon_receivers; there are slack, email"


@pytest.mark.parametrize(
    ("route", "expected"),
    [
        ({"receivers": ["pager"]}, NO_RECEIVER),
        ({"receivers": ["slack", "slack"]}, "the receiver slack appears twice"),
        ({"severity": "critical"}, "it names no receivers; an empty list means that nobody is told"),
        ({"receivers": ["slack"], "sevrity": "x"}, f"sevrity is unknown; known are {', '.join(ROUTE_KEYS)}"),
        (
            {"receivers": ["slack"], "mute_time_intervals": ["nigth"]},
            "there is no time interval 'nigth' in llmmon_mute_time_intervals",
        ),
        (
            {"receivers": ["slack"], "active_time_intervals": ["day"]},
            "there is no time interval 'day' in llmmon_mute_time_intervals",
        ),
        (
            {"receivers": ["slack"], "matchers": ["job"]},
            """'job' is not a matcher; write one such as job="litellm" or model=~"gpt-.*\"""",
        ),
        (
            {"receivers": ["slack"], "matchers": ['job=~"a("']},
            """the regular expression of 'job=~"a("' does not compile: """
            "missing ), unterminated subpattern at position 1",
        ),
        ({"receivers": ["slack"], "continue": "yes"}, "continue must be true or false"),
        ("slack", f"it must be a dictionary with some of {', '.join(ROUTE_KEYS)}"),
    ],
)
def test_bad_routes(route: Any, expected: str) -> None:
    assert problems({"severity": "info", "receivers": []}, route) == [f"llmmon_routes, route 2: {expected}"]


def test_look_arounds_do_not_compile_for_alertmanager() -> None:
    (sentence,) = problems({"receivers": ["slack"], "matchers": ['job!~"(?!a)"']})
    assert "does not compile" in sentence


@pytest.mark.parametrize("key", DURATIONS)
@pytest.mark.parametrize("value", ["5 minutes", "", 30, "1m30", None])
def test_durations(key: str, value: Any) -> None:
    assert problems({"receivers": ["slack"], key: value}) == [
        f"llmmon_routes, route 1: {key} is {value!r}, which is not a duration such as 30s or 4h"
    ]


def test_routes_that_are_never_reached() -> None:
    everything, rest = {"receivers": ["slack"]}, {"severity": "info", "receivers": ["email"]}
    assert problems(everything, rest) == [
        "llmmon_routes, route 1: it takes every alert, so those after it get none; move it to the end"
    ]
    assert problems({**everything, "continue": True}, rest) == []
    assert problems(rest, everything) == []


def test_the_default_receivers() -> None:
    assert problems(default=["slack", "pager", "email"]) == [f"llmmon_default_receivers: {NO_RECEIVER}"]
    assert problems(default=["slack", "email", "slack"]) == [
        "llmmon_default_receivers: the receiver slack appears twice"
    ]
    assert route_problems([], ["pager"], {}, {}) == [
        "llmmon_default_receivers: there is no receiver 'pager' in llmmon_receivers; there are none"
    ]


def test_every_receiver_has_a_route() -> None:
    assert problems(default=["slack"]) == [
        "llmmon_receivers: no alert reaches email; name it in llmmon_routes or llmmon_default_receivers"
    ]
    # It may be there by a variable of the environment alone, which nobody thinks of.
    assert problems(default=["email"]) == [
        "llmmon_receivers: no alert reaches slack; name it in llmmon_routes or llmmon_default_receivers, or leave"
        " SLACK_WEBHOOK_URL empty if that is where it comes from"
    ]
    assert problems({"severity": "critical", "receivers": ["email"]}, default=["slack"]) == []
