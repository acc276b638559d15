# SPDX-License-Identifier: Apache-2.0
"""The canary's own metrics page. None of its names is one of a gateway: it is no user's traffic and no user's money."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from .causes import CAUSES, OK, Exchange
from .ledger import NO_DOLLARS, NO_REQUESTS, NOT_WRITTEN, Ledger
from .readings import readings, token_counts, who_answered
from .settings import Question
from .statuspage import Now
from .watch import IS_FAILING, IS_SLOW, IS_WRONG, Watch, kind_of

PREFIX = "llmmon_canary_"
# Name, type and meaning of each metric.
METRICS: Mapping[str, tuple[str, str]] = {
    "requests_total": ("counter", "Requests that went out, by what came of them."),
    "skipped_total": ("counter", "Requests that did not go out, by the part of the cap in the way."),
    "last_try_timestamp_seconds": ("gauge", "When the last request ended."),
    "interval_seconds": ("gauge", "Time between two requests."),
    "success": ("gauge", "Whether the last answer was as it should be."),
    "failing": ("gauge", "1 with the cause while there is no answer, found twice in a row."),
    "wrong": ("gauge", "1 with the cause while the answer is not what was asked for, found twice in a row."),
    "slow": ("gauge", "Whether answers are slow, found three times in a row."),
    "duration_seconds": ("gauge", "From the beginning of the last request to the end of its answer."),
    "usual_duration_seconds": ("gauge", "The median of the last answers' durations, which slow is measured by."),
    "connect_seconds": ("gauge", "The part of it until the connection stood: the way to the gateway."),
    "first_token_seconds": ("gauge", "The part of it until the first token came."),
    "token_gap_mean_seconds": ("gauge", "Time between two pieces of the last answer."),
    "token_gap_max_seconds": ("gauge", "The longest time between two pieces of the last answer."),
    "tokens_per_second": ("gauge", "Tokens of the last answer in a second, after its first."),
    "tokens": ("gauge", "Tokens of the last request and its answer, as counted here and as reported."),
    "answered_by": ("gauge", "1 with the model and the deployment that gave the last answer."),
    "answers_total": ("counter", "Answers that were checked, by whether they were right."),
    "agreement": ("gauge", "The part of the checked questions whose last answer was right."),
    "never_right": ("gauge", "Questions never answered rightly in three tries or more since the canary started."),
    "certificate_days_left": ("gauge", "Days until the gateway's certificate ends."),
    "price_known": ("gauge", "Whether dollars are counted; where they are not, the cap counts requests alone."),
    "cap_dollars": ("gauge", "Dollars that it may spend in a day of UTC."),
    "cap_left_dollars": ("gauge", "What is left of them today."),
    "spent_dollars": ("gauge", "What it has spent today, the worst case of what is under way counted."),
    "cap_requests": ("gauge", "Requests that it may send in an hour."),
    "cap_left_requests": ("gauge", "How many of them are left now."),
    "ledger_damaged": (
        "gauge",
        "Whether the ledger could not be read, so that the cap counts as used up until midnight UTC.",
    ),
}
_SKIPS = (NO_DOLLARS, NO_REQUESTS, NOT_WRITTEN)
# Names that a gateway may give itself, before all others are one.
_MOST_NAMES = 20

Sample = tuple[str, dict[str, str], float]


@dataclass
class Record:
    """What one canary has seen. Its thread writes, the page reads."""

    watch: Watch
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _causes: Counter[str] = field(default_factory=Counter)
    _skips: Counter[str] = field(default_factory=Counter)
    _verdicts: Counter[bool] = field(default_factory=Counter)
    _last: dict[str, float] = field(default_factory=dict)
    _tokens: dict[tuple[str, str], float] = field(default_factory=dict)
    _names: set[tuple[str, str]] = field(default_factory=set)
    _answered_by: tuple[str, str] = ("", "")

    def note(self, question: Question, exchange: Exchange, right: bool | None) -> None:
        """Take what came of a request."""
        with self._lock:
            cause = self.watch.take(exchange, right)
            self._causes[cause] += 1
            if right is not None and kind_of(cause) != IS_FAILING:
                self._verdicts[right] += 1
            self._last = readings(self.watch.canary, exchange)
            self._last["last_try_timestamp_seconds"] = time.time()
            self._last["success"] = float(cause == OK)
            self._tokens = token_counts(question, exchange)
            names = who_answered(exchange)
            self._names |= {names} if len(self._names) < _MOST_NAMES else set()
            self._answered_by = names if names in self._names else ("other", "other")

    def was_skipped(self, hindrance: str) -> None:
        """The cap did not let a request go out."""
        with self._lock:
            self._skips[hindrance] += 1

    def now(self) -> Now:
        """What the status page says of it."""
        with self._lock:
            canary = self.watch.canary
            asked = bool(self._last)
            return Now(canary.name, canary.gateway, canary.model, self.watch.told, asked)

    def samples(self, ledger: Ledger) -> list[Sample]:
        """Everything about it: name without its beginning, labels, value."""
        with self._lock:
            return [*self._counts(), *self._of_the_last(), *_of_the_watch(self.watch), *_of_the_cap(self.watch, ledger)]

    def _counts(self) -> Iterator[Sample]:
        for cause in CAUSES:
            yield "requests_total", {"cause": cause}, self._causes[cause]
        for skip in _SKIPS:
            yield "skipped_total", {"reason": skip}, self._skips[skip]
        for right in (True, False):
            yield "answers_total", {"right": str(right).lower()}, self._verdicts[right]

    def _of_the_last(self) -> Iterator[Sample]:
        for name, value in self._last.items():
            yield name, {}, value
        for (direction, by), count in self._tokens.items():
            yield "tokens", {"direction": direction, "by": by}, count
        if any(self._answered_by):
            model, deployment = self._answered_by
            yield "answered_by", {"answered_by": model, "deployment": deployment}, 1


def _of_the_watch(watch: Watch) -> Iterator[Sample]:
    for kind in (IS_FAILING, IS_WRONG):
        if kind_of(watch.told) == kind:
            yield kind, {"cause": watch.told}, 1
    yield "slow", {}, float(kind_of(watch.told) == IS_SLOW)
    yield "interval_seconds", {}, watch.canary.interval
    yield "never_right", {}, watch.never_right
    for name, known in (("agreement", watch.agreement), ("usual_duration_seconds", watch.usual_seconds)):
        if known is not None:
            yield name, {}, known


def _of_the_cap(watch: Watch, ledger: Ledger) -> Iterator[Sample]:
    canary = watch.canary
    standing = ledger.standing(canary)
    yield "price_known", {}, float(canary.price_known)
    if canary.price_known and canary.dollars_per_day is not None:
        yield "cap_dollars", {}, canary.dollars_per_day
        yield "cap_left_dollars", {}, standing.left_dollars
        yield "spent_dollars", {}, standing.spent_dollars
    yield "cap_requests", {}, canary.requests_per_hour
    yield "cap_left_requests", {}, standing.left_requests
    yield "ledger_damaged", {}, float(standing.used_up)


def page(records: Iterable[Record], ledger: Ledger) -> str:
    """The metrics page, in Prometheus's text format."""
    by_name: dict[str, list[str]] = {name: [] for name in METRICS}
    for record in records:
        for name, labels, value in record.samples(ledger):
            all_labels = {**record.watch.canary.labels, **labels}
            inside = ",".join(f'{label}="{_escaped(text)}"' for label, text in all_labels.items())
            by_name[name].append(f"{PREFIX}{name}{{{inside}}} {float(value)!r}")
    lines = []
    for name, samples in by_name.items():
        if samples:
            kind, meaning = METRICS[name]
            lines += [f"# HELP {PREFIX}{name} {meaning}", f"# TYPE {PREFIX}{name} {kind}", *samples]
    return "\n".join(lines) + "\n"


def _escaped(text: str) -> str:
    # What a gateway calls itself may hold half of a surrogate pair, which is in no UTF-8.
    clean = text.encode("utf-8", "replace").decode()
    return clean.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')
