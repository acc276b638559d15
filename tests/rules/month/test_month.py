"""What people would be told in three days with an incident of each kind, and how that is counted."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rules.month import calibration, short
from tests.rules.month.alertmanager import Message
from tests.rules.month.calendar import BEGINNING, DAY, Incident, Kind
from tests.rules.month.episodes import Episode, episode
from tests.rules.month.judgement import Judgement
from tests.rules.month.simulation import Month, Outcome


def test_three_days(tmp_path: Path) -> None:
    """As in expected.txt, and what was usual on the first day is what the generator was told."""
    simulated = short.simulation(tmp_path)
    assert short.text(simulated) == short.EXPECTED.read_text(encoding="utf-8")
    proposed = simulated.asked("defaults", lambda server: calibration.overrides(server, short.MONTH.history))
    latency = {
        (entry["gateway"], entry["model"]): entry["latency_p95_seconds"]
        for entry in proposed
        if "latency_p95_seconds" in entry
    }
    # P95 of a lognormal distribution is 1.645 sigma above the median; its highest is higher, and there is some room.
    # 2 s fit `fast`, and `small` has too few requests to say.
    assert set(latency) == {("mid", "chat"), ("mid", "code")}
    assert 12 < latency["mid", "chat"] <= 60


INCIDENT = Incident(Kind.FAILURES, "big", "chat-mini", DAY + 60, DAY + 90)
MONTH = Month(seed=1, days=2, history=1, gateways=(), incidents=(INCIDENT,))
FAILING = {"alertname": "LLMHighFailureRatio", "job": "big", "model": "chat-mini", "severity": "critical"}


def judged(*told: tuple[dict[str, str], float, float, float | None]) -> Judgement:
    """Alerts by labels, from and to when (in minutes since the incident began), and when they were told of."""
    begun = BEGINNING + INCIDENT.start * 60
    found: list[Episode] = []
    messages: list[Message] = []
    for labels, start, end, at in told:
        one = episode(labels, begun + start * 60, begun + end * 60)
        found.append(one)
        if at is not None:
            group = tuple((name, labels[name]) for name in ("alertname", "job", "severity"))
            messages.append(Message(begun + at * 60, "channel", group, (one.labels,), ()))
    return Judgement(MONTH, Outcome(found, messages))


def test_an_alert_during_an_incident_is_about_it() -> None:
    judgement = judged((FAILING, 7, 35, 7.5))
    (noticed,) = judgement.incidents()
    assert noticed.first
    assert (noticed.first.fired, noticed.first.message, noticed.first == noticed.critical) == (7, 7.5, True)
    assert judgement.critical_and_false == 0
    (row,) = judgement.alerts()
    assert (row.episodes, row.false_episodes, row.messages, row.false_messages) == (1, 0, 1, 0)


@pytest.mark.parametrize(
    ("change", "start"),
    [({"job": "mid"}, 7), ({"model": "embed"}, 7), ({}, -1), ({}, 41)],
    ids=["another gateway", "another model", "before it", "long after it"],
)
def test_other_alerts_are_false(change: dict[str, str], start: float) -> None:
    judgement = judged(({**FAILING, **change}, start, start + 60, start + 0.5))
    assert judgement.critical_and_false == 1
    (noticed,) = judgement.incidents()
    assert noticed.first is None
    (row,) = judgement.alerts()
    assert (row.episodes, row.false_episodes, row.false_minutes, row.false_messages) == (1, 1, 60, 1)


def test_an_alert_about_all_of_a_gateway_can_be_about_a_model() -> None:
    labels = {name: value for name, value in FAILING.items() if name != "model"}
    assert judged((labels, 7, 35, 7.5)).incidents()[0].first


def test_what_nobody_is_told_notices_nothing() -> None:
    assert judged((FAILING, 7, 35, None)).incidents()[0].first is None


def test_a_warning_notices_but_wakes_nobody() -> None:
    (noticed,) = judged(({**FAILING, "severity": "warning"}, 7, 35, 7.5)).incidents()
    assert noticed.first
    assert noticed.critical is None


def test_the_history_is_not_counted() -> None:
    judgement = judged((FAILING, -600, -590, -599))
    assert (judgement.messages, judgement.alerts()) == ([], [])
    # What goes on since then is, from when counting begins.
    (row,) = judged((FAILING, -120, 0, None)).alerts()
    assert row.false_minutes == 60
