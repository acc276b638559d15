# SPDX-License-Identifier: Apache-2.0
"""Server-sent events out of the bytes of a stream, however they are cut, as the HTML standard has them."""

from __future__ import annotations

from dataclasses import dataclass

from .errors import CanaryError

# An event is a part of an answer; one this large is none.
MOST_BYTES = 1024 * 1024


class EventTooLarge(CanaryError):
    """An event does not end."""


@dataclass(frozen=True)
class Event:
    """The name of an event, empty where it has none, and its data; lines of data are joined by line breaks."""

    name: str
    data: str


class EventReader:
    """Takes bytes as they come and gives the events that are complete."""

    def __init__(self) -> None:
        self._rest = b""
        self._name = ""
        self._data: list[str] = []
        self._size = 0
        self._begun = False
        self.comments = 0

    def feed(self, piece: bytes) -> list[Event]:
        """The events that a piece completes.

        Raises EventTooLarge.
        """
        self._rest += piece
        if not self._begun and len(self._rest) >= 3:
            # A byte order mark may stand at the beginning.
            self._rest = self._rest[3:] if self._rest.startswith(b"\xef\xbb\xbf") else self._rest
            self._begun = True
        found = []
        for line in self._lines():
            self._size += len(line)
            if self._size > MOST_BYTES:
                raise EventTooLarge
            event = self._take(line.decode("utf-8", "replace"))
            if event is not None:
                found.append(event)
        if self._size + len(self._rest) > MOST_BYTES:
            raise EventTooLarge
        return found

    def end(self) -> list[Event]:
        """What the end of the stream completes: a last event without its empty line, as some gateways send it."""
        rest, self._rest = self._rest.rstrip(b"\r"), b""
        found = [self._take(rest.decode("utf-8", "replace"))] if rest else []
        found.append(self._take(""))
        return [event for event in found if event is not None]

    def _lines(self) -> list[bytes]:
        """Complete lines. A carriage return at the very end may be the first half of a line's end."""
        text, held = self._rest, b""
        if text.endswith(b"\r"):
            text, held = text[:-1], b"\r"
        *lines, rest = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        self._rest = rest + held
        return lines

    def _take(self, line: str) -> Event | None:
        if not line:
            event = Event(self._name, "\n".join(self._data)) if self._data else None
            self._name, self._data, self._size = "", [], 0
            return event
        if line.startswith(":"):
            self.comments += 1
            self._size = 0 if not self._data else self._size
            return None
        key, _, value = line.partition(":")
        value = value[1:] if value.startswith(" ") else value
        if key == "data":
            self._data.append(value)
        elif key == "event":
            self._name = value
        return None
