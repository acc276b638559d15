# SPDX-License-Identifier: Apache-2.0
"""The cap: what was spent today and asked in the last hour, written down before a request goes out.

A request's worst case counts as spent from before it goes out until it is known what it has cost; a program that is
killed in between has spent it. Amounts are picodollars, the day is that of UTC.
"""

from __future__ import annotations

import fcntl
import json
import os
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

from .errors import CanaryError
from .request import PICODOLLARS
from .settings import Canary

ALLOWED, NO_DOLLARS, NO_REQUESTS, NOT_WRITTEN = "", "dollars", "requests", "ledger"
HOUR = 3600.0
_MOST_BYTES = 8 * 1024 * 1024


class LedgerInUse(CanaryError):
    """Another program spends from the same ledger."""


@dataclass
class Account:
    """What a canary has spent on the ledger's day, and when it has asked, in seconds since 1970."""

    spent: int = 0
    asked: list[float] = field(default_factory=list)


@dataclass
class Book:
    """What is in the file. With ``used_up`` nothing is left of any cap on that day, because the file was damaged."""

    day: str
    used_up: bool = False
    accounts: dict[str, Account] = field(default_factory=dict)


@dataclass(frozen=True)
class Standing:
    """How a canary stands to its cap at one moment: dollars spent today and left of it, requests left of the hour."""

    spent_dollars: float
    left_dollars: float
    left_requests: int
    used_up: bool


class Ledger:
    """Says whether a request may go out, and keeps that in a file."""

    def __init__(self, path: Path, clock: Callable[[], float]) -> None:
        """Raises LedgerInUse, and OSError where the folder cannot be written."""
        self._path = path
        self._clock = clock
        self._lock = threading.Lock()
        # Held until the program ends.
        self._held = path.with_suffix(".lock").open("w")
        try:
            fcntl.flock(self._held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise LedgerInUse(f"another canary spends from {path}") from error
        self._book = _read(path, self._day())
        if self._book.used_up:
            # Else a start on the next day would find the damaged file again.
            self._write()

    def close(self) -> None:
        """Let another program have it."""
        self._held.close()

    def reserve(self, canary: Canary, most: int) -> str:
        """Ask whether a request may go out that costs so much at most.

        Returns ALLOWED after its worst case was written to the disk, or else which part of the cap is in the way.
        """
        with self._lock:
            self._turn_the_page()
            hindrance = self._hindrance(canary, most)
            if hindrance:
                return hindrance
            account = self._account(canary)
            account.spent += most
            account.asked.append(self._clock())
            try:
                self._write()
            except OSError:
                account.spent -= most
                account.asked.pop()
                return NOT_WRITTEN
            return ALLOWED

    def settle(self, canary: Canary, most: int, spent: int) -> None:
        """Put what a request has cost in the place of its worst case.

        Where that cannot be written the file keeps the worst case, which is more.
        """
        with self._lock:
            account = self._account(canary)
            account.spent = max(0, account.spent - most + spent)
            try:
                self._write()
            except OSError:
                return

    def standing(self, canary: Canary) -> Standing:
        """How it stands to its cap now. All of one moment, so that what is spent and what is left add up."""
        with self._lock:
            self._turn_the_page()
            account, used_up = self._account(canary), self._book.used_up
            spent = account.spent / PICODOLLARS
            return Standing(
                spent_dollars=spent,
                left_dollars=0.0 if used_up else max(0.0, (canary.dollars_per_day or 0.0) - spent),
                left_requests=0 if used_up else max(0, canary.requests_per_hour - len(account.asked)),
                used_up=used_up,
            )

    @property
    def used_up(self) -> bool:
        """Whether the file was damaged, and nothing goes out until the next day."""
        return self._book.used_up

    def _hindrance(self, canary: Canary, most: int) -> str:
        if self._book.used_up:
            return NO_DOLLARS if canary.price_known else NO_REQUESTS
        account = self._account(canary)
        if len(account.asked) >= canary.requests_per_hour:
            return NO_REQUESTS
        if canary.price_known and account.spent + most > round((canary.dollars_per_day or 0) * PICODOLLARS):
            return NO_DOLLARS
        return ALLOWED

    def _account(self, canary: Canary) -> Account:
        account = self._book.accounts.setdefault(canary.name, Account())
        # A clock that was put back a little leaves times in the future, which still count.
        now = self._clock()
        account.asked = [at for at in account.asked if now - HOUR < at < now + HOUR]
        return account

    def _day(self) -> str:
        return datetime.fromtimestamp(self._clock(), timezone.utc).date().isoformat()

    def _turn_the_page(self) -> None:
        """Begin a new day. A clock that was put back does not give the same day twice."""
        day = self._day()
        if day > self._book.day:
            asked = {name: Account(0, account.asked) for name, account in self._book.accounts.items()}
            self._book = Book(day, accounts=asked)

    def _write(self) -> None:
        """On the disk, all of it or nothing."""
        beside = self._path.with_suffix(".next")
        with beside.open("w", encoding="utf-8") as file:
            json.dump(asdict(self._book), file)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(self._path)
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _read(path: Path, today: str) -> Book:
    """What the file says. Of one that is damaged, or from a day that is not yet near, everything counts as spent."""
    if not path.exists():
        return Book(today)
    try:
        with path.open("rb") as file:
            book = _book_of(json.loads(file.read(_MOST_BYTES)))
        tomorrow = (datetime.fromisoformat(today) + timedelta(days=1)).date().isoformat()
        if book.day <= tomorrow:
            return book
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        pass
    return Book(today, used_up=True)


def _book_of(data: dict[str, Any]) -> Book:
    accounts = {}
    for name, account in data["accounts"].items():
        spent, asked = account["spent"], [float(at) for at in account["asked"]]
        if not isinstance(spent, int) or isinstance(spent, bool) or spent < 0:
            raise ValueError("what was spent is not a number")
        accounts[str(name)] = Account(spent, asked)
    if not isinstance(data["used_up"], bool):
        raise TypeError("used_up is neither true nor false")
    return Book(datetime.strptime(data["day"], "%Y-%m-%d").date().isoformat(), data["used_up"], accounts)
