"""The line about receivers, and the sentence about nobody."""

from __future__ import annotations

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.delivery.told import Told, nobody_is_told, told_line
from ansible_collections.llmmon.stack.plugins.module_utils.delivery.tries import Try

PLACE = "10.0.0.5:9093"
NOW = {"slack": "a", "email": "b", "pager": "c"}
TRIES = {"slack": Try("2026-11-28T12:00:59Z", True, "a"), "pager": Try("2026-11-28T12:01:00Z", False, "c")}
HINT = "; verify.yml -e llmmon_verify_delivery=true sends each a test alert"


def own(*names: str) -> Told:
    return Told({"127.0.0.1:9093": ["nobody", *names]}, own=True)


def test_each_receiver_is_named_with_its_last_try() -> None:
    assert told_line(own("slack", "email", "pager", "heartbeat"), NOW, TRIES, required=True) == (
        "receivers: slack (tried 2026-11-28T12:00Z), email (not tried),"
        f" pager (tried 2026-11-28T12:01Z and NOT reached){HINT}"
    )
    assert told_line(own("slack"), {"slack": "a"}, TRIES, required=True) == "receivers: slack (tried 2026-11-28T12:00Z)"


def test_a_receiver_that_was_changed_since_was_not_tried() -> None:
    assert told_line(own("slack"), {"slack": "other"}, TRIES, required=True) == f"receivers: slack (not tried){HINT}"


def test_what_is_in_force_and_what_is_asked_for_are_told_apart() -> None:
    assert told_line(own("slack"), {"email": "b", "heartbeat": "d"}, TRIES, required=True) == (
        "receivers: slack (in force, and not named in this run), email (not in force: run site.yml)"
    )


@pytest.mark.parametrize(
    ("told", "named"),
    [
        (own("heartbeat"), ("Alertmanager has no receiver", "llmmon_receivers,", "SLACK_WEBHOOK_URL", "run site.yml")),
        (Told({}, own=False), ("sends them to no Alertmanager", "llmmon_prometheus_alertmanagers")),
        (Told({PLACE: ["nobody"]}, own=False), (f"the Alertmanager at {PLACE} has no receiver",)),
    ],
)
def test_nobody_is_a_sentence_that_says_what_to_change(told: Told, named: tuple[str, ...]) -> None:
    assert told.nobody
    sentence = nobody_is_told(told)
    for words in (*named, "nobody is told of alerts, because", "llmmon_receivers_required: false if that is meant"):
        assert words in sentence
    assert told_line(told, {}, {}, required=True) == f"receivers: NOBODY{sentence.removeprefix('nobody')}"
    assert told_line(told, {}, {}, required=False) == (
        "receivers: NOBODY is told of alerts, which llmmon_receivers_required: false allows"
    )


def test_of_alertmanagers_elsewhere_the_receivers_are_named() -> None:
    told = Told({PLACE: ["nobody", "slack"], "10.0.0.6:9093": ["slack", "email"]}, own=False)
    assert told_line(told, NOW, TRIES, required=True) == (
        f"receivers: slack, email (of the Alertmanager at {PLACE} and 10.0.0.6:9093)"
    )


def test_no_answer_is_not_nobody() -> None:
    told = Told({PLACE: None, "10.0.0.6:9093": ["nobody"]}, own=False)
    assert not told.nobody
    assert told_line(told, {}, {}, required=True).startswith("receivers: not known, since there is no answer from ")
    assert told_line(Told({"127.0.0.1:9093": None}, own=True), {}, {}, required=True).endswith("from Alertmanager")
