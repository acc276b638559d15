"""What becomes of llmmon_routes and llmmon_mute_time_intervals, and what is wrong with them."""

from __future__ import annotations

import zoneinfo
from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.filter.routes import (
    DURATIONS,
    ROUTE_KEYS,
    clock,
    failing_routes,
    fan_out,
    heartbeat_route,
    interval_problems,
    label_matcher,
    parsed_matcher,
    probe_route,
    route_matchers,
    route_problems,
    route_tree,
    time_interval,
    time_intervals,
    user_route,
    written_matcher,
)

SLACK: dict[str, Any] = {"webhook_url": "https://hooks.example/x"}
RECEIVERS = {
    "slack": SLACK,
    "slack-payments": {"type": "slack", **SLACK},
    "email": {"to": "a", "from": "b", "smarthost": "m:25"},
    "heartbeat": {"type": "webhook", "url": "https://beat.example"},
}
PEOPLE = ["slack", "slack-payments", "email"]

# -- matchers


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a=b", ("a", "=", "b")),
        (' a =~ "b c" ', ("a", "=~", "b c")),
        ('a!=""', ("a", "!=", "")),
        ('a!~"x|y"', ("a", "!~", "x|y")),
        (r'a=~"gpt-4\.1"', ("a", "=~", r"gpt-4\.1")),
        (r'a=~"gpt-4\\.1"', ("a", "=~", r"gpt-4\.1")),
        (r'a="say \"x\"\n"', ("a", "=", 'say "x"\n')),
        ('"über label"="ü"', ("über label", "=", "ü")),
        ("a", None),
        ("a=", None),
        ("=b", None),
        ("a==b", None),
        ("a=b c", None),
        ("a='b'", None),
        ('a="b', None),
        ("{a=b}", None),
        ("a=b,c=d", None),
        ("", None),
        (5, None),
    ],
)
def test_matchers_are_read(text: Any, expected: tuple[str, str, str] | None) -> None:
    assert parsed_matcher(text) == expected


@pytest.mark.parametrize(
    ("matcher", "expected"),
    [
        (("a", "=", "b"), 'a="b"'),
        (("a", "=~", r"gpt-4\.1"), r'a=~"gpt-4\\.1"'),
        (("a", "=", 'say "x"\n'), r'a="say \"x\"\n"'),
        (("über label", "!=", ""), '"über label"!=""'),
    ],
)
def test_matchers_are_written_so_that_both_parsers_agree(matcher: tuple[str, str, str], expected: str) -> None:
    assert written_matcher(*matcher) == expected
    assert parsed_matcher(expected) == matcher


def test_labels_with_several_values() -> None:
    assert label_matcher("team", ["a"]) == 'team="a"'
    assert label_matcher("team", ["a.b", "c|d"]) == r'team=~"a\\.b|c\\|d"'
    assert route_matchers({"severity": "critical", "team": ["a"], "matchers": ["job=x"]}) == [
        'severity="critical"',
        'team="a"',
        'job="x"',
    ]
    assert route_matchers({"severity": [], "receivers": ["slack"]}) == []


# -- routes


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
    *_, critical, rest = route_tree(RECEIVERS, [], ["slack"], {"critical_repeat_interval": "10m"})
    assert critical == {"matchers": ['severity="critical"'], "repeat_interval": "10m", "receiver": "slack"}
    assert rest == {"receiver": "slack"}
    assert route_tree({}, [], [], {})[-1] == {"receiver": "nobody"}


# -- time intervals


@pytest.mark.parametrize(
    ("value", "expected"), [("07:00", "07:00"), (1320, "22:00"), (0, "00:00"), (1440, "24:00"), (True, "True")]
)
def test_times_of_day(value: Any, expected: str) -> None:
    assert clock(value) == expected


@pytest.mark.parametrize(
    ("times", "expected"),
    [
        ([("09:00", "17:00")], [("09:00", "17:00")]),
        ([("22:00", "07:00")], [("22:00", "24:00"), ("00:00", "07:00")]),
        ([(1320, "00:00")], [("22:00", "24:00")]),
    ],
)
def test_what_goes_over_midnight_is_two(times: list[tuple[Any, Any]], expected: list[tuple[str, str]]) -> None:
    spec = {"times": [{"start_time": start, "end_time": end} for start, end in times], "location": "Europe/Berlin"}
    assert time_interval(spec) == {
        "location": "Europe/Berlin",
        "times": [{"start_time": start, "end_time": end} for start, end in expected],
    }


def test_intervals_are_lists_of_strings() -> None:
    assert time_intervals({"x": {"days_of_month": [1], "years": 2030}, "y": [{"weekdays": ["monday"]}]}) == [
        {"name": "x", "time_intervals": [{"days_of_month": ["1"], "years": ["2030"]}]},
        {"name": "y", "time_intervals": [{"weekdays": ["monday"]}]},
    ]


def at(start: Any, end: Any) -> list[dict[str, Any]]:
    return [{"start_time": start, "end_time": end}]


NIGHT = {"times": at("22:00", "07:00"), "location": "Europe/Berlin"}
KNOWN_IN_INTERVALS = "times, weekdays, days_of_month, months, years, location"


@pytest.mark.parametrize(
    "interval",
    [
        NIGHT,
        [NIGHT, {"weekdays": ["saturday", "monday:friday"]}],
        {"location": "Local", "times": at(1320, "24:00")},
        {"days_of_month": ["1", "1:7", "-3:-1", -1, 31], "months": ["may", "6:8", 12], "years": [2030, "2030:2031"]},
    ],
)
def test_good_intervals(interval: Any) -> None:
    assert interval_problems({"night": interval}) == []


@pytest.mark.parametrize(
    ("interval", "expected"),
    [
        (
            {"location": "Europe/Berln"},
            "location: 'Europe/Berln' is no time zone; write one such as Europe/Berlin or UTC",
        ),
        ({"times": at("22:00", "25:00")}, "times: '25:00' is no time of day such as 07:00"),
        ({"times": at("7:00", "08:00")}, "times: '7:00' is no time of day such as 07:00"),
        ({"times": at("07:00", "07:00")}, "times: 07:00 to 07:00 is no time at all; for the whole day leave times out"),
        ({"times": ["22:00-07:00"]}, "times: each has a start_time and an end_time, such as 22:00 and 07:00"),
        ({"times": [{"start_time": "22:00"}]}, "times: each has a start_time and an end_time, such as 22:00 and 07:00"),
        (
            {"times": at("22:00", "07:00"), "weekdays": ["friday"]},
            "times: 22:00 to 07:00 goes over midnight, and with weekdays it is not clear which day is meant; write what"
            " is before and what is after midnight as two intervals",
        ),
        ({"weekdays": ["fryday"]}, "weekdays: 'fryday' is not a day such as monday, or days such as monday:friday"),
        (
            {"days_of_month": [32]},
            "days_of_month: 32 is not a day such as 1, days such as 1:7, or days from the end such as -1",
        ),
        ({"months": [13]}, "months: 13 is not a month such as may or 5, or months such as 6:8"),
        ({"years": ["MMXXX"]}, "years: 'MMXXX' is not a year such as 2030, or years such as 2030:2031"),
    ],
)
def test_bad_intervals(interval: Any, expected: str) -> None:
    assert interval_problems({"night": interval}) == [f"llmmon_mute_time_intervals.night.{expected}"]


@pytest.mark.parametrize("interval", [None, [], "22:00-07:00", ["x"]])
def test_intervals_are_dictionaries(interval: Any) -> None:
    assert interval_problems({"night": interval}) == [
        f"llmmon_mute_time_intervals.night must be a dictionary, or a list of them, with some of {KNOWN_IN_INTERVALS}"
    ]


def test_what_intervals_do_not_know() -> None:
    assert interval_problems({"night": {"time": at("22:00", "07:00")}}) == [
        f"llmmon_mute_time_intervals.night: time is unknown; known are {KNOWN_IN_INTERVALS}"
    ]


def test_without_a_database_of_time_zones_none_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zoneinfo, "available_timezones", set)
    assert interval_problems({"night": {"location": "Mars/Base"}}) == []


# -- what is wrong with routes

OWN = {"slack": SLACK, "email": RECEIVERS["email"]}


def problems(*routes: Any, default: list[Any] | None = None) -> list[str]:
    return route_problems(list(routes), ["slack", "email"] if default is None else default, OWN, {"night": NIGHT})


@pytest.mark.parametrize(
    "route",
    [
        {"receivers": ["slack"]},
        {"severity": "critical", "team": ["a", "b"], "receivers": ["slack", "email"], "mute_time_intervals": ["night"]},
        {"matchers": ['job=~"a.*"', 'x=~"(?i)[[:alpha:]]+\\pL"'], "receivers": [], "group_wait": "1h30m"},
        {"receivers": ["email"], "continue": True, "group_by": ["job"], "repeat_interval": "500ms"},
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
        ({"receivers": ["slack", "slack"]}, "the receiver slack stands there twice"),
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
            """'job' is no matcher; write one such as job="litellm" or model=~"gpt-.*\"""",
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
        f"llmmon_routes, route 1: {key} is {value!r}, which is no duration such as 30s or 4h"
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
        "llmmon_default_receivers: the receiver slack stands there twice"
    ]
    assert route_problems([], ["pager"], {}, {}) == [
        "llmmon_default_receivers: there is no receiver 'pager' in llmmon_receivers; there are none"
    ]


def test_every_receiver_has_a_route() -> None:
    assert problems(default=["slack"]) == [
        "llmmon_receivers: no alert reaches email; name it in llmmon_routes or llmmon_default_receivers"
    ]
    assert problems({"severity": "critical", "receivers": ["email"]}, default=["slack"]) == []
