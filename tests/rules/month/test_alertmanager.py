"""The model of Alertmanager: what it says in cases that can be counted by hand, and that the real one says the same."""

from __future__ import annotations

import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.routing import rendering, running
from tests.rules.month.alertmanager import Message, messages
from tests.rules.month.episodes import Episode, episode
from tests.support import services
from tests.support.loopback import Answer, Server
from tests.support.versions import SIGNAL

# Of each group (alert and gateway) its messages: the models that fail, and those that are well again.
Told = dict[tuple[str, str], list[tuple[set[str], set[str]]]]

MINUTE = 60
FAILING = {"alertname": "LLMHighFailureRatio", "job": "gw", "model": "m", "severity": "critical"}
SLOW = {"alertname": "LLMHighLatencyP95", "job": "gw", "model": "m", "severity": "warning"}
OTHER = {**SLOW, "model": "n"}


@pytest.fixture(scope="module")
def configuration(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    channel = {"channel": {"type": "webhook", "url": "http://127.0.0.1:9"}}
    release = rendering.lay_out(tmp_path_factory.mktemp("alertmanager"), llmmon_receivers=channel)
    return dict(yaml.safe_load(release.file.read_text()))


def told(configuration: dict[str, Any], *episodes: Episode, hours: float = 24) -> list[tuple[float, int, int]]:
    """Minute, and how many alerts fire and are resolved, of each message."""
    sent = messages(episodes, configuration, hours * 60 * MINUTE)
    return [(one.at / MINUTE, len(one.firing), len(one.resolved)) for one in sent]


def test_an_alert_is_told_after_half_a_minute_and_its_end_at_the_next_look(configuration: dict[str, Any]) -> None:
    assert told(configuration, episode(SLOW, 0, 7 * MINUTE)) == [(0.5, 1, 0), (10.5, 0, 1)]


def test_what_is_over_before_the_first_look_is_not_told(configuration: dict[str, Any]) -> None:
    assert told(configuration, episode(SLOW, 0, 30)) == []


def test_a_warning_is_repeated_after_a_day_and_what_is_critical_after_an_hour(configuration: dict[str, Any]) -> None:
    """Five minutes later, to be exact: Alertmanager looks a moment before the interval is over."""
    assert told(configuration, episode(SLOW, 0, 50 * 3600), hours=49) == [(0.5, 1, 0), (1445.5, 1, 0), (2890.5, 1, 0)]
    assert told(configuration, episode(FAILING, 0, 9 * 3600), hours=2.5) == [(0.5, 1, 0), (65.5, 1, 0), (130.5, 1, 0)]


def test_another_member_of_a_group_and_the_end_of_one_are_news(configuration: dict[str, Any]) -> None:
    first, second = episode(SLOW, 0, 60 * MINUTE), episode(OTHER, 6 * MINUTE, 12 * MINUTE)
    assert told(configuration, first, second) == [(0.5, 1, 0), (10.5, 2, 0), (15.5, 1, 1), (60.5, 0, 1)]


def test_other_gateways_and_severities_have_groups_of_their_own(configuration: dict[str, Any]) -> None:
    others = [episode({**SLOW, **change}, 0, 60) for change in ({}, {"job": "other"}, {"severity": "info"})]
    assert Counter(told(configuration, *others)) == {(0.5, 1, 0): 3, (5.5, 0, 1): 3}


def test_what_comes_and_goes_between_two_looks_is_not_told(configuration: dict[str, Any]) -> None:
    first, second = episode(SLOW, 0, 20 * MINUTE), episode(OTHER, 6 * MINUTE, 8 * MINUTE)
    assert told(configuration, first, second) == [(0.5, 1, 0), (10.5, 1, 1), (20.5, 0, 1)]


def test_what_comes_back_before_the_next_look_is_no_news(configuration: dict[str, Any]) -> None:
    assert told(configuration, episode(SLOW, 0, 2 * MINUTE), episode(SLOW, 3 * MINUTE, 12 * MINUTE)) == [
        (0.5, 1, 0),
        (15.5, 0, 1),
    ]


def test_where_requests_fail_slow_answers_are_not_told_unless_they_last(configuration: dict[str, Any]) -> None:
    quiet = messages([episode(FAILING, 0, 20 * MINUTE), episode(SLOW, 0, 32 * MINUTE)], configuration, 24 * 60 * MINUTE)
    assert [(one.at / MINUTE, dict(one.group)["alertname"], len(one.firing)) for one in quiet] == [
        (0.5, "LLMHighFailureRatio", 1),
        (20.5, "LLMHighFailureRatio", 0),
        (20.5, "LLMHighLatencyP95", 1),
        (35.5, "LLMHighLatencyP95", 0),
    ]


def test_nobody_is_told_of_the_heartbeat(configuration: dict[str, Any]) -> None:
    sent = messages([episode({"alertname": "Watchdog", "severity": "none"}, 0, 60)], configuration, 600)
    assert {one.receiver for one in sent} == {"nobody"}


# Seconds of a script that a real Alertmanager plays in time; far enough from each look that a slow machine is in time.
WAIT, INTERVAL = 1, 4
SCRIPT = (
    # Looks at 1, 5, 9 and so on: told, then with another member, told again as it repeats, then the ends.
    episode(SLOW, 0, 23),
    episode(OTHER, 3, 11),
    # Comes and goes between looks.
    episode({**SLOW, "model": "o"}, 14.5, 15.5),
    # Keeps its like quiet until 15.
    episode({**FAILING, "model": "p"}, 0, 15),
    episode({**SLOW, "alertname": "LLMSlowRequestsOver5Percent", "model": "p"}, 0, 19),
    # Gone before it was looked at.
    episode({**SLOW, "job": "brief"}, 7, 7.02),
)
UNTIL = 28


@dataclass
class Player:
    """Plays episodes against the clock."""

    service: services.Service
    began: float = field(default_factory=time.monotonic)

    def play(self, script: tuple[Episode, ...]) -> None:
        changes = [(one.start, one, False) for one in script] + [(one.end, one, True) for one in script]
        for second, one, ends in sorted(changes, key=lambda change: change[0]):
            self.wait_until(second)
            (running.resolve if ends else running.send)(self.service, dict(one.labels))

    def wait_until(self, second: float) -> None:
        time.sleep(max(self.began + second - time.monotonic(), 0))


@pytest.mark.skipif(
    not services.can_have_own_mounts(),
    reason="Debian's Alertmanager needs its templates, and this machine lets no test show it any",
)
def test_the_real_one_sends_the_same(tmp_path: Path) -> None:
    """Both versions at once, since they mostly wait."""
    with ThreadPoolExecutor() as pool:
        for sent, expected in pool.map(lambda version: played(version, tmp_path / version), SIGNAL["alertmanager"]):
            assert sum(map(len, expected.values())) > 6
            assert sent == expected


def played(version: str, root: Path) -> tuple[Told, Told]:
    """What a real Alertmanager sends that is told of the script, and what the model says that it sends."""
    with Server() as server:
        server.answers["POST /channel"] = Answer()
        with running.alertmanager(
            version,
            root,
            llmmon_receivers={"channel": {"type": "webhook", "url": f"{server.url}/channel"}},
            llmmon_alertmanager_route={
                "group_wait": f"{WAIT}s",
                "group_interval": f"{INTERVAL}s",
                "repeat_interval": "7s",
                "critical_repeat_interval": "6s",
            },
        ) as service:
            expected = messages(SCRIPT, yaml.safe_load((root / "current/alertmanager.yml").read_text()), UNTIL)
            player = Player(service)
            player.play(SCRIPT)
            # A time in which one too many would have come, too.
            player.wait_until(UNTIL)
        sent: Told = {}
        for request in server.requests:
            alerts = request.json["alerts"]
            models = [
                {one["labels"]["model"] for one in alerts if one["status"] == state} for state in ("firing", "resolved")
            ]
            labels = request.json["groupLabels"]
            sent.setdefault((labels["alertname"], labels["job"]), []).append((models[0], models[1]))
        return sent, by_group(expected)


def by_group(sent: list[Message]) -> Told:
    """The models that each message names as failing and as well again, in order, by alert and gateway."""
    found: Told = {}
    for one in sent:
        group = dict(one.group)
        models = [{dict(labels)["model"] for labels in alerts} for alerts in (one.firing, one.resolved)]
        found.setdefault((group["alertname"], group["job"]), []).append((models[0], models[1]))
    return found
