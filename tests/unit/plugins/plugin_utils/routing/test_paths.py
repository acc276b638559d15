"""Where alerts end, made of what the user says of routes and times."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.plugin_utils.routing.paths import (
    alert_paths,
    covers_everything,
    covers_nothing,
)

YEAR = 2031
RECEIVERS: dict[str, Any] = {"slack": {}, "pager": {"type": "webhook"}}


@pytest.mark.parametrize(
    ("specs", "everything"),
    [
        ({}, True),
        ({"times": [{"start_time": "00:00", "end_time": "24:00"}]}, True),
        ({"times": [{"start_time": "22:00", "end_time": "06:00"}]}, False),
        (
            [
                {"times": [{"start_time": "22:00", "end_time": "06:00"}]},
                {"times": [{"start_time": 360, "end_time": 1320}]},
            ],
            True,
        ),
        ({"weekdays": ["monday:friday"]}, False),
        ([{"weekdays": ["Monday:Friday"]}, {"weekdays": ["saturday", "sunday"]}], True),
        ({"months": ["january:december"], "days_of_month": "1:31", "weekdays": ["sunday:saturday"]}, True),
        ({"months": ["1:11"]}, False),
        ({"years": "2020:2099"}, True),
        ({"years": "2031"}, False),
        ({"location": "Europe/Berlin"}, True),
    ],
)
def test_an_interval_may_leave_nothing_out(specs: Any, everything: bool) -> None:
    assert covers_everything(specs, YEAR) == everything
    assert not covers_nothing(specs, YEAR)


@pytest.mark.parametrize("specs", [[], {"years": ["2020:2030"]}, [{"years": "1999"}, {"years": "2030"}]])
def test_an_interval_may_never_come(specs: Any) -> None:
    assert covers_nothing(specs, YEAR)
    assert not covers_everything(specs, YEAR)


def test_a_path_is_a_route_without_how_it_repeats() -> None:
    routes: list[dict[str, Any]] = [
        {"team": "search", "receivers": ["slack", "pager"], "mute_time_intervals": ["always"], "group_wait": "1m"},
        {"matchers": ['job=~"a|b"'], "receivers": [], "continue": True},
        {"severity": "info", "receivers": ["slack"], "active_time_intervals": ["never"]},
    ]
    found = alert_paths(RECEIVERS, routes, ["pager"], {}, {"always": {}, "never": {"years": "2001"}})
    mine = [path for path in found if path["meant"] and not {"alertname"} & {one[0] for one in path["matchers"]}]
    assert [(path["matchers"], path["continue"]) for path in mine] == [
        ([["team", "=", "search"]], False),
        ([["job", "=~", "a|b"]], True),
        ([["severity", "=", "info"]], False),
    ]
    # What is muted is what is sent, and not what only leads there.
    muted = "the interval always of llmmon_mute_time_intervals mutes its route for ever"
    assert [(child["receiver"], child["muted"]) for child in mine[0]["routes"]] == [("slack", muted), ("pager", muted)]
    assert mine[1]["receiver"] == "nobody"
    assert mine[2]["muted"] == "its route is active in never of llmmon_mute_time_intervals, which never comes"
    assert [path["receiver"] for path in found if not path["meant"]] == ["pager"] * 3
