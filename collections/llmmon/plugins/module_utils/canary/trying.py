# SPDX-License-Identifier: Apache-2.0
"""One try: ask the cap, send the request, settle what it has cost, and note what came."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from pathlib import Path

from .asking import ask
from .causes import KEY_REFUSED, RATE_LIMITED, REQUEST_REFUSED, Exchange, cause_of
from .checks import is_right
from .errors import CanaryError
from .exposition import Record
from .ledger import ALLOWED, Ledger
from .readings import spent_tokens
from .request import body_of, cost, most_cost
from .settings import Canary
from .watch import Watch

# Refused before a model was asked: nothing is paid for.
_FREE = (KEY_REFUSED, RATE_LIMITED, REQUEST_REFUSED)

Asking = Callable[[Canary, str, bytes], Exchange]


class KeyUnreadable(CanaryError):
    """The file with the canary's key cannot be read."""


def key_of(canary: Canary) -> str:
    """The key, empty for a gateway that wants none.

    Raises KeyUnreadable.
    """
    try:
        return Path(canary.key_file).read_text(encoding="utf-8").strip() if canary.key_file else ""
    except (OSError, UnicodeDecodeError) as error:
        raise KeyUnreadable(f"the key of {canary.name} cannot be read: {error}") from error


class Try:
    """Does what a canary does each time its turn comes."""

    def __init__(self, watch: Watch, record: Record, ledger: Ledger, key: str, asking: Asking = ask) -> None:
        self.watch = watch
        self.record = record
        self.ledger = ledger
        self._key = key
        self._ask = asking

    def once(self) -> None:
        """Ask once, if the cap lets it."""
        canary = self.watch.canary
        question = canary.questions[self.watch.turn]
        most = most_cost(canary, question)
        hindrance = self.ledger.reserve(canary, most)
        if hindrance != ALLOWED:
            self.record.was_skipped(hindrance)
            # A place for one more request comes within the hour, a dollar at midnight.
            self.watch.wait = canary.interval
            return
        exchange = self._ask(canary, self._key, body_of(canary, question))
        self.ledger.settle(canary, most, self._spent(exchange, most))
        right = is_right(question, exchange.answer.text)
        self.record.note(question, exchange, right)

    def _spent(self, exchange: Exchange, most: int) -> int:
        canary = self.watch.canary
        if not exchange.sent or (exchange.status and cause_of(canary, exchange, None) in _FREE):
            return 0
        tokens = spent_tokens(canary.questions[self.watch.turn], exchange)
        return most if tokens is None else cost(canary, *tokens)


def keep_trying(one: Try, stop: threading.Event) -> None:
    """Try until the program is to stop. Canaries that begin together do not ask together."""
    # Spreads load; nothing secret hangs on it.
    pause = random.uniform(0.0, min(one.watch.canary.interval, 5.0))  # noqa: S311
    while not stop.wait(pause):
        one.once()
        pause = one.watch.wait
