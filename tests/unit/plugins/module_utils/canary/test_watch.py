"""What is told and when, over simulated days: nothing false, and an outage within two minutes."""

from __future__ import annotations

import math
import random

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.canary.answers import Answer
from ansible_collections.llmmon.stack.plugins.module_utils.canary.causes import (
    OTHER_MODEL,
    RATE_LIMITED,
    SERVER_ERROR,
    STALLED,
    UNREACHABLE,
    Exchange,
    cause_of,
    expected_model,
)
from ansible_collections.llmmon.stack.plugins.module_utils.canary.watch import SOON, Watch

from .conftest import MakeCanary

WEEK = 7 * 86_400.0
TEXT = "The capital of Korea is Seoul."


def good(duration: float = 1.0, tokens: int = 8) -> Exchange:
    times = [duration * part / 8 for part in range(1, 9)]
    answer = Answer(TEXT, times, "gpt-test", True, "stop", reported_input=14, reported_output=tokens)
    return Exchange(sent=True, status=200, answer=answer, duration=duration, certificate_days=60.0)


def bad(cause: str, duration: float = 0.1) -> Exchange:
    return Exchange(failure=cause, sent=True, duration=duration)


@pytest.mark.parametrize("seed", range(5))
def test_seven_days_of_a_healthy_model_tell_nothing(seed: int, make_canary: MakeCanary) -> None:
    chance = random.Random(seed)  # noqa: S311 - nothing secret hangs on it
    watch = Watch(make_canary())
    now, told, asked = 0.0, set(), 0
    while now < WEEK:
        # Slower by day, with a spread, and one answer of a hundred takes four times as long; a request of a thousand
        # fails; tokenizers differ.
        usual = 1.0 + 0.3 * math.sin(2 * math.pi * now / 86_400)
        duration = usual * chance.lognormvariate(0, 0.2) * (4 if chance.random() < 0.01 else 1)
        exchange = bad(SERVER_ERROR) if chance.random() < 0.001 else good(duration, chance.randrange(5, 16))
        watch.take(exchange, True if not exchange.failure else None)
        asked += 1
        now += exchange.duration + watch.wait
        told.add(watch.told)
    assert told == {""}
    # What is asked soon after a doubt is little.
    assert asked < 1.05 * WEEK / 60


@pytest.mark.parametrize("seed", range(3))
def test_seven_days_of_a_model_that_errs_now_and_then_keep_its_golden_set(seed: int, make_canary: MakeCanary) -> None:
    chance = random.Random(seed)  # noqa: S311 - nothing secret hangs on it
    questions = [{"prompt": f"{number}?", "exact": str(number)} for number in range(20)]
    watch = Watch(make_canary(questions=questions, golden_ratio=0.7))
    now = 0.0
    while now < WEEK:
        watch.take(good(), chance.random() < 0.95)
        now += 1.0 + watch.wait
        assert watch.told == ""


@pytest.mark.parametrize(
    ("exchange", "cause"),
    # Refused at once, and a gateway that takes the connection and says nothing.
    [(bad(UNREACHABLE, 0.01), UNREACHABLE), (bad("no_answer", 10.0), "no_answer"), (bad(STALLED, 10.0), STALLED)],
)
def test_an_outage_is_told_within_two_minutes(exchange: Exchange, cause: str, make_canary: MakeCanary) -> None:
    watch = Watch(make_canary())
    watch.take(good(), True)
    # It begins right after a good answer, and nobody else asks.
    since = 0.0
    while not watch.told:
        since += watch.wait + exchange.duration
        watch.take(exchange, None)

    assert watch.told == cause
    # A scrape and an evaluation come after it, each within 15 seconds.
    assert since + 2 * 15 <= 120


def test_what_fails_in_many_ways_is_told_under_one_cause(make_canary: MakeCanary) -> None:
    watch = Watch(make_canary())
    told = []
    for cause in (STALLED, UNREACHABLE, STALLED, UNREACHABLE, SERVER_ERROR, SERVER_ERROR):
        watch.take(bad(cause), None)
        told.append(watch.told)

    assert told == ["", UNREACHABLE, UNREACHABLE, UNREACHABLE, UNREACHABLE, SERVER_ERROR]


def test_one_doubt_is_asked_about_soon_and_what_is_known_at_its_own_pace(make_canary: MakeCanary) -> None:
    watch = Watch(make_canary())
    waits = []
    for exchange in (good(), bad(SERVER_ERROR), bad(SERVER_ERROR), good(), bad(RATE_LIMITED), bad(RATE_LIMITED)):
        watch.take(exchange, None)
        waits.append(watch.wait)

    assert waits == [60.0, SOON, 60.0, 60.0, 60.0, 60.0]


def test_what_fails_for_long_is_asked_for_less_often_until_it_answers(make_canary: MakeCanary) -> None:
    watch = Watch(make_canary())
    waits = []
    for _ in range(12):
        watch.take(bad(SERVER_ERROR), None)
        waits.append(watch.wait)
    watch.take(good(), True)

    assert waits == [SOON, *[60.0] * 8, *[300.0] * 3]
    assert (watch.wait, watch.told) == (60.0, "")


def test_slow_is_measured_by_what_is_usual_or_by_a_limit(make_canary: MakeCanary) -> None:
    new = Watch(make_canary())
    limited = Watch(make_canary(slow_seconds=2.0))
    for _ in range(5):
        # Nobody knows yet what is usual.
        new.take(good(3.0), True)
        limited.take(good(3.0), True)
    assert new.told == ""
    assert limited.told == "slow"


def test_what_is_failing_is_no_longer_slow_or_wrong(make_canary: MakeCanary) -> None:
    watch = Watch(make_canary(slow_seconds=2.0))
    for _ in range(3):
        watch.take(good(3.0), True)
    assert watch.told == "slow"
    watch.take(bad(SERVER_ERROR), None)
    assert watch.told == ""
    watch.take(bad(SERVER_ERROR), None)
    assert watch.told == SERVER_ERROR


@pytest.mark.parametrize(
    ("asked", "answered", "expected"),
    [
        ("gpt-4o", "gpt-4o", True),
        ("gpt-4o", "gpt-4o-2024-08-06", True),
        ("openai/gpt-4o", "GPT-4o", True),
        ("llama3", "llama3:latest", True),
        ("claude-3-5-sonnet", "claude-3-5-sonnet@20241022", True),
        ("gpt-4o", "gpt-4o-mini", False),
        ("gpt-4o", "gpt-4o-mini-2024-07-18", False),
        ("gpt-4", "gpt-4o", False),
    ],
)
def test_a_date_or_a_provider_makes_no_other_model(
    asked: str, answered: str, expected: bool, make_canary: MakeCanary
) -> None:
    assert expected_model(make_canary(model=asked), answered) is expected


def test_an_alias_is_answered_by_the_models_that_the_user_names(make_canary: MakeCanary) -> None:
    exchange = good()
    assert cause_of(make_canary(model="team-chat"), exchange, True) == OTHER_MODEL
    assert cause_of(make_canary(model="team-chat", answered_by=["gpt-test"]), exchange, True) == "ok"


def test_tokens_of_thinking_are_in_no_text(make_canary: MakeCanary) -> None:
    exchange = good(tokens=900)
    assert cause_of(make_canary(), exchange, True) == "miscounted"
    exchange.answer.reported_reasoning = 890
    assert cause_of(make_canary(), exchange, True) == "ok"
