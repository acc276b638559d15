"""Events out of bytes, however they are cut."""

from __future__ import annotations

import random

import pytest
from ansible_collections.llmmon.stack.plugins.module_utils.canary.events import (
    MOST_BYTES,
    Event,
    EventReader,
    EventTooLarge,
)

STREAM = (
    "\ufeff: hello\n\ndata: one\n\nevent: named\ndata:two\ndata: lines\nid: 7\nretry: 3\n\n"
    ":\n\n\ndata: 서울\n\ndata\n\n"
)
EVENTS = [Event("", "one"), Event("named", "two\nlines"), Event("", "서울"), Event("", "")]


def read(pieces: list[bytes]) -> list[Event]:
    reader = EventReader()
    return [event for piece in pieces for event in reader.feed(piece)] + reader.end()


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_cuts_and_line_ends_make_no_difference(line_end: str) -> None:
    whole = STREAM.replace("\n", line_end).encode()
    assert read([whole]) == EVENTS
    assert read([whole[at : at + 1] for at in range(len(whole))]) == EVENTS
    chance = random.Random(3)  # noqa: S311 - nothing secret hangs on it
    for _ in range(50):
        cuts = sorted(chance.sample(range(len(whole)), 5))
        assert read([whole[begin:end] for begin, end in zip([0, *cuts], [*cuts, None], strict=True)]) == EVENTS


def test_a_last_event_needs_no_empty_line() -> None:
    assert read([b"data: one\n\ndata: two"]) == [Event("", "one"), Event("", "two")]


@pytest.mark.parametrize("piece", [b"x" * 65536, b"data: x\n" * 8192])
def test_an_event_that_does_not_end_is_no_event(piece: bytes) -> None:
    reader = EventReader()
    with pytest.raises(EventTooLarge):
        for _ in range(2 * MOST_BYTES // len(piece)):
            reader.feed(piece)


def test_comments_for_ever_are_no_event() -> None:
    reader = EventReader()
    for _ in range(100):
        assert reader.feed(b": alive\n" * 4096) == []
