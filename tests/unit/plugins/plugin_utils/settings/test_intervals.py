"""What is wrong with llmmon_mute_time_intervals."""

from __future__ import annotations

import zoneinfo
from typing import Any

import pytest
from ansible_collections.llmmon.stack.plugins.plugin_utils.settings.intervals import (
    interval_problems,
    time_zone_problems,
)


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
        {"times": at("09:00", "17:00")[0]},
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
            "location: 'Europe/Berln' is not a time zone; write one such as Europe/Berlin or UTC",
        ),
        ({"times": at("22:00", "25:00")}, "times: '25:00' is not a time of day such as 07:00"),
        ({"times": at("7:00", "08:00")}, "times: '7:00' is not a time of day such as 07:00"),
        ({"times": at("07:00", "07:00")}, "times: 07:00 to 07:00 is an empty time; for the whole day leave times out"),
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


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "Asia/Seoul"])
def test_time_zones_of_messages(zone: str) -> None:
    assert time_zone_problems(zone) == []


@pytest.mark.parametrize("zone", ["Berlin", "CEST", "", "Local", None, 2])
def test_what_is_no_time_zone_of_messages(zone: object) -> None:
    (sentence,) = time_zone_problems(zone)
    assert sentence.startswith("llmmon_time_zone: ")
    assert sentence.endswith(" is not a time zone; write one such as Europe/Berlin or UTC")
