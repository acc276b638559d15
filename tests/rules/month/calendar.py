"""What happens when in a simulated month: incidents that people must be told of, and what else happens all the time.

Times are minutes since the month began, which is a Monday at 00:00 UTC.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from tests.rules.month.gateways import Gateway

HOUR, DAY = 60, 1440
WEEK = 7 * DAY
# Monday, 6 January 2025, in seconds since 1970. Weekdays matter, the year does not.
BEGINNING = 1_736_121_600


class Kind(Enum):
    """What an incident does to a gateway; its value is how tables call it."""

    FAILURES = "60 % of a model fail"
    SLOW = "answers 4x slower"
    DEAD = "a gateway of 10 requests an hour fails entirely"
    SURGE = "6x requests"
    DOWN = "gateway down"
    CREEPING = "5 % of a model fail for hours"


# How strong each is: a share that fails, a factor of latency or of requests, nothing.
STRENGTH = {
    Kind.FAILURES: 0.6,
    Kind.SLOW: 4.0,
    Kind.DEAD: 1.0,
    Kind.SURGE: 6.0,
    Kind.DOWN: 1.0,
    Kind.CREEPING: 0.05,
}
FAILING = {Kind.FAILURES, Kind.DEAD, Kind.CREEPING}


@dataclass(frozen=True)
class Incident:
    """From ``start`` until before ``end``; without a model it is about all of the gateway's."""

    kind: Kind
    gateway: str
    model: str | None
    start: int
    end: int

    def concerns(self, gateway: str, model: str | None) -> bool:
        """Whether an alert about this gateway, and perhaps a model of it, can be about this incident."""
        return gateway == self.gateway and (not model or not self.model or model == self.model)


@dataclass(frozen=True)
class Planned:
    """An incident whose time the seed decides: on a working day of the ``week``, from some time of the day on."""

    kind: Kind
    gateway: str
    model: str | None
    lasting: int
    week: int
    # Between 9 and 15 o'clock, or for what lasts long between 8 and 10.
    hours: tuple[int, int] = (9, 15)


# One of each kind, spread over weeks 2 to 5.
PLAN = (
    Planned(Kind.FAILURES, "big", "chat-mini", 30, 2),
    Planned(Kind.SLOW, "big", None, 40, 3),
    Planned(Kind.DEAD, "small", None, 8 * HOUR, 4, (8, 10)),
    Planned(Kind.SURGE, "fast", None, 45, 2),
    Planned(Kind.DOWN, "mid", None, 20, 5),
    Planned(Kind.CREEPING, "big", "chat-large", 5 * HOUR, 5, (8, 10)),
)


def incidents(seed: int, weeks: int) -> list[Incident]:
    """The planned incidents of a month that is long enough for them, at times that the seed decides."""
    chance = random.Random(f"{seed}/incidents")  # noqa: S311 - the same each time, and no secret
    found = []
    for planned in PLAN:
        # Not on Mondays, one of which is a holiday.
        day = (planned.week - 1) * 7 + chance.randint(1, 4)
        start = day * DAY + chance.randint(planned.hours[0] * HOUR, planned.hours[1] * HOUR)
        if planned.week <= weeks:
            found.append(Incident(planned.kind, planned.gateway, planned.model, start, start + planned.lasting))
    return found


# The Monday of the fourth week: as quiet as a Sunday.
HOLIDAY = 21


def is_quiet(day: int) -> bool:
    """Whether hardly anybody works that day."""
    return day % 7 >= 5 or day == HOLIDAY


@dataclass(frozen=True)
class Disturbance:
    """Something small that happens all the time; ``strength`` is a share that fails, or a factor."""

    start: int
    end: int
    strength: float


def hiccups(chance: random.Random, days: int) -> list[Disturbance]:
    """Three times a week a provider fails 10 to 35 % of a model's requests, for 2 to 4 minutes."""
    return _scattered(chance, days, 3, (2, 4), (0.10, 0.35))


def slow_quarters(chance: random.Random, days: int) -> list[Disturbance]:
    """Three times a week a model's answers take 1.5 to 2.5 times as long, for a quarter of an hour."""
    return _scattered(chance, days, 3, (15, 15), (1.5, 2.5))


def releases(chance: random.Random, days: int) -> list[int]:
    """Twice a week, on a Tuesday and a Thursday during the day, a gateway restarts: a scrape fails, counters reset."""
    found = [day * DAY + chance.randint(9 * HOUR, 17 * HOUR) for day in range(days) if day % 7 in (1, 3)]
    return [minute for minute in found if minute < days * DAY]


def batch_runs(chance: random.Random, days: int) -> list[Disturbance]:
    """A job at two every night, give or take 20 minutes; three more a week. Strength is a share of the rate."""
    nightly = []
    for day in range(days):
        start = day * DAY + 2 * HOUR + chance.randint(-20, 20)
        nightly.append(Disturbance(start, start + chance.randint(60, 90), chance.uniform(0.8, 1.0)))
    return nightly + _scattered(chance, days, 3, (20, 60), (0.3, 1.0))


def _scattered(
    chance: random.Random, days: int, a_week: int, lasting: tuple[int, int], strength: tuple[float, float]
) -> list[Disturbance]:
    found = []
    for _ in range(round(a_week * days / 7)):
        start = chance.randrange(days * DAY)
        found.append(Disturbance(start, start + chance.randint(*lasting), chance.uniform(*strength)))
    return found


def spread(disturbances: Iterable[Disturbance], minutes: int, otherwise: float) -> list[float]:
    """The strength in each minute: the greatest of what happens then, or ``otherwise``."""
    found = [otherwise] * minutes
    for disturbance in disturbances:
        for minute in range(max(disturbance.start, 0), min(disturbance.end, minutes)):
            found[minute] = max(found[minute], disturbance.strength)
    return found


def of_gateway(
    found: Sequence[Incident], gateway: Gateway, kinds: set[Kind], model: str | None = None
) -> list[Disturbance]:
    """The incidents of these kinds that change something for a gateway's model."""
    return [
        Disturbance(incident.start, incident.end, STRENGTH[incident.kind])
        for incident in found
        if incident.kind in kinds and incident.concerns(gateway.name, model)
    ]
