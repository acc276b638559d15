"""What the gateways' metrics pages say, minute by minute: counters of requests that nobody sent.

A seed decides everything; the streams of chance of two models do not touch, so that a gateway's traffic stays the same
whatever others there are.
"""

from __future__ import annotations

import math
import random
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from tests.rules.month import calendar
from tests.rules.month.calendar import BEGINNING, DAY, FAILING, HOUR, Incident, Kind
from tests.rules.month.gateways import EDGES, Gateway, Model

# Rules are evaluated at full minutes. Scrapes happen 15 s before: an evaluation sees the page of its own minute.
BEFORE_THE_RULES = 15
_LE = (*(f"{edge:g}" if edge != int(edge) else f"{edge:.1f}" for edge in EDGES), "+Inf")
# Above this many, counts are drawn from the normal distribution.
_MANY = 30


def pages(gateway: Gateway, seed: int, days: int, incidents: Sequence[Incident]) -> Iterator[tuple[int, list[str]]]:
    """The samples of each scrape, as OpenMetrics text without line ends, and the second it happened."""
    minutes = days * DAY
    chance = random.Random(f"{seed}/{gateway.name}")  # noqa: S311
    load = _load(gateway, chance, days, incidents)
    restarts = set(calendar.releases(chance, days))
    down = calendar.spread(calendar.of_gateway(incidents, gateway, {Kind.DOWN}), minutes, 0)
    models = [_Counters(gateway, model, seed, days, incidents) for model in gateway.models]
    target = f'job="{gateway.name}",instance="{gateway.name}:8000"'
    for minute in range(minutes):
        second = BEGINNING + (minute + 1) * 60 - BEFORE_THE_RULES
        if down[minute] or minute in restarts:
            for model in models:
                model.restart()
            yield (
                second,
                [f"up{{{target}}} 0 {second}", f"scrape_samples_post_metric_relabeling{{{target}}} 0 {second}"],
            )
            continue
        lines = [line for model in models for line in model.minute(minute, load[minute], second)]
        count = f"scrape_samples_post_metric_relabeling{{{target}}} {len(lines)} {second}"
        yield second, [f"up{{{target}}} 1 {second}", count, *lines]


def _load(gateway: Gateway, chance: random.Random, days: int, incidents: Sequence[Incident]) -> list[float]:
    """Requests per minute that are to be expected in each minute."""
    minutes = days * DAY
    surges = calendar.spread(calendar.of_gateway(incidents, gateway, {Kind.SURGE}), minutes, 1)
    noise = slow_noise(chance, minutes, 0.10)
    if gateway.batch:
        shape = calendar.spread(calendar.batch_runs(chance, days), minutes, gateway.night)
    else:
        shape = [usual(gateway, minute) for minute in range(minutes)]
    return [60 * gateway.rate * now * surge * there for now, surge, there in zip(shape, surges, noise, strict=True)]


def usual(gateway: Gateway, minute: int) -> float:
    """Its share of the busiest time that is usual: people come from 7 to 10 and go from 16 to 21 o'clock."""
    day, hour = minute // DAY, minute % DAY / HOUR
    there = _ramp((hour - 7) / 3) * (1 - _ramp((hour - 16) / 5))
    share = gateway.night + (1 - gateway.night) * there
    return share * gateway.weekend if calendar.is_quiet(day) else share


def _ramp(part: float) -> float:
    """From 0 to 1, smoothly."""
    inside = min(max(part, 0.0), 1.0)
    return inside * inside * (3 - 2 * inside)


def slow_noise(chance: random.Random, minutes: int, spread: float) -> list[float]:
    """Factors about 1 that wander within hours."""
    keep = math.exp(-1 / 120)
    fresh = spread * math.sqrt(1 - keep * keep)
    value = chance.gauss(0, spread)
    found = []
    for _ in range(minutes):
        value = keep * value + chance.gauss(0, fresh)
        found.append(math.exp(value))
    return found


@dataclass
class _Totals:
    """Since the last restart."""

    requests: int = 0
    failed: int = 0
    tokens_in: int = 0
    tokens_out: int = 0


class _Counters:
    """The counters of one model. As with client libraries a series is there from its first event on."""

    def __init__(self, gateway: Gateway, model: Model, seed: int, days: int, incidents: Sequence[Incident]) -> None:
        minutes = days * DAY
        self._model = model
        self._chance = random.Random(f"{seed}/{gateway.name}/{model.name}")  # noqa: S311
        hiccups = calendar.spread(calendar.hiccups(self._chance, days), minutes, 0)
        failing = calendar.spread(calendar.of_gateway(incidents, gateway, FAILING, model.name), minutes, 0)
        base = slow_noise(self._chance, minutes, 0.25)
        self._failing = [
            min(model.failures * drift + max(hiccup, incident), 1)
            for drift, hiccup, incident in zip(base, hiccups, failing, strict=True)
        ]
        slow = calendar.spread(calendar.slow_quarters(self._chance, days), minutes, 1)
        slower = calendar.spread(calendar.of_gateway(incidents, gateway, {Kind.SLOW}, model.name), minutes, 1)
        noise = slow_noise(self._chance, minutes, 0.08)
        self._medians = [
            model.median * max(quarter, incident) * drift
            for quarter, incident, drift in zip(slow, slower, noise, strict=True)
        ]
        self._logs = [math.log(edge) for edge in EDGES]
        labels = f'job="{gateway.name}",instance="{gateway.name}:8000",model="{model.name}"'
        self._requests = f"llm_requests_total{{{labels}}}"
        self._failed = f"llm_requests_failed_total{{{labels}}}"
        self._input = f'llm_tokens_used_total{{{labels},type="input"}}'
        self._output = f'llm_tokens_used_total{{{labels},type="output"}}'
        self._buckets = [f'llm_response_latency_seconds_bucket{{{labels},le="{le}"}}' for le in _LE]
        self.restart()

    def restart(self) -> None:
        """The gateway has forgotten what it counted."""
        self._totals = _Totals()
        self._answers = [0] * len(_LE)

    def minute(self, minute: int, load: float, second: int) -> list[str]:
        """One more minute, and the page at its end."""
        chance, totals, model = self._chance, self._totals, self._model
        requests = _poisson(chance, load * model.share)
        failed = _binomial(chance, requests, self._failing[minute])
        answered = requests - failed
        totals.requests += requests
        totals.failed += failed
        if answered:
            each = chance.gauss(1, 0.5 / math.sqrt(answered))
            totals.tokens_in += round(answered * model.tokens[0] * max(each, 0.1))
            totals.tokens_out += round(answered * model.tokens[1] * max(each, 0.1))
            median = math.log(self._medians[minute])
            for place, count in enumerate(self._spread(answered, median)):
                self._answers[place] += count
        return self._page(second)

    def _page(self, second: int) -> list[str]:
        totals = self._totals
        lines = []
        if totals.requests:
            lines.append(f"{self._requests} {totals.requests} {second}")
        if totals.failed:
            lines.append(f"{self._failed} {totals.failed} {second}")
        if totals.tokens_in:
            lines.append(f"{self._input} {totals.tokens_in} {second}")
        if totals.tokens_out:
            lines.append(f"{self._output} {totals.tokens_out} {second}")
        counts = list(accumulate(self._answers))
        if counts[-1]:
            lines += [f"{name} {count} {second}" for name, count in zip(self._buckets, counts, strict=True)]
        return lines

    def _spread(self, answers: int, median: float) -> list[int]:
        """How many of the answers fall between which edges; the median is a logarithm."""
        chance, sigma = self._chance, self._model.sigma
        found = [0] * len(_LE)
        if answers <= _MANY:
            for _ in range(answers):
                found[bisect_left(self._logs, chance.gauss(median, sigma))] += 1
            return found
        left, below = answers, 0.0
        for place, log in enumerate(self._logs):
            if not left:
                return found
            share = 0.5 * math.erfc((median - log) / (sigma * math.sqrt(2)))
            if share > below:
                found[place] = _binomial(chance, left, (share - below) / (1 - below) if below < 1 else 1.0)
                left -= found[place]
                below = share
        found[-1] = left
        return found


def _poisson(chance: random.Random, mean: float) -> int:
    if mean > _MANY:
        return max(round(chance.gauss(mean, math.sqrt(mean))), 0)
    limit, product, count = math.exp(-mean), chance.random(), 0
    while product > limit:
        product *= chance.random()
        count += 1
    return count


def _binomial(chance: random.Random, number: int, share: float) -> int:
    """Exact for a few, by what comes near for many."""
    if number <= 0 or share <= 0:
        return 0
    if share >= 1:
        return number
    if number <= _MANY:
        return sum(chance.random() < share for _ in range(number))
    if share > 0.5:
        return number - _binomial(chance, number, 1 - share)
    mean = number * share
    if mean <= _MANY:
        return min(_poisson(chance, mean), number)
    return min(max(round(chance.gauss(mean, math.sqrt(mean * (1 - share)))), 0), number)
