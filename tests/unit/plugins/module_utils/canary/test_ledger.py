"""The cap holds: over random prices and tokens, over restarts and kills, over days, and over a damaged file."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.canary.ledger import (
    ALLOWED,
    NO_DOLLARS,
    NO_REQUESTS,
    NOT_WRITTEN,
    Ledger,
    LedgerInUse,
)
from ansible_collections.llmmon.stack.plugins.module_utils.canary.request import PICODOLLARS, cost, most_cost
from ansible_collections.llmmon.stack.plugins.module_utils.canary.settings import Canary

from .conftest import MakeCanary

NOON = 1_800_014_400.0
DAY = 86_400.0


class Clock:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.json"


def ask_all(ledger: Ledger, canary: Canary, most: int) -> int:
    """Ask until the cap says no; returns how often it said yes."""
    asked = 0
    while ledger.reserve(canary, most) == ALLOWED:
        asked += 1
    return asked


def test_ten_thousand_random_sequences_never_exceed_the_cap_by_more_than_a_request(
    tmp_path: Path, make_canary: MakeCanary, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Whether the disk has it is not what this asks.
    monkeypatch.setattr(os, "fsync", lambda _: None)
    chance = random.Random(20261129)  # noqa: S311 - nothing secret hangs on it
    kept = exceeded = 0
    path = tmp_path / "ledger.json"
    for _ in range(10_000):
        path.unlink(missing_ok=True)
        canary = make_canary(
            input_price=chance.choice([0.0, 1e-10, 1.5e-7, 3e-6, chance.uniform(0, 1e-4)]),
            output_price=chance.choice([0.0, 6e-7, 1.5e-5, chance.uniform(0, 6e-4)]),
            dollars_per_day=chance.choice([0.0, 0.0005, 0.01, chance.uniform(0, 0.2)]),
            output_tokens=chance.choice([1, 64, 1000]),
            requests_per_hour=chance.choice([3, 1000]),
        )
        most = most_cost(canary, canary.questions[0])
        cap = round((canary.dollars_per_day or 0) * PICODOLLARS)
        paid = largest = went_out = 0
        honest = chance.random() < 0.5
        ledger = Ledger(path, clock)
        for _ in range(chance.randrange(1, 8)):
            if chance.random() < 0.15:
                ledger.close()
                ledger = Ledger(path, clock)
            if ledger.reserve(canary, most) != ALLOWED:
                continue
            went_out += 1
            # Some gateways count more than what was asked for.
            times = 1.0 if honest else chance.choice([0.5, 1.0, 4.0])
            spent = cost(canary, int(30 * times), int(canary.output_tokens * times))
            if chance.random() < 0.1:
                # Killed before it knew: what was taken beyond the worst case, nobody here could know.
                spent = min(spent, most)
                ledger.close()
                ledger = Ledger(path, clock)
            else:
                ledger.settle(canary, most, spent)
            paid, largest = paid + spent, max(largest, spent)
        ledger.close()
        assert paid <= cap + largest
        assert not honest or paid <= cap
        assert went_out <= canary.requests_per_hour
        kept, exceeded = kept + (paid <= cap), exceeded + (paid > cap)
    # The sequences come to the cap from both sides, so that it is the cap that holds them.
    assert kept > 1000
    assert exceeded > 100


def test_it_is_kept_across_restarts_and_begins_anew_at_midnight_utc(
    path: Path, make_canary: MakeCanary, clock: Clock
) -> None:
    canary = make_canary(dollars_per_day=0.001)
    ledger = Ledger(path, clock)
    assert ask_all(ledger, canary, PICODOLLARS // 3000) == 3
    assert ledger.reserve(canary, PICODOLLARS // 3000) == NO_DOLLARS
    ledger.close()

    ledger = Ledger(path, clock)
    assert ledger.reserve(canary, PICODOLLARS // 3000) == NO_DOLLARS
    assert ledger.standing(canary).left_dollars == pytest.approx(0, abs=1e-9)
    clock.now += DAY
    assert ledger.standing(canary).left_dollars == pytest.approx(0.001)
    assert ledger.reserve(canary, PICODOLLARS // 3000) == ALLOWED
    # A clock that is put back does not give the day before again.
    clock.now -= DAY
    assert ask_all(ledger, canary, PICODOLLARS // 3000) == 2


def test_requests_of_an_hour_are_counted_over_restarts_and_whether_or_not_the_price_is_known(
    path: Path, make_canary: MakeCanary, clock: Clock
) -> None:
    canary = make_canary(requests_per_hour=5, input_price=None)
    ledger = Ledger(path, clock)
    assert ask_all(ledger, canary, 0) == 5
    ledger.close()
    ledger = Ledger(path, clock)
    assert ledger.reserve(canary, 0) == NO_REQUESTS
    assert ledger.standing(canary).left_requests == 0
    clock.now += 3601
    assert ledger.standing(canary).left_requests == 5


def test_what_a_request_has_cost_takes_the_place_of_its_worst_case(
    path: Path, make_canary: MakeCanary, clock: Clock
) -> None:
    canary = make_canary(dollars_per_day=1.0)
    ledger = Ledger(path, clock)
    ledger.reserve(canary, PICODOLLARS)
    assert ledger.standing(canary).left_dollars == 0
    ledger.settle(canary, PICODOLLARS, PICODOLLARS // 4)
    assert ledger.standing(canary).left_dollars == 0.75
    assert json.loads(path.read_text())["accounts"]["chat"]["spent"] == PICODOLLARS // 4


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b'{"day": "2027-01-15", "used_up": false, "accounts": {"chat": {"spent": -1, "asked": []}}}',
        b'{"day": "2027-01-15", "used_up": false, "accounts": {"chat": {"spent": 0.5, "asked": []}}}',
        b'{"day": "2027-01-15", "used_up": 0, "accounts": {}}',
        b'{"day": "tomorrow", "used_up": false, "accounts": {}}',
        b'{"day": "2999-01-01", "used_up": false, "accounts": {}}',
        b"\xff\xfe",
        b"[" * 100_000,
    ],
)
@pytest.mark.usefixtures("no_collection")
def test_of_a_damaged_file_everything_counts_as_spent_until_the_next_day(
    content: bytes, path: Path, make_canary: MakeCanary, clock: Clock
) -> None:
    path.write_bytes(content)
    for canary, hindrance in ((make_canary(), NO_DOLLARS), (make_canary(input_price=None), NO_REQUESTS)):
        ledger = Ledger(path, clock)
        assert ledger.used_up
        assert ledger.reserve(canary, 1) == hindrance
        standing = ledger.standing(canary)
        assert (standing.left_dollars, standing.left_requests) == (0, 0)
        ledger.close()
    clock.now += DAY
    # Started again on the day after, too.
    ledger = Ledger(path, clock)
    assert ledger.reserve(make_canary(), 1) == ALLOWED
    assert not ledger.used_up


def test_nothing_goes_out_that_cannot_be_written_down(path: Path, make_canary: MakeCanary, clock: Clock) -> None:
    ledger = Ledger(path, clock)
    # Where the next file would be written.
    path.with_suffix(".next").mkdir()
    assert ledger.reserve(make_canary(), 1) == NOT_WRITTEN
    assert ledger.standing(make_canary()).spent_dollars == 0
    path.with_suffix(".next").rmdir()
    assert ledger.reserve(make_canary(), 1) == ALLOWED


def test_two_programs_do_not_spend_from_one_ledger(path: Path, clock: Clock) -> None:
    ledger = Ledger(path, clock)
    with pytest.raises(LedgerInUse):
        Ledger(path, clock)
    ledger.close()
    Ledger(path, clock).close()
