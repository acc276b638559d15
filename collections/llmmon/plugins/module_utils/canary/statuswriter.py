# SPDX-License-Identifier: Apache-2.0
"""Keeps the status page: what canaries find now, and what Prometheus remembered when it was asked last."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from .exposition import Record
from .history import History, HistoryUnavailable, read
from .statuspage import render

_WRITTEN_EVERY = 60.0
# A month of samples is much to look through.
_ASKED_EVERY = 300.0


class StatusWriter:
    """Writes the page into a file, and has it for whoever asks."""

    def __init__(
        self,
        records: Sequence[Record],
        path: Path,
        prometheus: str,
        language: str,
        reading: Callable[[str, float], History] = read,
    ) -> None:
        self._records = records
        self._path = path
        self._prometheus = prometheus
        self._language = language
        self._reading = reading
        self._history: History | None = None
        self._asked_at = 0.0
        self._problem = ""

    def page(self) -> str:
        """The page as of now."""
        states = [record.now() for record in self._records]
        return render(states, self._history, self._asked_at, self._problem, self._language, time.time())

    def ask(self) -> None:
        """Ask Prometheus. What it said before stays when it says nothing now."""
        now = time.time()
        try:
            self._history, self._asked_at, self._problem = self._reading(self._prometheus, now), now, ""
        except HistoryUnavailable as error:
            self._problem = str(error)

    def write(self) -> None:
        """Write the file, whole or not at all. A disk that is full keeps the page of before."""
        beside = self._path.with_suffix(".next")
        try:
            beside.write_text(self.page(), encoding="utf-8")
            beside.replace(self._path)
        except OSError:
            return

    def keep_writing(self, stop: threading.Event) -> None:
        """Ask and write until the program is to stop."""
        due = 0.0
        while not stop.is_set():
            if time.monotonic() >= due:
                self.ask()
                due = time.monotonic() + _ASKED_EVERY
            self.write()
            stop.wait(_WRITTEN_EVERY)
