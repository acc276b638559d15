# SPDX-License-Identifier: Apache-2.0
"""What the findings about a canary's requests come to: what is told, and when the next request goes out.

One bad answer proves nothing, and the next regular one may be a minute away. After a finding the canary therefore asks
again soon, and tells what it has found twice; of slowness, of which models have their moments, three times.
"""

from __future__ import annotations

import statistics
from collections import deque
from dataclasses import dataclass, field

from .causes import FAILING, GOLDEN_BELOW, OK, RATE_LIMITED, SLOW, WRONG, Exchange, cause_of
from .settings import Canary

# Kinds of findings, each of which is told by an alert of its own.
NOTHING, IS_FAILING, IS_WRONG, IS_SLOW = KINDS = ("", "failing", "wrong", "slow")
# How many in a row are told; those after the first come soon.
_ENOUGH = {NOTHING: 1, IS_FAILING: 2, IS_WRONG: 2, IS_SLOW: 3}
SOON = 5.0
# What fails for longer is asked for less often: each try counts with its worst case, and would use up the cap.
_LONG, LATER = 10, 5
# What is usual is known after so many answers, and is that of so many.
_LEAST_USUAL, _MOST_USUAL = 10, 240
# A golden answer that was never right in so many tries may be wrong itself.
_TRIES_OF_A_GOLDEN_ANSWER = 3


def kind_of(cause: str) -> str:
    """The kind of finding that a cause is."""
    if cause in FAILING:
        return IS_FAILING
    if cause in WRONG:
        return IS_WRONG
    return IS_SLOW if cause == SLOW else NOTHING


@dataclass
class Watch:
    """One canary's state, which its Record guards from being read while it changes.

    ``told`` is the cause that is told now, empty when all is well; ``turn`` is the question that comes next.
    """

    canary: Canary
    told: str = ""
    turn: int = 0
    wait: float = 0.0
    _row: list[str] = field(default_factory=list)
    _doubtful: bool = False
    _failures: int = 0
    _usual: deque[float] = field(default_factory=lambda: deque(maxlen=_MOST_USUAL))
    _verdicts: dict[int, bool] = field(default_factory=dict)
    _tries: dict[int, int] = field(default_factory=dict)
    _ever_right: set[int] = field(default_factory=set)

    @property
    def is_golden(self) -> bool:
        """Whether it has a golden set, of which single answers may be wrong."""
        return len(self.canary.questions) > 1

    @property
    def agreement(self) -> float | None:
        """The part of the checked questions whose last answer was right; None before there is one."""
        return sum(self._verdicts.values()) / len(self._verdicts) if self._verdicts else None

    @property
    def never_right(self) -> int:
        """Questions that the model has not answered rightly in several tries since the program began."""
        tried = [turn for turn, tries in self._tries.items() if tries >= _TRIES_OF_A_GOLDEN_ANSWER]
        return len(set(tried) - self._ever_right)

    @property
    def usual_seconds(self) -> float | None:
        """How long an answer usually takes; None while that is not known."""
        return statistics.median(self._usual) if len(self._usual) >= _LEAST_USUAL else None

    def take(self, exchange: Exchange, right: bool | None) -> str:
        """Take what came of the question whose turn it was; returns the cause that it is counted under."""
        cause = cause_of(self.canary, exchange, None if self.is_golden else right)
        if kind_of(cause) != IS_FAILING and right is not None:
            self._note(right)
        if cause == OK and self._is_below():
            cause = GOLDEN_BELOW
        if cause == OK and self._is_slow(exchange.duration):
            cause = SLOW
        if cause in (OK, SLOW):
            self._usual.append(exchange.duration)
        self.turn = (self.turn + 1) % len(self.canary.questions)
        self._tell(cause, self.is_golden and right is False)
        return cause

    def _note(self, right: bool) -> None:
        self._verdicts[self.turn] = right
        self._tries[self.turn] = self._tries.get(self.turn, 0) + 1
        if right:
            self._ever_right.add(self.turn)

    def _is_below(self) -> bool:
        """Whether so many golden answers are wrong that those not yet asked for cannot make up for it."""
        questions = len(self.canary.questions)
        wrong = list(self._verdicts.values()).count(False)
        return self.is_golden and questions - wrong < self.canary.golden_ratio * questions

    def _is_slow(self, duration: float) -> bool:
        if self.canary.slow_seconds and duration > self.canary.slow_seconds:
            return True
        usual = self.usual_seconds
        return usual is not None and duration > self.canary.slow_factor * usual

    def _tell(self, cause: str, doubtful: bool) -> None:
        kind = kind_of(cause)
        self._row = [*self._row, cause][-3:] if self._row and kind_of(self._row[-1]) == kind else [cause]
        enough = len(self._row) >= _ENOUGH[kind]
        if kind == NOTHING:
            self.told = ""
        elif not enough:
            # Something else begins: what was told before is no longer so.
            self.told = self.told if kind_of(self.told) == kind else ""
        elif kind_of(self.told) != kind or self._row[-2] == cause:
            # One cause among others does not make another alert of it.
            self.told = cause
        # Who says that there were too many requests does not get one more soon.
        soon = (not enough and cause != RATE_LIMITED) or (doubtful and not self._doubtful)
        self._doubtful = doubtful
        self._failures = self._failures + 1 if kind == IS_FAILING else 0
        usual = self.canary.interval * (LATER if self._failures >= _LONG else 1)
        self.wait = min(SOON, usual) if soon else usual
